"""Loops: a run of one reading call over the elements of one earlier list."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from typing import TypeAlias

from bot.learning.mining.evidence import AGREEING, CONVINCING, differ, evidence_bits, mark, names_agree
from bot.learning.mining.explanation import Explained, Loop
from bot.learning.mining.pattern import Argument, Item, Reference
from bot.learning.mining.places import EACH, Place, Slot
from bot.learning.mining.support import Support

MEANT = 0.5
"""Share of the supports that read several elements, or the only one: else people chose one, and no loop is meant."""
COVERED = 0.4
"""Share of a list that was read, on average: else people read a beginning or a choice of it."""

_Element: TypeAlias = tuple[int, Slot, Place]
"""The number of the producing step, the argument, and the place of the values in the producer's output."""


def loop_at(supports: Sequence[Support], step: int) -> Loop | str:
    """The loop that explains the runs of a step, or a sentence that says why they are none.

    `supports` hold whole runs at this step. Steps before it that are loops themselves hold several calls.
    """
    tool = supports[0].call(step).tool
    held = Counter(element for support in supports for element in _elements(support, step))
    enough = ceil(AGREEING * len(supports))
    best = sorted((element for element in held if held[element] >= enough), key=lambda found: _rank(found, held[found]))
    if not best:
        return f"no earlier list holds what `{tool}` was called with one after the other"
    reasons = []
    for element in best:
        reason = _doubt(supports, step, element)
        if reason is None:
            return _loop(supports, step, element, held)
        reasons.append(reason)
    return reasons[0]


def _elements(support: Support, step: int) -> set[_Element]:
    """Lists of earlier steps that hold the whole run, by each argument that they could give."""
    common: set[_Element] | None = None
    for call in support.steps[step]:
        found = set(_of_call(support, step, call))
        common = found if common is None else common & found
    return common or set()


def _of_call(support: Support, step: int, call: int) -> Iterator[_Element]:
    for slot, links in support.part.links[call].items():
        for link in links:
            for producer in range(step):
                if link.producer in support.steps[producer]:
                    place = (EACH, *link.place) if support.loops[producer] else link.place
                    if EACH in place:
                        yield producer, slot, place


def _rank(element: _Element, held: int) -> tuple[int, bool, int, int, str]:
    producer, slot, place = element
    return -held, place[-1] != slot[-1], len(place), producer, repr((slot, place))


def _doubt(supports: Sequence[Support], step: int, element: _Element) -> str | None:
    """Why the runs are no loop over this list, if so."""
    producer, slot, place = element
    first = supports[0]
    field = f"`{'.'.join(slot)}` of `{first.call(step).tool}`"
    values = [(s.run.task, s.part.slots[call][slot]) for s in supports for call in s.steps[step]]
    leaves = sum(s.part.leaves[call] for s in supports for call in s.steps[producer]) / len(supports)
    if not names_agree(slot, first.call(step).tool, place, first.call(producer).tool):
        return f"{field} and the list it would run over do not speak of the same thing"
    if not differ(values) or evidence_bits(values, leaves) < CONVINCING:
        return f"{field} could agree with a list by accident"
    read = [_share(support, step, element) for support in supports]
    if sum(meant for meant, _ in read) < MEANT * len(read) or sum(share for _, share in read) < COVERED * len(read):
        return f"{field} is one of a list, or some: people chose, so no loop is meant"
    return None


def _share(support: Support, step: int, element: _Element) -> tuple[bool, float]:
    """Whether the run is more than a choice of one among several, and the share of the list that it read."""
    producer, slot, place = element
    inner = place[1:] if support.loops[producer] else place
    outputs, read = support.steps[producer], support.steps[step]
    links = [link for call in read for link in support.part.links[call].get(slot, ())]
    sizes = [link.size for link in links if link.producer in outputs and link.place == inner]
    size = max(len(outputs) * sum(sizes) / len(sizes), len(read))
    return len(read) > 1 or size == 1, len(read) / size


def _loop(supports: Sequence[Support], step: int, element: _Element, held: Counter[_Element]) -> Loop | str:
    """The loop, if each argument of the calls is either taken from the elements or the same in all of them."""
    producer, _, place = element
    over = place[: len(place) - place[::-1].index(EACH)]
    varying = Counter(slot for support in supports for slot in _varying(support, step))
    items = {element[1]: Explained(step, Argument(element[1], Item(place[len(over) :])), held[element])}
    for slot in varying:
        found = [other for other in held if other[:2] == (producer, slot) and _beside(other[2], over)]
        best = min(found, key=lambda other: _rank(other, held[other]), default=None)
        if best and held[best] >= ceil(AGREEING * len(supports)):
            items.setdefault(slot, Explained(step, Argument(slot, Item(best[2][len(over) :])), held[best]))
    free = {slot: count for slot, count in varying.items() if slot not in items}
    if any(count > (1 - AGREEING) * len(supports) for count in free.values()):
        slot = min(free, key=lambda slot: (-free[slot], slot))
        return f"`{'.'.join(slot)}` changes from call to call of the run"
    return Loop(step, Reference(producer, over), tuple(items.values()))


def _beside(place: Place, over: Place) -> bool:
    """Whether a place lies in the elements of a list, and in no list below them."""
    return place[: len(over)] == over and EACH not in place[len(over) :]


def _varying(support: Support, step: int) -> set[Slot]:
    """Arguments that are not the same in all calls of a run."""
    slots = [support.part.slots[call] for call in support.steps[step]]
    keys = {slot for given in slots for slot in given}
    return {slot for slot in keys if len({mark(given.get(slot)) for given in slots}) > 1}
