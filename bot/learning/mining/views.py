"""Ways to look at a segment: runs folded, runs cut where one call needs another, interleaved chains untangled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.learning.mining.indexing import Indexed

Unit: TypeAlias = tuple[int, ...]
"""The numbers of calls of a segment that stand together: a run of one reading tool, or a single call."""


@dataclass(frozen=True, slots=True)
class View:
    """A segment's calls as units in an order."""

    part: Indexed
    units: tuple[Unit, ...]


def views(part: Indexed) -> tuple[View, ...]:
    """As recorded with each run of a reading tool folded; then cut and untangled, where that makes a difference."""
    recorded = range(len(part.segment.calls))
    found = [_folded(part, recorded, cut=False)]
    if any(part.needs):
        found.append(_folded(part, recorded, cut=True))
    if len(found[0]) > 2:
        found.append(_folded(part, list(_untangled(part)), cut=True))
    return tuple(View(part, units) for units in dict.fromkeys(found))


def _folded(part: Indexed, order: Sequence[int], *, cut: bool) -> tuple[Unit, ...]:
    """Fold runs; with `cut`, a call that needs one of its run begins another (a chain of reads, and not a loop)."""
    calls = part.segment.calls
    units: list[list[int]] = []
    run: set[int] = set()
    for number in order:
        goes_on = bool(units) and calls[number].reads and calls[units[-1][0]].tool == calls[number].tool
        if goes_on and not (cut and part.needs[number] & run):
            units[-1].append(number)
            run.add(number)
        else:
            units.append([number])
            run = {number}
    return tuple(map(tuple, units))


def _untangled(part: Indexed) -> Iterator[int]:
    """The calls with independent reads taken apart: each chain by itself, what is equally deep in it by tool.

    A call that may write stays where it is, and nothing moves across it.
    """
    calls = part.segment.calls
    stretch: list[int] = []
    for number, call in enumerate(calls):
        if call.reads:
            stretch.append(number)
        else:
            yield from _by_chain(part, stretch)
            yield number
            stretch = []
    yield from _by_chain(part, stretch)


def _by_chain(part: Indexed, stretch: Sequence[int]) -> list[int]:
    chains = _chains(part, stretch)
    depth: dict[int, int] = {}
    first: dict[tuple[int, int, str], int] = {}
    for number in stretch:
        depth[number] = max((depth[other] + 1 for other in part.needs[number] if other in depth), default=0)
        first.setdefault((chains[number], depth[number], part.segment.calls[number].tool), number)

    def place(number: int) -> tuple[int, int, int, int]:
        tool = part.segment.calls[number].tool
        return chains[number], depth[number], first[chains[number], depth[number], tool], number

    return sorted(stretch, key=place)


def _chains(part: Indexed, stretch: Sequence[int]) -> dict[int, int]:
    """For each call the first call of those that it hangs together with (disjoint sets)."""
    above: dict[int, int] = {}

    def top(number: int) -> int:
        while above[number] != number:
            above[number] = number = above[above[number]]
        return number

    for number in stretch:
        above[number] = number
        for other in part.needs[number]:
            if other in above:
                low, high = sorted((top(number), top(other)))
                above[high] = low
    return {number: top(number) for number in stretch}
