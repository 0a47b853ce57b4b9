"""A completion as a server streams it: server-sent events, a few letters each."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from bot.domain.json import JSON

DONE = b"data: [DONE]\n\n"


def events(completion: JSON, *, counted: bool) -> Sequence[bytes]:
    """The events of a whole completion; `counted` as `stream_options.include_usage` asks for it."""
    head = {key: completion[key] for key in completion.keys() - {"choices", "usage"}}
    head["object"] = "chat.completion.chunk"
    choice = completion["choices"][0]
    deltas = [{"role": "assistant", "content": ""}, *_deltas(choice["message"])]
    chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": choice.get("finish_reason", "stop")}]})
    if counted and "usage" in completion:
        chunks.append({"choices": [], "usage": completion["usage"]})
    return [*(event({**head, **chunk}) for chunk in chunks), DONE]


def event(data: JSON) -> bytes:
    """One event."""
    return f"data: {json.dumps(data)}\n\n".encode()


def _deltas(message: JSON) -> Iterator[JSON]:
    for name in ("content", "refusal"):
        yield from ({name: piece} for piece in _pieces(message.get(name)))
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        arguments = function.get("arguments")
        yield {"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]}
        for piece in _pieces(arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _pieces(content: JSON) -> Iterable[JSON]:
    """Words, or the parts of a list; what is neither goes in one piece."""
    if isinstance(content, str):
        return re.findall(r"\s*\S+|\s+\Z", content)
    if isinstance(content, list):
        return [[part] for part in content]
    return () if content is None else (content,)
