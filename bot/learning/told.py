"""What people wanted remembered stays where they said it: a procedure that holds it is not offered to others."""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Step
from bot.domain.tool import Tool
from bot.learning.mining.constants import has_choices
from bot.skills.expressions import split, texts

SHORTEST = 3
"""Characters of a value that is told from any other."""


def holds_facts(procedure: Procedure, facts: Sequence[str], tools: Sequence[Tool]) -> bool:
    """Whether a fixed value of a step stands in a fact, as whole words. What a tool's schema lists is everybody's."""
    schemas = {tool.name: tool.schema for tool in tools}
    said = "\n".join(facts)
    return any(
        re.search(rf"(?<!\w){re.escape(value)}(?!\w)", said, re.IGNORECASE)
        for step in procedure.steps
        for place, value in _fixed(step)
        if len(value) >= SHORTEST and not has_choices(schemas.get(step.tool or "", {}), place)
    )


def _fixed(step: Step) -> Iterator[tuple[Sequence[str | int], str]]:
    """The values of a step's arguments that are the same each time: texts, the literal parts of texts, numbers."""
    for place, text in texts(step.arguments):
        yield from ((place, part.strip(" /.,:;_-")) for part in split(text) if isinstance(part, str))
    yield from _numbers(step.arguments, ())


def _numbers(value: JSON, place: Sequence[str | int]) -> Iterator[tuple[Sequence[str | int], str]]:
    match value:
        case bool():
            return
        case int() | float():
            yield place, str(value)
        case Mapping():
            for key, inner in value.items():
                yield from _numbers(inner, (*place, key))
        case list():
            for index, inner in enumerate(value):
                yield from _numbers(inner, (*place, index))
