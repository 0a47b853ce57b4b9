"""Which tools follow one another often: the frequent sequences of units (runs of one reading tool, or one call)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from heapq import merge
from operator import or_
from typing import TypeAlias

from bot.learning.mining.canonical import Run, Segment
from bot.learning.mining.corpus import Corpus, Part
from bot.learning.mining.views import Unit, View

SHORTEST, LONGEST = 2, 6
"""Units of a sequence."""
LEAST_SHARE = 0.05
"""Of the tasks that call any of a sequence's tools: with a fixed support, more data would make more false skills."""
TOGETHER = 12
"""Parts whose counts are added up for themselves: about the root of how many there are."""

Tools: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Occurrence:
    """A sequence of tools stands in a run, in that view of one of its segments, from unit `start` on."""

    run: Run
    view: View
    start: int


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a sequence stands in one part, in the order of the runs."""

    places: Sequence[Occurrence]

    @cached_property
    def by_task(self) -> Sequence[Sequence[Occurrence]]:
        """The places of each task, in the order of each one's first."""
        found: dict[str, list[Occurrence]] = defaultdict(list)
        for place in self.places:
            found[place.run.task].append(place)
        return list(found.values())


Sequences: TypeAlias = Mapping[Tools, Mapping[Part, Standing]]
"""Where each sequence stands, by parts."""


def placed(units: Sequence[Unit], start: int, loops: Sequence[bool]) -> tuple[Unit, ...] | None:
    """The calls of each step where a sequence stands; None where a step that is no loop would stand in a run.

    A loop takes its whole run. A first step takes the last call of its run and a last step the first: they are the
    calls that follow one another.
    """
    taken = list(units[start : start + len(loops)])
    for number, loop in enumerate(loops):
        run = taken[number]
        if loop or len(run) == 1:
            continue
        if 0 < number < len(loops) - 1:
            return None
        taken[number] = run[-1:] if number == 0 else run[:1]
    return tuple(taken)


def support_needed(corpus: Corpus, tools: Tools, min_tasks: int) -> float:
    """Tasks that a sequence must stand in. Tasks that call none of its tools do not raise the bar."""
    return max(min_tasks, LEAST_SHARE * related(corpus, tools))


def related(corpus: Corpus, tools: Tools) -> int:
    """How many tasks call any of a sequence's tools."""
    return reduce(or_, (corpus.tasks_of[tool] for tool in set(tools))).bit_count()


def frequent(corpus: Corpus, min_tasks: int) -> Sequences:
    """The sequences of SHORTEST to LONGEST units that stand in enough tasks, with the places that count as support.

    A sequence is looked at only if both its ends, one unit shorter, are frequent (Apriori: Agrawal, Srikant 1994).
    """
    found: dict[Tools, dict[Part, Standing]] = {}
    known: dict[Part, frozenset[Tools]] = {}
    for length in range(SHORTEST, LONGEST + 1):
        there = {part: _standing(corpus, part, length, known.get(part)) for part in corpus.parts.values()}
        tasks = _total(corpus, [counts for _, counts in there.values()])
        enough = [tools for tools, count in tasks.items() if count >= min_tasks and _enough(corpus, tools, count)]
        for tools in sorted(enough):
            found[tools] = {part: standing[tools] for part, (standing, _) in there.items() if tools in standing}
        known = {part: frozenset(found.keys() & standing.keys()) for part, (standing, _) in there.items()}
    return found


def _total(corpus: Corpus, counts: Sequence[Mapping[Tools, int]]) -> Mapping[Tools, int]:
    """The counts of all parts, a few parts at a time: of a corpus that has grown, few of these sums are new."""
    few = [tuple(counts[start : start + TOGETHER]) for start in range(0, len(counts), TOGETHER)]
    return _added([corpus.memory.once(("added", *map(id, each)), each, partial(_added, each)) for each in few])


def _added(counts: Iterable[Mapping[Tools, int]]) -> Mapping[Tools, int]:
    total = Counter[Tools]()
    for each in counts:
        total.update(each)
    return total


def by_task(standing: Mapping[Part, Standing]) -> Iterator[Sequence[Occurrence]]:
    """The places of each task, in the order of each one's first, as runs are ordered."""
    return merge(*(there.by_task for there in standing.values()), key=lambda places: places[0].run.order)


def _enough(corpus: Corpus, tools: Tools, tasks: int) -> bool:
    most = max(corpus.tasks_by[tool] for tool in tools)  # tells most sequences without all tools' tasks put together
    return tasks >= LEAST_SHARE * most and tasks >= LEAST_SHARE * related(corpus, tools)


def _standing(
    corpus: Corpus, part: Part, length: int, known: frozenset[Tools] | None
) -> tuple[Mapping[Tools, Standing], Mapping[Tools, int]]:
    """Where sequences stand in a part, and in how many tasks. `known`: the frequent ones one unit shorter there."""

    def work() -> tuple[Mapping[Tools, Standing], Mapping[Tools, int]]:
        places: dict[Tools, list[Occurrence]] = defaultdict(list)
        for tools, place in _windows(part, length, known):
            places[tools].append(place)
        tasks = {tools: len({place.run.task for place in there}) for tools, there in places.items()}
        return {tools: Standing(there) for tools, there in places.items()}, tasks

    return corpus.memory.once(("standing", id(part), length, known), part, work)


def _windows(part: Part, length: int, known: Collection[Tools] | None) -> Iterator[tuple[Tools, Occurrence]]:
    for run, segments in part.views:
        for views in segments:
            seen: set[tuple[Unit, ...]] = set()
            for view in views:
                for tools, start in _of_view(view, length, known, run.verified):
                    window = view.units[start : start + length]
                    if len(views) == 1 or window not in seen:
                        seen.add(window)
                        yield tools, Occurrence(run, view, start)


def _of_view(view: View, length: int, known: Collection[Tools] | None, verified: bool) -> Iterator[tuple[Tools, int]]:
    """Two standards of proof: any clean place may show how to read, only confirmed success how to write.

    How to read is shown where no call failed between the first and the last, how to write where none failed at all.
    """
    if len(view.units) < length:
        return
    segment = view.part.segment
    calls = [segment.calls[unit[0]] for unit in view.units]
    for start in range(len(calls) - length + 1):
        window = calls[start : start + length]
        tools = tuple(call.tool for call in window)
        fresh = known is None or (tools[1:] in known and tools[:-1] in known)
        if not fresh or (segment.failures and _disturbed(segment, view.units[start : start + length])):
            continue
        if all(call.reads for call in window) or (verified and not segment.failures):
            yield tools, start


def _disturbed(segment: Segment, window: Sequence[Unit]) -> bool:
    numbers = [number for unit in window for number in unit]
    return not segment.clean(min(numbers), max(numbers))
