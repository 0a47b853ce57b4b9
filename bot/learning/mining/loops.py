"""Loops: a run of one reading call over the elements of one earlier list."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from bot.domain.json import JSON
from bot.learning.mining.affixes import affixes, inside
from bot.learning.mining.evidence import AGREEING, CONVINCING, differ, evidence_bits, mark, names_agree
from bot.learning.mining.explanation import Explained, Loop, Rigour
from bot.learning.mining.pattern import Argument, Composed, Item, Reference
from bot.learning.mining.places import EACH, Place, Slot, at
from bot.learning.mining.support import Support


@dataclass(frozen=True, slots=True)
class _Element:
    """A list that may give an argument: the producing step, the argument, the place of the values in the output.

    `cut`: the fixed beginning and end of the argument around the value, if it is composed.
    """

    producer: int
    slot: Slot
    place: Place
    cut: tuple[str, str] | None = None


def loop_at(supports: Sequence[Support], step: int, rigour: Rigour) -> Loop | str:
    """The loop that explains the runs of a step, or a sentence that says why they are none.

    `supports` hold whole runs at this step. Steps before it that are loops themselves hold several calls.
    """
    cuts = _cuts(supports, step)
    held = Counter(element for support in supports for element in _elements(support, step, cuts))
    enough = ceil(AGREEING * len(supports))
    best = sorted((element for element in held if held[element] >= enough), key=lambda found: _rank(found, held[found]))
    reasons = []
    for element in best:
        found = _doubt(supports, step, element, rigour) or _loop(supports, step, element, held)
        if isinstance(found, Loop):
            return found
        reasons.append(found)
    none = f"no earlier list holds what `{supports[0].call(step).tool}` was called with one after the other"
    return reasons[0] if reasons else none


def _cuts(supports: Sequence[Support], step: int) -> dict[Slot, tuple[str, str]]:
    """The arguments that have a fixed beginning and end in all calls of all runs."""
    values: dict[Slot, list[JSON]] = defaultdict(list)
    for support in supports:
        for call in support.steps[step]:
            for slot, value in support.part.slots[call].items():
                values[slot].append(value)
    return {slot: cut for slot, found in values.items() if (cut := affixes(found))}


def _elements(support: Support, step: int, cuts: Mapping[Slot, tuple[str, str]]) -> set[_Element]:
    """Lists of earlier steps that hold the whole run, by each argument that they could give."""
    common: set[_Element] | None = None
    for call in support.steps[step]:
        found = {*_linked(support, step, call), *_inside(support, step, call, cuts)}
        common = found if common is None else common & found
    return common or set()


def _linked(support: Support, step: int, call: int) -> Iterator[_Element]:
    for slot, links in support.part.links[call].items():
        for link in links:
            for producer in range(0 if link.all_of_it else step):
                if link.producer in support.steps[producer]:
                    place = (EACH, *link.place) if support.loops[producer] else link.place
                    if EACH in place:
                        yield _Element(producer, slot, place)


def _inside(support: Support, step: int, call: int, cuts: Mapping[Slot, tuple[str, str]]) -> Iterator[_Element]:
    for slot, cut in cuts.items():
        middle = inside(support.part.slots[call].get(slot), *cut)
        for producer, _, place in support.spelled(step, call, middle) if middle else ():
            if EACH in place:
                yield _Element(producer, slot, place, cut)


def _rank(element: _Element, held: int) -> tuple[int, bool, bool, int, int, str]:
    place, slot = element.place, element.slot
    return -held, element.cut is not None, place[-1] != slot[-1], len(place), element.producer, repr((slot, place))


def _doubt(supports: Sequence[Support], step: int, element: _Element, rigour: Rigour) -> str | None:
    """Why the runs are no loop over this list, if so."""
    slot, tool = element.slot, supports[0].call(step).tool
    field, producer = f"`{'.'.join(slot)}` of `{tool}`", supports[0].call(element.producer).tool
    values = [(s.run.task, s.part.slots[call].get(slot)) for s in supports for call in s.steps[step]]
    leaves = sum(s.part.leaves[call] for s in supports for call in s.steps[element.producer]) / len(supports)
    names = (slot[-1], *("".join(cut) for cut in (element.cut,) if cut))
    if not any(names_agree((name,), tool, element.place, producer) for name in names):
        return f"{field} and the list it would run over do not speak of the same thing"
    if not differ(values) or evidence_bits(values, leaves) < CONVINCING:
        return f"{field} could agree with a list by accident"
    read = [_share(support, step, element) for support in supports]
    several, covered = sum(several for several, _ in read), sum(share for _, share in read)
    if several < rigour.several * len(read) or covered < rigour.covered * len(read):
        return f"{field} is one of a list, or some: people chose, so no loop is meant"
    return None


def _share(support: Support, step: int, element: _Element) -> tuple[bool, float]:
    """Whether the run is more than a choice of one among several, and the share of the list that it read."""
    read = len(support.steps[step])
    size = max(read, _size(support, step, element))
    return read > 1 or size == 1, read / size


def _size(support: Support, step: int, element: _Element) -> float:
    """How many values the list has, in all outputs of the producing step."""
    outputs = support.steps[element.producer]
    place = element.place[1:] if support.loops[element.producer] else element.place
    if element.cut:
        return sum(len(at(support.part.segment.calls[output].output, place)) for output in outputs)
    links = [link for call in support.steps[step] for link in support.part.links[call].get(element.slot, ())]
    sizes = [link.size for link in links if link.producer in outputs and link.place == place]
    return len(outputs) * sum(sizes) / len(sizes) if sizes else 0


def _loop(supports: Sequence[Support], step: int, element: _Element, held: Counter[_Element]) -> Loop | str:
    """The loop, if each argument of the calls is either taken from the elements or the same in all of them."""
    over = element.place[: len(element.place) - element.place[::-1].index(EACH)]
    varying = Counter(slot for support in supports for slot in _varying(support, step))
    items = {element.slot: element}
    for slot in varying.keys() - items.keys():
        found = [e for e in held if (e.producer, e.slot) == (element.producer, slot) and _beside(e.place, over)]
        best = min(found, key=lambda other: _rank(other, held[other]), default=None)
        if best and held[best] >= ceil(AGREEING * len(supports)):
            items[slot] = best
    free = {slot: count for slot, count in varying.items() if slot not in items}
    if any(count > (1 - AGREEING) * len(supports) for count in free.values()):
        slot = min(free, key=lambda slot: (-free[slot], slot))
        return f"`{'.'.join(slot)}` changes from call to call of the run"
    explained = tuple(_explained(step, found, over, held[found]) for found in items.values())
    return Loop(step, Reference(element.producer, over), explained)


def _explained(step: int, element: _Element, over: Place, held: int) -> Explained:
    item = Item(element.place[len(over) :])
    return Explained(
        step, Argument(element.slot, Composed(element.cut[0], item, element.cut[1]) if element.cut else item), held
    )


def _beside(place: Place, over: Place) -> bool:
    """Whether a place lies in the elements of a list, and in no list below them."""
    return place[: len(over)] == over and EACH not in place[len(over) :]


def _varying(support: Support, step: int) -> set[Slot]:
    """Arguments that are not the same in all calls of a run."""
    slots = [support.part.slots[call] for call in support.steps[step]]
    keys = {slot for given in slots for slot in given}
    return {slot for slot in keys if len({mark(given.get(slot)) for given in slots}) > 1}
