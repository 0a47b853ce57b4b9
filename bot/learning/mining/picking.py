"""An argument that is a field of one element of a list, told from the others by what another of its fields reads.

`accounts[?type=='savings'].id`: what people mean by "the savings account" is no decision.
"""

from collections import Counter
from collections.abc import Iterator
from math import log2

from bot.domain.json import JSON
from bot.learning.mining.evidence import CONVINCING, differ, is_id, mark, names_agree, stands_in, words_of
from bot.learning.mining.explanation import Idea, Values, rarely
from bot.learning.mining.pattern import Reference
from bot.learning.mining.places import EACH, Pick, Place, at, can_be_written
from bot.learning.mining.support import Support

WORTH_TELLING = 0.5
"""Share of the places that one field must tell apart to be thought of."""
LONGEST = 40
"""Characters of a field's text that tells elements apart: a longer one is prose."""


def picked(values: Values, reference: Reference) -> Iterator[Idea]:
    """The field that tells the chosen element of a list from its others, if there is one."""
    if reference.place.count(EACH) != 1 or any(support.loops[reference.step] for support in values.supports):
        return
    cut = reference.place.index(EACH)
    above, below = reference.place[:cut], reference.place[cut + 1 :]
    pairs = zip(values.supports, values.values, strict=True)
    found = [_telling(support, value, reference.step, above, below) for support, value in pairs]
    held = Counter(pick for picks, _ in found for pick in picks)
    if not held:
        return
    pick = min(held, key=lambda pick: (-held[pick], pick.key, pick.value))
    place = (*above, pick, *below)
    if held[pick] >= WORTH_TELLING * len(found) and can_be_written(place):
        sizes = [size if pick in picks else 1 for picks, size in found]
        yield Idea(Reference(reference.step, place), held[pick], _doubt(values, reference, pick, held[pick], sizes))


def _telling(support: Support, value: JSON, step: int, above: Place, below: Place) -> tuple[frozenset[Pick], int]:
    """The fields that tell the one element that holds the value from the others, and how many elements there are."""
    elements = at(support.call(step).output, (*above, EACH))
    holding = [element for element in elements if at(element, below) == [value]]
    if len(holding) != 1 or len(elements) < 2 or not isinstance(holding[0], dict):
        return frozenset(), 1
    fields = ((key, text) for key, text in holding[0].items() if isinstance(text, str) and 0 < len(text) <= LONGEST)
    alone = (Pick(*field) for field in fields if field[:1] != below and not _shared(elements, *field))
    return frozenset(pick for pick in alone if not is_id((pick.key,), pick.value)), len(elements)


def _shared(elements: list[JSON], key: str, text: str) -> bool:
    return [element.get(key) for element in elements if isinstance(element, dict)].count(text) > 1


def _doubt(values: Values, reference: Reference, pick: Pick, held: int, sizes: list[int]) -> str | None:
    if held < values.enough:
        return rarely(held, len(sizes))
    if not names_agree(values.slot[-1:], values.tool, reference.place, values.supports[0].call(reference.step).tool):
        return "the names do not speak of the same thing"
    by_task = values.by_task()
    if not differ(by_task):
        return "the value is the same in all tasks"
    # Each value counts once, by how unlikely it was to be picked among so many (one in `size`).
    chosen = {mark(value): size for (_, value), size in zip(by_task, sizes, strict=True)}
    if sum(log2(size) for size in chosen.values()) < CONVINCING:
        return f"so few lists hold `{pick.value}` by accident"
    of_the_tool = set(words_of(pick.value)) <= set(words_of(values.tool))
    if not of_the_tool and _said(values, pick.value):
        return "the person said which one"
    return None


def _said(values: Values, text: str) -> bool:
    """Whether it is the person who chose, in more places than an accident explains."""
    said = sum(stands_in(text, support.said) for support in values.supports)
    return said > len(values.supports) - values.enough
