"""Whether a pattern gives the calls of a place, told from the index alone: no output is parsed, nothing evaluated.

Replay answers the same question by evaluating the finished procedure, at fewer places (a test compares the two).
"""

from bot.domain.json import JSON
from bot.learning.mining.affixes import inside
from bot.learning.mining.evidence import mark
from bot.learning.mining.pattern import Argument, Composed, Constant, Item, Parameter, Pattern, Reference
from bot.learning.mining.places import Pick, at, same, spelled
from bot.learning.mining.support import MISSING, Support
from bot.skills.expressions import as_text


def fits(pattern: Pattern, support: Support) -> bool:
    """Whether the pattern, given this place's own parameters, makes this place's calls."""
    given: dict[int, JSON] = {}
    return all(_step_fits(pattern, number, support, given) for number in range(len(pattern)))


def _step_fits(pattern: Pattern, number: int, support: Support, given: dict[int, JSON]) -> bool:
    step = pattern[number]
    for call in support.steps[number]:
        if not support.part.slots[call].keys() <= {argument.slot for argument in step.arguments}:
            return False
        if not all(_argument_fits(argument, step.loop, call, support, given) for argument in step.arguments):
            return False
    return True


def _argument_fits(
    argument: Argument, loop: Reference | None, call: int, support: Support, given: dict[int, JSON]
) -> bool:
    value = support.part.slots[call].get(argument.slot, MISSING)
    if value is MISSING:
        return argument.optional
    match argument.origin:
        case Constant(json=key):
            return mark(value) == key
        case Item(place=place) if loop:
            return _linked(support, call, argument, Reference(loop.step, loop.place + place))
        case Reference() as reference:
            return _linked(support, call, argument, reference)
        case Parameter(number=number):
            return value is not None and same(given.setdefault(number, value), value)
        case Composed(before=before, inner=inner, after=after):
            middle = inside(value, before, after)
            return middle is not None and _inner_fits(inner, loop, middle, support, given)
    return False


def _linked(support: Support, call: int, argument: Argument, reference: Reference) -> bool:
    place = reference.place[1:] if support.loops[reference.step] else reference.place
    if any(isinstance(part, Pick) for part in place):
        outputs = (support.part.segment.calls[producer].output for producer in support.steps[reference.step])
        value = support.part.slots[call][argument.slot]
        return any(at(output, place)[:1] == [value] for output in outputs)
    if reference.function:
        text = as_text(support.part.slots[call][argument.slot])
        outputs_ = (support.part.segment.calls[producer].content for producer in support.steps[reference.step])
        return any(place in spelled(output, text) for output in outputs_)
    links = support.part.links[call].get(argument.slot, ())
    element = isinstance(argument.origin, Item)
    right = (link for link in links if not (link.all_of_it if element else link.chosen))
    return any(link.producer in support.steps[reference.step] and link.place == place for link in right)


def _inner_fits(
    inner: Reference | Parameter | Item, loop: Reference | None, middle: str, support: Support, given: dict[int, JSON]
) -> bool:
    match inner:
        case Parameter(number=number):
            return same(given.setdefault(number, middle), middle)
        case Item(place=place) if loop:
            step, place = loop.step, loop.place + place
        case Reference(step=step, place=place):
            pass
        case _:
            return False
    place = place[1:] if support.loops[step] else place
    outputs = (support.part.segment.calls[call].content for call in support.steps[step])
    return any(place in spelled(output, middle) for output in outputs)
