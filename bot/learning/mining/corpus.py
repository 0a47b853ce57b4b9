"""All traces of one scope, canonical and indexed, in an order that depends on what they hold alone."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.learning.mining.canonical import Call, Run, schemas_of
from bot.learning.mining.contribution import Contribution, contribute
from bot.learning.mining.memory import Memory
from bot.learning.mining.views import View


@dataclass(frozen=True)
class Corpus:
    """Runs, the views of each one's segments, and the JSON Schemas of called tools where the traces give them.

    `traces` and `tasks` count what was given, with what was not looked at. `memory` has what the last report over
    these runs worked out.
    """

    runs: tuple[Run, ...]
    views: tuple[tuple[tuple[View, ...], ...], ...]
    schemas: Mapping[str, Mapping[str, JSON]]
    traces: int
    tasks: int
    memory: Memory

    @cached_property
    def spelled_schemas(self) -> str:
        """All schemas as one text: equal texts, equal schemas."""
        return json.dumps(self.schemas, sort_keys=True)

    @cached_property
    def tasks_of(self) -> Mapping[str, frozenset[str]]:
        """The tasks in which each tool was called."""
        tasks = defaultdict(set)
        for run in self.runs:
            for call in calls_of(run):
                tasks[call.tool].add(run.task)
        return {tool: frozenset(found) for tool, found in tasks.items()}


def corpus(traces: Iterable[Trace]) -> Corpus:
    """Index traces of one scope. None is held on to: given by an iterator, they are never all in memory."""
    return gathered(map(contribute, traces), Memory())


def gathered(contributions: Iterable[Contribution], memory: Memory) -> Corpus:
    """What traces of one scope gave, put in order."""
    looked, tools, tasks = [], {}, []
    for given in contributions:
        tasks.append(given.task)
        if given.run is not None:
            looked.append((given.mark, given.run, given.views))
            tools[id(given.tools)] = given.tools
    looked.sort(key=itemgetter(0))
    runs = tuple(run for _, run, _ in looked)
    seen = tuple(views for _, _, views in looked)
    return Corpus(runs, seen, schemas_in(tools.values(), runs), len(tasks), len(set(tasks)), memory)


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
