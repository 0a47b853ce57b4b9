"""A pattern becomes a procedure: expressions, parameters with their types, and what later steps expect of outputs."""

import json
import re
from collections.abc import Iterator

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Step
from bot.learning.mining.affixes import inside
from bot.learning.mining.expecting import Need, expected, seen
from bot.learning.mining.induce import Induced
from bot.learning.mining.naming import Names, names
from bot.learning.mining.pattern import (
    Argument,
    Composed,
    Constant,
    Item,
    Origin,
    Parameter,
    Reference,
    arguments_of,
    inner_of,
    parameter_of,
)
from bot.learning.mining.places import EACH, Pick, Place, Slot
from bot.learning.mining.support import MISSING
from bot.skills.expressions import escape

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def build(induced: Induced) -> Procedure:
    """The procedure with its words left open: parameters have names and types only."""
    pattern = induced.pattern
    named = names(pattern)
    optional = {parameter_of(argument.origin) for _, argument in arguments_of(pattern) if argument.optional}
    return Procedure(
        steps=tuple(_step(induced, number, named) for number in range(len(pattern))),
        parameters={name: seen(parameter_values(induced, number)) for number, name in enumerate(named.parameters)},
        required=tuple(name for number, name in enumerate(named.parameters) if Parameter(number) not in optional),
    )


def parameter_values(induced: Induced, number: int) -> list[JSON]:
    """What a parameter was in the supports, where it was given."""
    uses = ((s, a) for s, a in arguments_of(induced.pattern) if parameter_of(a.origin) == Parameter(number))
    step, argument = next(uses)
    return [value for value in _values(induced, step, argument) if value is not None]


def expression(origin: Origin, named: Names) -> str:
    """Where an argument comes from, as it stands in the file; a constant as JSON."""
    match origin:
        case Constant(json=text):
            return text
        case Parameter(number=number):
            return f"${{parameters.{named.parameters[number]}}}"
        case Reference(step=step, place=place, function=function):
            return f"${{steps.{named.steps[step]}{_way(place)}{f' | {function}(@)' if function else ''}}}"
        case Item(place=place):
            return f"${{item{_way(place)}}}"
        case Composed(before=before, inner=inner, after=after):
            return f"{escape(before)}{expression(inner, named)}{escape(after)}"


def list_expression(over: Reference, named: Names) -> str:
    """The list that a loop runs over; JMESPath gives a lone list without being told to enter it."""
    plain = over.place.count(EACH) == 1
    return expression(Reference(over.step, over.place[:-1] if plain else over.place), named)


def _step(induced: Induced, number: int, named: Names) -> Step:
    step = induced.pattern[number]
    arguments: dict[str, JSON] = {}
    for argument in step.arguments:
        _put(arguments, argument.slot, _template(argument.origin, named))
    return Step(
        id=named.steps[number],
        tool=step.tool,
        arguments=arguments,
        for_each=list_expression(step.loop, named) if step.loop else None,
        expect=expected(list(_needs(induced, number))),
    )


def _template(origin: Origin, named: Names) -> JSON:
    return escape(json.loads(origin.json)) if isinstance(origin, Constant) else expression(origin, named)


def _needs(induced: Induced, producer: int) -> Iterator[Need]:
    """The places of a step's output that later steps use, with what stood there."""
    for number, argument in arguments_of(induced.pattern):
        loop, inner = induced.pattern[number].loop, inner_of(argument.origin)
        # A number reads like a text inside a text and where it is spelled otherwise: what stood there is not told.
        spelled = isinstance(argument.origin, Composed) or (isinstance(inner, Reference) and inner.function)
        values = [] if spelled else _values(induced, number, argument)
        if isinstance(inner, Item) and loop and loop.step == producer:
            yield Need(loop.place + inner.place, seen(values))
        elif isinstance(inner, Reference) and inner.step == producer:
            elements = [element for value in values for element in value] if EACH in inner.place else values
            yield Need(inner.place, seen(elements))


def _values(induced: Induced, step: int, argument: Argument) -> list[JSON]:
    values = [support.value(step, argument.slot) for support in induced.supports]
    origin = argument.origin
    if isinstance(origin, Composed):
        return [inside(value, origin.before, origin.after) for value in values]
    return [value for value in values if value is not MISSING]


def _put(arguments: dict[str, JSON], slot: Slot, template: JSON) -> None:
    for key in slot[:-1]:
        arguments = arguments.setdefault(key, {})
    arguments[slot[-1]] = template


def _way(place: Place) -> str:
    return "".join(map(_part, place))


def _part(part: str | int | Pick) -> str:
    if isinstance(part, Pick):
        return f"[?{_key(part.key)}=='{part.value}'] | [0]"
    return f".{_key(part)}" if isinstance(part, str) else "[]"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key)
