"""Which tools follow one another often: the frequent sequences of units (runs of one reading tool, or one call)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.learning.mining.canonical import Segment
from bot.learning.mining.corpus import Corpus
from bot.learning.mining.views import Unit, View

SHORTEST, LONGEST = 2, 6
"""Units of a sequence."""
LEAST_SHARE = 0.05
"""Of the tasks that call any of a sequence's tools: with a fixed support, more data would make more false skills."""

Tools: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A sequence of tools stands in run number `run`, in that view of its segment, from unit `start` on."""

    run: int
    segment: int
    view: int
    start: int


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
    return len(frozenset[str]().union(*(corpus.tasks_of[tool] for tool in set(tools))))


def frequent(corpus: Corpus, min_tasks: int) -> dict[Tools, list[Occurrence]]:
    """The sequences of SHORTEST to LONGEST units that stand in enough tasks, with the places that count as support.

    A sequence is looked at only if both its ends, one unit shorter, are frequent (Apriori: Agrawal, Srikant 1994).
    """
    found: dict[Tools, list[Occurrence]] = {}
    known: set[Tools] | None = None
    for length in range(SHORTEST, LONGEST + 1):
        places: dict[Tools, list[Occurrence]] = defaultdict(list)
        for tools, place in _windows(corpus, length, known):
            places[tools].append(place)
        level = {tools: there for tools, there in places.items() if _enough(corpus, tools, there, min_tasks)}
        found |= level
        known = set(level)
    return found


def _enough(corpus: Corpus, tools: Tools, places: Sequence[Occurrence], min_tasks: int) -> bool:
    tasks = {corpus.runs[place.run].task for place in places}
    return len(tasks) >= min_tasks and len(tasks) >= support_needed(corpus, tools, min_tasks)


def _windows(corpus: Corpus, length: int, known: set[Tools] | None) -> Iterator[tuple[Tools, Occurrence]]:
    for run, segments in enumerate(corpus.views):
        for segment, views in enumerate(segments):
            seen: set[tuple[Unit, ...]] = set()
            for number, view in enumerate(views):
                for tools, start in _of_view(view, length, known, corpus.runs[run].verified):
                    window = view.units[start : start + length]
                    if len(views) == 1 or window not in seen:
                        seen.add(window)
                        yield tools, Occurrence(run, segment, number, start)


def _of_view(view: View, length: int, known: set[Tools] | None, verified: bool) -> Iterator[tuple[Tools, int]]:
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
