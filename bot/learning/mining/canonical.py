"""A trace becomes the calls that succeeded, cut into segments at the person's messages."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from bot.domain.json import JSON
from bot.domain.tool import reads_by_name
from bot.domain.trace import Trace
from bot.skills.output import normalise


@dataclass(frozen=True, slots=True)
class Call:
    """A call that succeeded. `content` is its tool message as text; `output` is what a step would make of it.

    `round` counts the messages that made calls: calls of one message did not know each other's results.
    """

    tool: str
    arguments: Mapping[str, JSON]
    content: str
    reads: bool
    round: int

    @property
    def output(self) -> JSON:
        """Parsed anew each time: the outputs of a whole corpus would not fit into memory."""
        return normalise(self.content)


@dataclass(frozen=True, slots=True)
class Segment:
    """Calls between two messages of the person, who had sent `said` messages by then.

    `failures`: for each call that failed, how many that succeeded came before it.
    """

    calls: tuple[Call, ...]
    said: int
    failures: tuple[int, ...] = ()

    def clean(self, first: int, last: int) -> bool:
        """Whether no call failed between these two."""
        return not any(first < place <= last for place in self.failures)


@dataclass(frozen=True)
class Run:
    """A trace as mining sees it. `verified`: a verifier or a person's feedback confirmed its success."""

    trace: str
    task: str
    person: str
    verified: bool
    said: tuple[str, ...]
    segments: tuple[Segment, ...]

    @cached_property
    def order(self) -> tuple[bytes, str]:
        """What runs are ordered by: what they hold alone, and where that is the same, their traces' ids."""
        digest = blake2b(digest_size=16)
        for segment in self.segments:
            for call in segment.calls:
                digest.update(repr((segment.said, call.tool, call.arguments)).encode("utf-8", "surrogatepass"))
        return digest.digest(), self.trace


@dataclass(slots=True)
class _Recorded:
    """A call as the transcript has it, waiting for its tool message."""

    id: str
    tool: str
    arguments: JSON
    round: int
    content: str | None = None
    failed: bool = True


def canonical(trace: Trace) -> Run:
    """Drop failed calls and exact repeats, and cut what is left into segments. Odd messages are passed over."""
    events = _events(trace.messages)
    reads = _reading(trace.tools, {event.tool for event in events if isinstance(event, _Recorded)})
    said: list[str] = []
    segments: list[Segment] = []
    open_: list[_Recorded] = []
    for event in [*events, None]:
        if isinstance(event, _Recorded):
            open_.append(event)
            continue
        if open_:
            segments.append(_segment(open_, len(said), reads))
            open_ = []
        if event is not None:
            said.append(event)
    outcome = trace.outcome
    verified = outcome.status == "success" and outcome.source in ("verifier", "feedback")
    return Run(trace.id, trace.task, trace.person, verified, tuple(said), tuple(s for s in segments if s.calls))


def schemas_of(tools: Iterable[JSON], called: Collection[str]) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """The JSON Schemas of the tools that were called, from OpenAI tool definitions."""
    for tool in tools:
        function = _mapping(_mapping(tool).get("function"))
        if function.get("name") in called:
            yield str(function["name"]), _mapping(function.get("parameters"))


def text_of(content: JSON) -> str:
    """A message's content as text: a string, the text parts of a list, else JSON."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and content and all(isinstance(_mapping(part).get("text"), str) for part in content):
        return "\n".join(part["text"] for part in content)
    return "" if content is None else json.dumps(content)


def _segment(calls: Sequence[_Recorded], said: int, reads: Mapping[str, bool]) -> Segment:
    kept: list[Call] = []
    seen: set[tuple[str, str]] = set()
    failures: list[int] = []
    for call in calls:
        arguments = None if call.failed else _arguments(call.arguments)
        if arguments is None or call.content is None:
            failures.append(len(kept))
            continue
        if not reads[call.tool]:
            seen.clear()  # after a change, reading the same again is no repeat
        mark = (call.tool, json.dumps(arguments, sort_keys=True))
        if mark not in seen:
            seen.add(mark)
            kept.append(Call(call.tool, arguments, call.content, reads[call.tool], call.round))
    return Segment(tuple(kept), said, tuple(failures))


def _arguments(raw: JSON) -> dict[str, JSON] | None:
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return None
    return raw if isinstance(raw, dict) else None


def _events(messages: Iterable[JSON]) -> list[str | _Recorded]:
    """What the person said and what was called, in order."""
    events: list[str | _Recorded] = []
    waiting: dict[str, list[_Recorded]] = {}
    for place, message in enumerate(messages):
        role = _mapping(message).get("role")
        if role == "user":
            events.append(text_of(message.get("content")))
        elif role == "assistant":
            made = list(_made(message, place))
            events += made
            for call in made:
                waiting.setdefault(call.id, []).append(call)
        elif role == "tool":
            _answer(waiting, message)
    return events


def _made(message: Mapping[str, JSON], place: int) -> Iterator[_Recorded]:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = _mapping(_mapping(call).get("function"))
        if isinstance(function.get("name"), str):
            yield _Recorded(str(call.get("id")), function["name"], function.get("arguments"), place)


def _answer(waiting: dict[str, list[_Recorded]], message: Mapping[str, JSON]) -> None:
    """Give a tool message to its call: servers reuse ids, so to the first of the latest message that has it."""
    id_ = message.get("tool_call_id")
    same = waiting.get(str(id_), []) if id_ is not None else [call for calls in waiting.values() for call in calls]
    if not same:
        return
    latest = max(call.round for call in same)
    call = next(call for call in same if call.round == latest)
    waiting[call.id].remove(call)
    if not waiting[call.id]:
        del waiting[call.id]
    call.content = text_of(message.get("content"))
    call.failed = message.get("is_error") is True or _tells_failure(call.content)


def _tells_failure(content: str) -> bool:
    if content.startswith("Error"):
        return True
    if not content.lstrip().startswith("{") or not ('"error"' in content[:40] or '"result"' in content[:40]):
        return False
    output = normalise(content)
    return output.keys() == {"error"} if isinstance(output, dict) else str(output).startswith("Error")


def _reading(tools: Iterable[JSON], called: set[str]) -> dict[str, bool]:
    """Which of the called tools only read: by annotation, else by name."""
    reads = {name: reads_by_name(name) for name in called}
    for tool in tools:
        function = _mapping(_mapping(tool).get("function"))
        name = function.get("name")
        if name in reads:
            hint = _mapping(_mapping(tool).get("annotations") or function.get("annotations")).get("readOnlyHint")
            reads[name] = hint if isinstance(hint, bool) else reads[name]
    return reads


def _mapping(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}
