"""Selection by minimum description length: the few procedures that make the recorded work shortest to tell.

A recorded call costs 1, a use of a procedure costs 1 however many calls it makes, and a procedure costs its steps. Each
segment is covered in the best way that the chosen procedures allow.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias


class Use(NamedTuple):
    """Calls `start` up to `stop` of a segment are what candidate number `candidate` would make."""

    start: int
    stop: int
    candidate: int

    @property
    def saves(self) -> int:
        """Calls that the use replaces, less itself."""
        return self.stop - self.start - 1


Shape: TypeAlias = tuple[Use, ...]
"""Everything that could be used in a segment, sorted."""
Shapes: TypeAlias = Mapping[Shape, Sequence[str]]
"""For each shape the tasks of the segments that have it."""
Chosen: TypeAlias = frozenset[int]


def cost(steps: int, tasks: int, *, writes: bool) -> float:
    """The calls that a procedure must save before it is worth having.

    For each step half the binary logarithm of the tasks that it was seen among, in bits (Rissanen 1978): of more work
    smaller habits can be told, but those that save next to nothing stay out. A call is two bits, one of four tools, and
    a single one where the procedure writes: a habit that changes things must show twice as much.
    """
    return steps * math.log2(max(2, tasks)) / (2 if writes else 4)


def shapes_of(segments: Iterable[tuple[str, Shape]]) -> Shapes:
    """Each segment's task and possible uses, by the uses: many segments look alike."""
    shapes: dict[Shape, list[str]] = defaultdict(list)
    for task, shape in segments:
        shapes[shape].append(task)
    return shapes


def select(costs: Sequence[float], shapes: Shapes) -> list[int]:
    """Choose among candidates of these costs, given what could be used where; best first.

    A local search over adding, removing and exchanging.
    """
    chosen = _search(costs, shapes)
    earning = _earning(shapes, chosen)
    return sorted(chosen, key=lambda candidate: (-len(earning[candidate]), candidate))


def added(shapes: Shapes, chosen: Chosen, candidate: int) -> int:
    """The calls that a candidate would save beside the chosen."""
    more = chosen | {candidate}
    held = ((shape, tasks) for shape, tasks in shapes.items() if any(use.candidate == candidate for use in shape))
    return sum(len(tasks) * (_saved(shape, more) - _saved(shape, chosen)) for shape, tasks in held)


def cover(shape: Shape, chosen: Chosen) -> tuple[Use, ...]:
    """The uses of chosen candidates, none over another, that save most (weighted interval scheduling)."""
    uses = [use for use in shape if use.candidate in chosen]
    uses.sort(key=lambda use: (use.stop, use.start, use.candidate))
    stops = [use.stop for use in uses]
    best: list[tuple[int, tuple[Use, ...]]] = [(0, ())]
    for place, use in enumerate(uses):
        saved, before = best[bisect_right(stops, use.start, hi=place)]
        best.append(max(best[-1], (saved + use.saves, (*before, use)), key=lambda way: way[0]))
    return best[-1][1]


def _search(costs: Sequence[float], shapes: Shapes) -> Chosen:
    holding: dict[int, list[Shape]] = defaultdict(list)
    for shape in shapes:
        for candidate in {use.candidate for use in shape}:
            holding[candidate].append(shape)

    @cache
    def saved(shape: Shape, chosen: Chosen) -> int:
        return _saved(shape, chosen)

    def gain(new: Chosen, old: Chosen) -> float:
        touched = {shape for candidate in new ^ old for shape in holding[candidate]}
        calls = sum(
            len(shapes[shape]) * (saved(shape, _in(shape, new)) - saved(shape, _in(shape, old))) for shape in touched
        )
        return calls - math.fsum(costs[c] for c in new - old) + math.fsum(costs[c] for c in old - new)

    every = frozenset(range(len(costs)))
    chosen: Chosen = frozenset()
    while True:
        moves = [(gain(new, chosen), sorted(new)) for new in _moves(chosen, every)]
        nothing: tuple[float, list[int]] = (0, [])
        best = max(moves, key=lambda move: (move[0], [-candidate for candidate in move[1]]), default=nothing)
        if best[0] <= 0:
            return chosen
        chosen = frozenset(best[1])


def _moves(chosen: Chosen, allowed: Chosen) -> Iterator[Chosen]:
    for candidate in allowed - chosen:
        yield chosen | {candidate}
        for other in chosen:
            yield chosen - {other} | {candidate}
    for other in chosen:
        yield chosen - {other}


def _saved(shape: Shape, chosen: Chosen) -> int:
    return sum(use.saves for use in cover(shape, chosen))


def _in(shape: Shape, chosen: Chosen) -> Chosen:
    return chosen & {use.candidate for use in shape}


def _earning(shapes: Shapes, chosen: Chosen) -> dict[int, set[str]]:
    tasks: dict[int, set[str]] = {candidate: set() for candidate in chosen}
    for shape, found in shapes.items():
        for use in cover(shape, chosen):
            tasks[use.candidate].update(found)
    return tasks
