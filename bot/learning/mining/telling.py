"""What mining thought of each argument, told with the names of the procedure: why this, and why not that."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.learning.mining.building import expression
from bot.learning.mining.explanation import Explained, Idea
from bot.learning.mining.induce import Induced
from bot.learning.mining.naming import Names, names
from bot.learning.mining.pattern import (
    Composed,
    Constant,
    Item,
    Origin,
    Parameter,
    Pattern,
    Reference,
    inner_of,
    reference_of,
)
from bot.learning.mining.places import EACH, Pick
from bot.learning.mining.report import Dropped, Explanation, Kind


def explained(induced: Induced, named: Names) -> Mapping[str, Explanation]:
    """Each argument's explanation by `step.argument`."""
    return {
        ".".join((named.steps[found.step], *found.argument.slot)): _explanation(induced.pattern, found, named)
        for found in induced.explained
    }


def unexplained(induced: Induced) -> Iterator[str]:
    """For each argument that the caller would have to give although outputs hold it, why it is no reference."""
    named, asked = names(induced.pattern), set[Parameter]()
    for found in induced.explained:
        origin = found.argument.origin
        if not isinstance(origin, Parameter) or origin in asked:
            continue
        asked.add(origin)
        for idea in [idea for idea in found.dropped if reference_of(idea.origin)][:1]:
            field, tool = ".".join(found.argument.slot), induced.pattern[found.step].tool
            yield f"`{field}` of `{tool}` could be {_thought(idea, named)}, but {idea.doubt}"


def _explanation(pattern: Pattern, found: Explained, named: Names) -> Explanation:
    origin, loop = found.argument.origin, pattern[found.step].loop
    inner = inner_of(origin)
    if isinstance(inner, Item) and loop:
        inner = Reference(loop.step, loop.place + inner.place)
        told = expression(replace(origin, inner=inner) if isinstance(origin, Composed) else inner, named)
    else:
        told = expression(origin, named)
    dropped = (Dropped(_kind(idea.origin), _thought(idea, named), str(idea.doubt)) for idea in found.dropped)
    return Explanation(_kind(origin), told, found.supports, tuple(dropped))


def _thought(idea: Idea, named: Names) -> str:
    """An idea that was dropped. What stood in the calls is not told: no gate has looked at it."""
    match idea.origin:
        case Parameter():
            return expression(idea.origin, named)
        case Reference():
            return expression(_any_element(idea.origin), named)
        case Composed(inner=Reference() as inner):
            return f"…{expression(_any_element(inner), named)}…"
        case Composed():
            return "a fixed text around a parameter"
    return "the value that most calls had"


def _any_element(reference: Reference) -> Reference:
    """The reference without the text that would tell one element of a list."""
    return Reference(reference.step, tuple(EACH if isinstance(part, Pick) else part for part in reference.place))


def _kind(origin: Origin) -> Kind:
    match origin:
        case Reference():
            return "reference"
        case Parameter():
            return "parameter"
        case Constant():
            return "constant"
        case Item():
            return "item"
        case Composed():
            return "composed"
