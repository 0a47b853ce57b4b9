"""JSON Schemas of what was seen: a parameter's type, and the part of an output that later steps use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.json import JSON
from bot.learning.mining.places import EACH, Pick, Place

_TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


@dataclass(frozen=True, slots=True)
class Need:
    """A later step uses the values at a place; `schema` is what they have been."""

    place: Place
    schema: Mapping[str, JSON]


def seen(values: Iterable[JSON]) -> dict[str, JSON]:
    """The JSON Schema with just the types that the values have had."""
    types = sorted({_TYPES[type(value)] for value in values if type(value) in _TYPES})
    if "number" in types and "integer" in types:
        types.remove("integer")
    if not types:
        return {}
    return {"type": types[0] if len(types) == 1 else types}


def expected(needs: Sequence[Need]) -> dict[str, JSON] | None:
    """The JSON Schema over just these places of an output; None where nothing is used."""
    if not needs:
        return None
    schemas = [need.schema for need in needs if not need.place]
    below: dict[str | int | Pick, list[Need]] = {}
    for need in needs:
        if need.place:
            below.setdefault(need.place[0], []).append(Need(need.place[1:], need.schema))
    picks = [part for part in below if isinstance(part, Pick)]
    if EACH in below or picks:
        schema: dict[str, JSON] = {"type": "array"}
        if EACH in below:
            schema["items"] = expected(below[EACH])
        for pick in picks[:1]:
            schema["contains"] = _element(pick, below[pick])
        return schema
    if below:
        properties = {str(key): expected(inner) for key, inner in below.items()}
        return {"type": "object", "required": list(properties), "properties": properties}
    return dict(schemas[0])


def _element(pick: Pick, needs: Sequence[Need]) -> dict[str, JSON]:
    """What one element must be: told from the others by its field, and with what is used of it."""
    inner = expected(needs) or {}
    properties = {pick.key: {"const": pick.value}, **inner.get("properties", {})}
    return {"type": "object", "required": list(properties), "properties": properties}
