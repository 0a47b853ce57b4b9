"""An answer that comes in pieces (server-sent events), put together as the completion that it would have been whole."""

import json
from collections.abc import Callable, Iterable

from pydantic import TypeAdapter
from typing_extensions import TypedDict  # what pydantic reads before Python 3.12

from bot.clients.model_reply import Part, joined, without_thought
from bot.domain.json import JSON
from bot.domain.text import clean

DATA = b"data:"
DONE = b"[DONE]"
THOUGHTS = ("<think>", "<thinking>")
"""How a thought may begin: text that can still become one of these is not told yet."""


class _Function(TypedDict, total=False):
    name: str | None
    arguments: JSON


class _Call(TypedDict, total=False):
    index: int | None
    id: str | int | None
    function: _Function | None


class _Delta(TypedDict, total=False):
    content: str | list[Part] | None
    refusal: str | None
    tool_calls: list[_Call] | None


class _Choice(TypedDict, total=False):
    delta: _Delta | None
    finish_reason: JSON


class _Event(TypedDict, total=False):
    choices: list[_Choice] | None
    usage: JSON
    error: JSON


# Parsed together, and into dictionaries: 0.002 ms an event, where a model each takes 0.011.
_events = TypeAdapter(list[_Event])


class Pieces:
    """The pieces of one answer; `heard` is given its text as far as it has come, at most once a `feed`."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        self._heard = heard
        self._rest = b""
        self._plain: list[bytes] = []
        self._streamed = False
        self._over = False
        self._error: JSON = None
        self._usage: JSON = None
        self._content = self._refusal = ""
        self._calls: list[dict[str, JSON]] = []
        self._at: dict[int, dict[str, JSON]] = {}

    def feed(self, data: bytes) -> None:
        """Take what came over the network. Raises ValueError or RecursionError for what cannot be read."""
        if not self._streamed:
            self._plain.append(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        before = len(self._content) + len(self._refusal)
        self._read(lines)
        if len(self._content) + len(self._refusal) > before:
            self._tell(_paired(self._content or self._refusal))

    def whole(self) -> bytes:
        """The completion as JSON, or the error that came; as it is what a server sent without streaming.

        Raises ValueError or RecursionError as `feed` does, and ValueError when the stream came to no end.
        """
        self._read([self._rest])
        if not self._streamed:
            return b"".join(self._plain)
        if self._error:
            return json.dumps({"error": self._error}).encode()
        if not self._over:
            raise ValueError("the stream broke off")
        message = {"content": _paired(self._content), "refusal": _paired(self._refusal), "tool_calls": self._calls}
        return json.dumps({"choices": [{"message": message}], "usage": self._usage}).encode()

    def _tell(self, text: str) -> None:
        begun = any(thought.startswith(text.lstrip()) for thought in THOUGHTS)
        answer = "" if begun else without_thought(text)
        if answer:
            self._heard(clean(answer))

    def _read(self, lines: Iterable[bytes]) -> None:
        """Read whole lines. Some servers send no `[DONE]` but a reason to finish, others the other way about."""
        found = [line[len(DATA) :].strip() for line in lines if line.startswith(DATA)]
        if not found:
            return
        self._streamed = True
        self._over = self._over or DONE in found
        data = b",".join(one for one in found if one and one != DONE)
        for event in _events.validate_python(json.loads(b"[%b]" % data)):
            self._take(event)

    def _take(self, event: _Event) -> None:
        self._error = event.get("error") or self._error
        self._usage = event.get("usage") or self._usage
        for choice in (event.get("choices") or ())[:1]:
            self._over = self._over or bool(choice.get("finish_reason"))
            delta = choice.get("delta") or {}
            self._content += joined(delta.get("content"))
            self._refusal += delta.get("refusal") or ""
            for piece in delta.get("tool_calls") or ():
                self._add(piece, piece.get("function") or {})

    def _add(self, piece: _Call, function: _Function) -> None:
        """Add a piece to its call, or begin one.

        Servers that leave out the index, or give all calls the same, begin a call with its name: those without an
        index with each name, the others with a name under another id. What has no index goes on with the last call.
        """
        index, id, name = piece.get("index"), piece.get("id"), function.get("name")
        known = self._at.get(index) if index is not None else next(reversed(self._calls), None)
        if known is None or (name and (id != known["id"] if id else index is None)):
            known = {"id": id, "function": {"name": name or "", "arguments": ""}}
            self._calls.append(known)
            if index is not None:
                self._at[index] = known
        given, arguments = known["function"], function.get("arguments")
        if isinstance(arguments, str) and isinstance(given["arguments"], str):
            given["arguments"] += arguments
        else:
            given["arguments"] = arguments or given["arguments"]


def _paired(text: str) -> str:
    """The text with characters made whole that a server cut in two between pieces."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
