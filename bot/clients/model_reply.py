"""Reading a chat completion as servers really write it."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel

from bot.domain.json import JSON
from bot.domain.text import clean
from bot.domain.tool import ToolCall
from bot.ports import ModelReply

BYTES_PER_TOKEN = 4
_THOUGHT = re.compile(r"\s*<(think|thinking)>")
"""How open reasoning models begin an answer where their server does not set the thought apart."""

Text = Annotated[str, AfterValidator(clean)]


class Part(BaseModel):
    """A part of a content that is a list."""

    text: Text | None = None


class _Function(BaseModel):
    name: Text
    arguments: JSON = None


class _Call(BaseModel):
    id: Text | int | None = None
    function: _Function


class _Message(BaseModel):
    content: Text | list[Part] | None = None
    refusal: Text | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], AfterValidator(lambda choices: choices[:1] or _none())]
    usage: JSON = None


def read_reply(body: JSON, bytes_out: int) -> ModelReply:
    """The reply in a chat completion's JSON. Raises ValueError when there is none to be read."""
    completion = _Completion.model_validate(body)
    message = completion.choices[0].message
    text = without_thought(joined(message.content) or message.refusal or "")
    calls = tuple(_unique(message.tool_calls or ()))
    usage = _usage(completion.usage)
    counted = bool(usage.prompt_tokens)
    said = len(text.encode()) + sum(len((call.name + call.arguments).encode()) for call in calls)
    return ModelReply(
        text=text,
        calls=calls,
        tokens_in=usage.prompt_tokens or -(-bytes_out // BYTES_PER_TOKEN),
        tokens_out=(usage.completion_tokens or 0) if counted else -(-said // BYTES_PER_TOKEN),
        estimated=not counted,
        bytes_out=bytes_out,
    )


def without_thought(text: str) -> str:
    """The answer behind the thought that it begins with: nothing as long as that goes on."""
    thought = _THOUGHT.match(text)
    return text.partition(f"</{thought[1]}>")[2].lstrip() if thought else text


def joined(content: str | Sequence[Part] | None) -> str:
    """A content as text: it may be a list of parts."""
    return content if isinstance(content, str) else "".join(part.text or "" for part in content or ())


def _none() -> list[_Choice]:
    raise ValueError("no choices")


def _usage(raw: JSON) -> _Usage:
    try:
        return _Usage.model_validate(raw)
    except ValueError:
        return _Usage()


def _unique(calls: Iterable[_Call]) -> Iterable[ToolCall]:
    """The calls with ids that differ: a missing or repeated id becomes one made of its place."""
    seen: set[str] = set()
    for place, call in enumerate(calls):
        id_ = str(call.id or f"call_{place}")
        while id_ in seen:
            id_ += f"_{place}"
        seen.add(id_)
        yield ToolCall(id=id_, name=call.function.name, arguments=_arguments(call.function.arguments))


def _arguments(raw: JSON) -> str:
    if raw is None or raw == "":
        return "{}"
    return clean(raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False))
