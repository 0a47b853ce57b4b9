"""Anti-unification: the calls at many places become one pattern, each argument explained as closely as holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from bot.learning.mining.corpus import Corpus
from bot.learning.mining.evidence import AGREEING
from bot.learning.mining.explanation import Explained, Loop, Rigour
from bot.learning.mining.loops import loop_at
from bot.learning.mining.pattern import Pattern, PatternStep
from bot.learning.mining.places import Slot
from bot.learning.mining.sequences import Occurrence
from bot.learning.mining.support import Support, support
from bot.learning.mining.weighing import Weighing

RARE = 0.1
"""An argument that a smaller share of the calls has is no part of the procedure."""


@dataclass(frozen=True, slots=True)
class Induced:
    """A pattern, the explanation of each of its arguments in order, and why runs of calls were taken for no loop."""

    pattern: Pattern
    explained: tuple[Explained, ...]
    supports: tuple[Support, ...]
    unfolded: tuple[str, ...] = ()


def induce(corpus: Corpus, places: Sequence[Occurrence], length: int, rigour: Rigour) -> Induced | None:
    """Generalise the calls at these places, each the start of a sequence of `length` units.

    None where no place is left once loops are known.
    """
    loops: list[bool] = [True] * length
    folded: dict[int, Loop] = {}
    unfolded = []
    for step in range(length):
        supports = _laid_out(places, loops)
        if not supports:
            return None
        runs = step in rigour.loops or any(len(found.steps[step]) > 1 for found in supports)
        found = loop_at(supports, step, rigour) if step and runs else ""
        if isinstance(found, Loop):
            folded[step] = found
        else:
            loops[step] = False
            unfolded += [found] if found else []
    supports = _laid_out(places, loops)
    if not supports:
        return None
    explained = _explain(corpus, supports, folded, rigour.cases)
    pattern = tuple(_step(supports[0], step, explained, folded.get(step)) for step in range(length))
    return Induced(pattern, tuple(explained), tuple(supports), tuple(unfolded))


def _laid_out(places: Sequence[Occurrence], loops: Sequence[bool]) -> list[Support]:
    return [found for place in places if (found := support(place, loops)) is not None]


def _explain(corpus: Corpus, supports: list[Support], loops: Mapping[int, Loop], cases: int) -> list[Explained]:
    weighing = Weighing(supports, corpus.schemas, cases)
    for step in range(len(supports[0].steps)):
        items = {item.argument.slot: item for item in loops[step].items} if step in loops else {}
        for slot, count in _slots(supports, step):
            if slot in items:
                weighing.take(items[slot])
            elif count >= RARE * len(supports):
                weighing.weigh(step, slot, optional=count < ceil(AGREEING * len(supports)))
    return weighing.explained


def _slots(supports: Sequence[Support], step: int) -> list[tuple[Slot, int]]:
    """The arguments of a step in their usual order, with how many supports have each."""
    counts: Counter[Slot] = Counter()
    places: Counter[Slot] = Counter()
    for found in supports:
        for place, slot in enumerate(found.part.slots[found.steps[step][0]]):
            counts[slot] += 1
            places[slot] += place
    return sorted(counts.items(), key=lambda pair: (places[pair[0]] / pair[1], pair[0]))


def _step(example: Support, step: int, explained: Sequence[Explained], loop: Loop | None) -> PatternStep:
    arguments = tuple(found.argument for found in explained if found.step == step)
    call = example.call(step)
    return PatternStep(call.tool, call.reads, arguments, loop.over if loop else None)
