"""An argument that is the value at one place of an earlier step's output."""

from collections import Counter
from collections.abc import Iterable, Iterator

from bot.learning.mining.evidence import CONVINCING, differ, evidence_bits, names_agree
from bot.learning.mining.explanation import Idea, Values, rarely
from bot.learning.mining.pattern import Reference
from bot.learning.mining.picking import picked
from bot.learning.mining.places import EACH, Slot
from bot.learning.mining.support import Support

WORTH_TELLING = 0.3
"""Share of the places in which a reference must hold to be thought of at all."""
MOST = 5
"""References thought of for one argument."""
DECISION = "it is one of several values there: which one is a decision"


def references(values: Values) -> Iterator[Idea]:
    """The references that an argument could be, the likeliest first."""
    one_of_several = set[Reference]()
    held: Counter[Reference] = Counter()
    for support in values.supports:
        found = _of(support, values.step, values.slot)
        held.update(found.keys())
        one_of_several.update(reference for reference, chosen in found.items() if chosen)
    for reference in likeliest(held, values.slot)[:MOST]:
        if held[reference] >= WORTH_TELLING * len(values.supports):
            if reference in one_of_several:
                yield from picked(values, reference)
            doubt = DECISION if reference in one_of_several else _doubt(values, reference, held[reference])
            yield Idea(reference, held[reference], doubt)


def likeliest(references: Counter[Reference], slot: Slot) -> list[Reference]:
    """By how often they hold, then by the same name, the shortest way and the earliest step."""
    return sorted(references, key=lambda ref: (-references[ref], *_plainness(ref, slot)))


def independence(values: Values, found: Iterable[object], reference: Reference, names: Iterable[str]) -> str | None:
    """Why the agreement of `found` values with a reference may be an accident.

    `names`: what calls the argument; one of them must agree with the field's name.
    """
    producer = values.supports[0].call(reference.step).tool
    by_task = values.by_task(list(found))
    if not any(names_agree((name,), values.tool, reference.place, producer) for name in names):
        return "the names do not speak of the same thing"
    if not differ(by_task):
        return "the value is the same in all tasks"
    if evidence_bits(by_task, values.choices) < CONVINCING:
        return "so few and so plain values agree by accident"
    return None


def _doubt(values: Values, reference: Reference, held: int) -> str | None:
    if held < values.enough:
        return rarely(held, len(values.supports))
    return independence(values, values.values, reference, values.slot[-1:])


def _of(support: Support, step: int, slot: Slot) -> dict[Reference, bool]:
    """Where the argument stood in earlier steps' outputs, and whether it is but one of several values there."""
    found: dict[Reference, bool] = {}
    for link in support.links(step, slot):
        for producer in range(step):
            if link.producer in support.steps[producer]:
                looped = support.loops[producer]
                place = (EACH, *link.place) if looped else link.place
                found[Reference(producer, place)] = looped or link.chosen
    return found


def _plainness(reference: Reference, slot: Slot) -> tuple[bool, int, int, str]:
    place = reference.place
    return not place or place[-1] != slot[-1], len(place), reference.step, repr(place)
