"""An argument that is a text with a fixed beginning and end around one reference or parameter."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.learning.mining.affixes import affixes, inside
from bot.learning.mining.evidence import differ, stands_in
from bot.learning.mining.explanation import Given, Idea, Values, rarely
from bot.learning.mining.pattern import Composed, Parameter, Reference
from bot.learning.mining.places import EACH
from bot.learning.mining.references import DECISION, MOST, WORTH_TELLING, independence, likeliest
from bot.learning.mining.support import Support

ID_DIGITS = re.compile(r"(?:\d[-_]?){5}")
"""Digits that identify something, in a text that is otherwise fixed: more than a year or a port has."""


def composed(values: Values, given: Sequence[Given]) -> Iterator[Idea]:
    """The composed texts that an argument could be, first around references, then around a parameter."""
    cut = affixes(values.values)
    if cut is None:
        return
    before, after = cut
    middles = [inside(value, before, after) for value in values.values]
    held = Counter(
        reference
        for support, middle in zip(values.supports, middles, strict=True)
        for reference in _of(support, values.step, middle)
    )
    for reference in likeliest(held, values.slot)[:MOST]:
        if held[reference] >= WORTH_TELLING * len(middles):
            doubt = _fixed_doubt(cut) or _reference_doubt(values, middles, reference, held[reference], before + after)
            yield Idea(Composed(before, reference, after), held[reference], doubt)
    said = sum(_said(support, middle) for support, middle in zip(values.supports, middles, strict=True))
    parameter = Parameter(_number(values, middles, given))
    yield Idea(Composed(before, parameter, after), said, _fixed_doubt(cut) or _parameter_doubt(values, middles, said))


def _fixed_doubt(cut: tuple[str, str]) -> str | None:
    return "its fixed text identifies something" if any(map(ID_DIGITS.search, cut)) else None


def _reference_doubt(
    values: Values, middles: Sequence[str | None], reference: Reference, held: int, fixed: str
) -> str | None:
    if EACH in reference.place:
        return DECISION
    if held < values.enough:
        return rarely(held, len(middles))
    return independence(values, middles, reference, (values.slot[-1], fixed))


def _parameter_doubt(values: Values, middles: Sequence[str | None], said: int) -> str | None:
    if sum(stands_in(value, s.said) for s, value in zip(values.supports, values.values, strict=True)) >= values.enough:
        return "the person says the whole of it"
    if said < values.enough:
        return f"the person said what would stand in it in {said} of {len(middles)} places only"
    return None if differ(values.by_task(middles)) else "the value is the same in all tasks"


def _number(values: Values, middles: Sequence[str | None], given: Sequence[Given]) -> int:
    """The parameter that the middle is: one that an earlier step needs, else a new one."""
    for number, earlier in enumerate(given):
        pairs = zip(values.places, middles, strict=True)
        if (
            earlier.step != values.step
            and sum(earlier.values[place] == middle for place, middle in pairs) >= values.enough
        ):
            return number
    return len(given)


def _of(support: Support, step: int, middle: str | None) -> set[Reference]:
    places = support.spelled(step, support.steps[step][0], middle) if middle else ()
    return {Reference(producer, place) for producer, _, place in places}


def _said(support: Support, middle: str | None) -> bool:
    return middle is not None and stands_in(middle, support.said)
