"""An argument that is a number where an earlier output spells it as a text, or the other way round."""

import re
from collections import Counter
from collections.abc import Iterator

from bot.domain.json import JSON
from bot.learning.mining.explanation import Idea, Values, rarely
from bot.learning.mining.pattern import Reference
from bot.learning.mining.places import EACH
from bot.learning.mining.references import DECISION, MOST, WORTH_TELLING, independence, likeliest
from bot.learning.mining.support import Support
from bot.skills.expressions import as_text

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
"""A number that reads the same when it is spelled again."""


def converted(values: Values) -> Iterator[Idea]:
    """The references that an argument could be if outputs gave numbers as it takes them."""
    texts = all(isinstance(value, str) for value in values.values)
    if not all(_is_number(value) and isinstance(value, str) == texts for value in values.values):
        return
    held = Counter[Reference]()
    for support, value in zip(values.supports, values.values, strict=True):
        held.update(_of(support, values, value))
    for reference in likeliest(held, values.slot)[:MOST]:
        if held[reference] >= WORTH_TELLING * len(values.values):
            yield Idea(reference, held[reference], _doubt(values, reference, held[reference]))


def _is_number(value: JSON) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of(support: Support, values: Values, value: JSON) -> set[Reference]:
    """Where the number stood as what it is not in the argument."""
    step = values.step
    alike = {(link.producer, link.place) for link in support.links(step, values.slot)}
    places = support.spelled(step, support.steps[step][0], as_text(value))
    return {
        Reference(producer, place, "to_string" if isinstance(value, str) else "to_number")
        for producer, number, place in places
        if (number, place[1:] if support.loops[producer] else place) not in alike
    }


def _doubt(values: Values, reference: Reference, held: int) -> str | None:
    if EACH in reference.place:
        return DECISION
    if held < values.enough:
        return rarely(held, len(values.values))
    return independence(values, values.values, reference, values.slot[-1:])
