"""All traces of one scope, canonical and indexed, in parts that mining looks at one by one.

A task is in one part with all its runs, so that what is counted of parts adds up. A part whose traces have not changed
is the part that the last report had, and what was worked out of it is known. Which tasks are together in a part, and
that there are parts at all, changes no report.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.learning.mining.canonical import Run, schemas_of
from bot.learning.mining.contribution import Contribution, contribute
from bot.learning.mining.memory import Memory
from bot.learning.mining.views import View

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the tasks, with all that their traces gave."""

    given: tuple[Contribution, ...]

    @cached_property
    def views(self) -> tuple[tuple[Run, tuple[tuple[View, ...], ...]], ...]:
        """The runs in their order, each with the views of its segments."""
        found = ((given.run, given.views) for given in self.given if given.run is not None)
        return tuple(sorted(found, key=lambda pair: pair[0].order))

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """All runs, in their order."""
        return tuple(run for run, _ in self.views)

    @cached_property
    def by_task(self) -> Mapping[str, Sequence[Run]]:
        """The runs of each task, in their order."""
        runs: dict[str, list[Run]] = defaultdict(list)
        for run in self.runs:
            runs[run.task].append(run)
        return runs

    @cached_property
    def tasks(self) -> int:
        """How many there are, with those that were not looked at."""
        return len({given.task for given in self.given})

    @cached_property
    def definitions(self) -> Mapping[int, tuple[JSON, ...]]:
        """The definitions of tools that its runs had, by their identity: many share theirs."""
        return {id(given.tools): given.tools for given in self.given if given.run is not None}

    @cached_property
    def tasks_of(self) -> Mapping[str, int]:
        """The tasks in which each tool was called: a set of them, written as the bits of a number."""
        tasks: dict[str, int] = defaultdict(int)
        for number, runs in enumerate(self.by_task.values()):
            for tool in called(runs):
                tasks[tool] |= 1 << number
        return tasks


@dataclass(frozen=True)
class Corpus:
    """The parts that hold anything, by their numbers, and the JSON Schemas of called tools where the traces give them.

    `memory` has what the last report over these parts worked out.
    """

    parts: Mapping[int, Part]
    schemas: Mapping[str, Mapping[str, JSON]]
    memory: Memory

    @property
    def traces(self) -> int:
        """How many were given, with those that were not looked at."""
        return sum(len(part.given) for part in self.parts.values())

    @property
    def tasks(self) -> int:
        """How many these are of."""
        return sum(part.tasks for part in self.parts.values())

    @cached_property
    def tasks_of(self) -> Mapping[str, int]:
        """The tasks in which each tool was called, in all parts."""
        tasks: dict[str, int] = defaultdict(int)
        before = 0
        for part in self.parts.values():
            for tool, there in part.tasks_of.items():
                tasks[tool] |= there << before
            before += part.tasks
        return tasks

    @cached_property
    def tasks_by(self) -> Mapping[str, int]:
        """In how many tasks each tool was called."""
        return {tool: tasks.bit_count() for tool, tasks in self.tasks_of.items()}

    def each(self, question: Hashable, work: Callable[[Part], T]) -> Iterator[T]:
        """What each part answers."""
        for part in self.parts.values():
            yield self.memory.once((question, id(part)), part, partial(work, part))


def corpus(traces: Iterable[Trace]) -> Corpus:
    """Index traces of one scope. None is held on to: given by an iterator, they are never all in memory."""
    return gathered(map(contribute, traces), Memory())


def gathered(contributions: Iterable[Contribution], memory: Memory) -> Corpus:
    """What traces of one scope gave, in parts."""
    there: dict[int, list[Contribution]] = defaultdict(list)
    for given in contributions:
        there[given.part].append(given)
    parts = {
        number: memory.once(("part", *map(id, given)), given, partial(Part, tuple(given)))
        for number, given in there.items()
    }
    definitions = {name: tools for part in parts.values() for name, tools in part.definitions.items()}
    tools = frozenset[str]().union(*(part.tasks_of for part in parts.values()))
    spelled = [
        memory.once(("spelled", name, tools), given, partial(_spelled, given, tools))
        for name, given in definitions.items()
    ]
    texts = frozenset[tuple[str, str]]().union(*spelled)
    return Corpus(parts, memory.once(("schemas", texts), None, partial(_parsed, texts)), memory)


def schemas_in(definitions: Iterable[Iterable[JSON]], runs: Iterable[Run]) -> Mapping[str, Mapping[str, JSON]]:
    """The JSON Schemas of the tools that runs call; where traces' definitions differ, the first in the alphabet."""
    tools = called(runs)
    return _parsed(frozenset[tuple[str, str]]().union(*(_spelled(given, tools) for given in definitions)))


def _spelled(definitions: Iterable[JSON], tools: Collection[str]) -> frozenset[tuple[str, str]]:
    return frozenset((tool, json.dumps(schema, sort_keys=True)) for tool, schema in schemas_of(definitions, tools))


def _parsed(spelled: Iterable[tuple[str, str]]) -> Mapping[str, Mapping[str, JSON]]:
    return {tool: json.loads(text) for tool, text in dict(sorted(spelled, reverse=True)).items()}


def called(runs: Iterable[Run]) -> set[str]:
    """The tools that runs call."""
    return {call.tool for run in runs for segment in run.segments for call in segment.calls}
