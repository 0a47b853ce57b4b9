"""Traces as lines of JSON, in and out (bot/skills/FORMAT.md, Traces)."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.domain.json import JSON
from bot.domain.trace import Outcome, Source, Status, Trace
from bot.learning.outcomes.hacks import suspicion
from bot.learning.outcomes.record import calls_in


class _Outcome(BaseModel):
    status: Status = "unknown"
    source: Source | None = None
    detail: str = ""


class _Line(BaseModel):
    """What a line must hold; keys that the format does not know are left aside."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str = Field(min_length=1)
    task: str | None = None
    scope: str | None = None
    messages: list[dict[str, JSON]]
    tools: list[dict[str, JSON]] | None = None
    outcome: _Outcome | None = None
    person: str | None = None


_LINE = TypeAdapter(_Line)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that was refused: its number, from 1 on, and a sentence that says why."""

    line: int
    reason: str


class Reader:
    """Reads traces, one a line, as they are asked for: once over, and no more of the file is in memory than one line.

    A line without a scope belongs to `scope`. Empty lines are passed over. What looks like a hack is marked as suspect.
    While reading, `scoped` gathers the scopes that lines name themselves, and `problems` what was refused: lines that
    do not parse or repeat an id.
    """

    def __init__(self, lines: Iterable[str | bytes], scope: str = "local") -> None:
        self.scoped: set[str] = set()
        self.problems: list[Problem] = []
        self._lines = lines
        self._scope = scope

    def __iter__(self) -> Iterator[Trace]:
        seen: dict[str, int] = {}
        shared: dict[str, tuple[JSON, ...]] = {}
        for number, line in enumerate(self._lines, 1):
            if not line.strip():
                continue
            try:
                found = _LINE.validate_python(json.loads(line))
            except (ValueError, RecursionError) as error:
                self.problems.append(Problem(number, _reason(error)))
                continue
            if found.id in seen:
                first = f"the id {found.id!r} stands in line {seen[found.id]} already; each trace needs its own"
                self.problems.append(Problem(number, first))
                continue
            seen[found.id] = number
            self.scoped.update([found.scope] if found.scope else [])
            yield _trace(found, self._scope, shared)


@dataclass(frozen=True, slots=True)
class TraceFile:
    """All that a file of traces held: see Reader."""

    traces: tuple[Trace, ...]
    scoped: frozenset[str]
    problems: tuple[Problem, ...]


def read(lines: Iterable[str | bytes], scope: str = "local") -> TraceFile:
    """Read all traces of a file that is known to be small."""
    reader = Reader(lines, scope)
    return TraceFile(tuple(reader), frozenset(reader.scoped), tuple(reader.problems))


def write(traces: Iterable[Trace], out: TextIO) -> None:
    """Write traces, one a line, as `read` takes them."""
    for trace in traces:
        out.write(as_line(trace) + "\n")


def as_line(trace: Trace) -> str:
    """A trace as a line of its format, in ASCII and without the line's end."""
    return json.dumps(dict(_fields(trace)))


def _trace(line: _Line, scope: str, shared: dict[str, tuple[JSON, ...]]) -> Trace:
    # Thousands of lines repeat one list of tools: they share it.
    tools = tuple(line.tools or ())
    tools = shared.setdefault(json.dumps(tools), tools)
    told = line.outcome or _Outcome()
    return Trace(
        id=line.id,
        task=line.task or line.id,
        scope=line.scope or scope,
        messages=tuple(line.messages),
        tools=tools,
        outcome=Outcome(told.status, told.source, told.detail),
        person=line.person or "",
        suspect=suspicion(calls_in(line.messages)) != "",
    )


def _fields(trace: Trace) -> Iterator[tuple[str, JSON]]:
    outcome = trace.outcome
    yield from (("id", trace.id), ("task", trace.task), ("scope", trace.scope), ("messages", trace.messages))
    if trace.tools:
        yield "tools", trace.tools
    if trace.person:
        yield "person", trace.person
    source = {"source": outcome.source} if outcome.source else {}
    yield "outcome", {"status": outcome.status, **source, "detail": outcome.detail}


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the line"
        return f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}; see FORMAT.md, Traces"
    if isinstance(error, RecursionError):
        return "it is nested too deeply to be read"
    return f"it is no JSON: {error}"
