"""Each argument of a sequence gets the first explanation that holds.

The order: a reference to an earlier output, a parameter that is needed already, a composed text, a constant, and last
a parameter of its own, which says nothing about where the value comes from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.domain.json import JSON
from bot.learning.mining.affixes import inside
from bot.learning.mining.composed import composed
from bot.learning.mining.constants import constants, has_choices
from bot.learning.mining.converting import converted
from bot.learning.mining.evidence import CONVINCING, differ, evidence_bits, mark, stands_in, words_of
from bot.learning.mining.explanation import Explained, Given, Idea, Values, rarely
from bot.learning.mining.pattern import Argument, Composed, Origin, Parameter, inner_of
from bot.learning.mining.places import Slot, same
from bot.learning.mining.references import WORTH_TELLING, references
from bot.learning.mining.support import MISSING, Support

NAMED = "the person named it each time: what an output held as well may be luck"
CERTAIN = 30.0
"""Bits with which two arguments agree so surely that their names need not."""


class Weighing:
    """Explains the arguments of a sequence one after the other: what the caller gives already can be used again."""

    def __init__(self, supports: Sequence[Support], schemas: Mapping[str, Mapping[str, JSON]], cases: int) -> None:
        self.supports = supports
        self.schemas = schemas
        self.proven = _independent(supports) >= cases
        self.explained: list[Explained] = []
        self.given: list[Given] = []

    def take(self, explained: Explained) -> None:
        """Accept an explanation that was found elsewhere: the element of a loop."""
        self.explained.append(explained)

    def weigh(self, step: int, slot: Slot, *, optional: bool) -> None:
        """Explain one argument; what some calls go without is left to the caller."""
        everywhere = [support.value(step, slot) for support in self.supports]
        places = [place for place, value in enumerate(everywhere) if value is not MISSING]
        values = Values(
            step, slot, [self.supports[place] for place in places], places, [everywhere[place] for place in places]
        )
        dropped: list[Idea] = []
        for idea in () if optional else self._ideas(values):
            if idea.doubt is None:
                self._settle(values, everywhere, idea, dropped)
                return
            dropped.append(idea)
        idea = Idea(Parameter(len(self.given)), len(places), None)
        self._settle(values, everywhere, idea, dropped, optional=optional)

    def _ideas(self, values: Values) -> Iterator[Idea]:
        named = self._named(values)
        for idea in references(values):
            yield replace(idea, doubt=NAMED) if named and idea.doubt is None else idea
        yield from converted(values)
        yield from _shared(values, self.given)
        yield from composed(values, self.given)
        yield from constants(values, self.proven or has_choices(self.schemas.get(values.tool, {}), values.slot))

    def _named(self, values: Values) -> bool:
        """Whether the person named the value each time, and it is none that the caller gives already.

        That an output held it as well may be luck, which ends; what people say decides in any case.
        """
        said = sum(stands_in(value, s.said) for s, value in zip(values.supports, values.values, strict=True))
        return said >= values.enough and not any(_held(values, earlier) >= values.enough for earlier in self.given)

    def _settle(
        self, values: Values, everywhere: Sequence[JSON], idea: Idea, dropped: Sequence[Idea], *, optional: bool = False
    ) -> None:
        argument = Argument(values.slot, idea.origin, optional)
        self.explained.append(Explained(values.step, argument, idea.supports, tuple(dropped)))
        if inner_of(idea.origin) == Parameter(len(self.given)):
            self.given.append(Given(values.step, values.slot, [_inside(value, idea.origin) for value in everywhere]))


def _shared(values: Values, given: Sequence[Given]) -> Iterator[Idea]:
    """The parameters that an earlier step needs and that an argument could be."""
    for number, earlier in enumerate(given):
        if earlier.step == values.step:
            continue
        held = _held(values, earlier)
        if held >= WORTH_TELLING * len(values.values):
            yield Idea(Parameter(number), held, _doubt(values, earlier, held, len(given)))


def _held(values: Values, earlier: Given) -> int:
    """In how many places a parameter has the argument's value."""
    pairs = zip(values.places, values.values, strict=True)
    return sum(same(earlier.values[place], value) for place, value in pairs)


def _doubt(values: Values, earlier: Given, held: int, choices: int) -> str | None:
    if held < values.enough:
        return rarely(held, len(values.values))
    if not differ(values.by_task()):
        return "the value is the same in all tasks"
    bits = evidence_bits(values.by_task(), choices)
    alike = set(words_of(values.slot[-1])) & set(words_of(earlier.slot[-1]))
    if bits < CONVINCING:
        return "so few and so plain values agree by accident"
    return None if alike or bits >= CERTAIN else "the names do not speak of the same thing"


def _independent(supports: Sequence[Support]) -> int:
    """Independent cases: calls that differ in some argument count once a task; calls that never differ, by task."""
    tasks = {support.run.task for support in supports}
    steps = range(len(supports[0].steps))
    cases = {mark([dict(_named(support, step)) for step in steps]) for support in supports}
    return min(len(tasks), len(cases)) if len(cases) > 1 else len(tasks)


def _named(support: Support, step: int) -> Iterator[tuple[str, JSON]]:
    for slot, value in support.part.slots[support.steps[step][0]].items():
        yield ".".join(slot), value


def _inside(value: JSON, origin: Origin) -> JSON:
    return inside(value, origin.before, origin.after) if isinstance(origin, Composed) else value
