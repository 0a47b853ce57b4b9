"""All traces of one scope, canonical and indexed, in an order that depends on what they hold alone."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.learning.mining.canonical import Call, Run, canonical, schemas_of
from bot.learning.mining.indexing import index
from bot.learning.mining.views import View, views


@dataclass(frozen=True)
class Corpus:
    """Runs, the views of each one's segments, and the JSON Schemas of called tools where the traces give them.

    `traces` and `tasks` count what was given, with what was not looked at.
    """

    runs: tuple[Run, ...]
    views: tuple[tuple[tuple[View, ...], ...], ...]
    schemas: Mapping[str, Mapping[str, JSON]]
    traces: int
    tasks: int

    @cached_property
    def tasks_of(self) -> Mapping[str, frozenset[str]]:
        """The tasks in which each tool was called."""
        tasks = defaultdict(set)
        for run in self.runs:
            for call in calls_of(run):
                tasks[call.tool].add(run.task)
        return {tool: frozenset(found) for tool, found in tasks.items()}


def corpus(traces: Iterable[Trace]) -> Corpus:
    """Index traces of one scope. What looks like a hack or was opted out of is not looked at.

    No trace is held on to: given by an iterator that lets go of them, they are never all in memory twice.
    """
    runs, tools, tasks = [], {}, []
    for trace in traces:
        tasks.append(trace.task)
        if not (trace.suspect or trace.private):
            runs.append(canonical(trace))
            tools[id(trace.tools)] = trace.tools
    runs.sort(key=_mark)
    seen = tuple(tuple(views(index(segment)) for segment in run.segments) for run in runs)
    return Corpus(tuple(runs), seen, schemas_in(tools.values(), runs), len(tasks), len(set(tasks)))


def schemas_in(definitions: Iterable[Iterable[JSON]], runs: Iterable[Run]) -> dict[str, Mapping[str, JSON]]:
    """The JSON Schemas of the tools that runs call; where traces' definitions differ, the first in the alphabet."""
    called = {call.tool for run in runs for call in calls_of(run)}
    schemas: dict[str, str] = {}
    for tools in definitions:
        for tool, schema in schemas_of(tools, called):
            text = json.dumps(schema, sort_keys=True)
            schemas[tool] = min(text, schemas.get(tool, text))
    return {tool: json.loads(text) for tool, text in schemas.items()}


def calls_of(run: Run) -> Iterator[Call]:
    """The calls of a run, across its segments."""
    for segment in run.segments:
        yield from segment.calls


def _mark(run: Run) -> bytes:
    """An order for runs that neither their ids nor their order in a file changes."""
    digest = blake2b(digest_size=16)
    for segment in run.segments:
        for call in segment.calls:
            digest.update(repr((segment.said, call.tool, call.arguments)).encode("utf-8", "surrogatepass"))
    return digest.digest()
