"""Answers that must fit a JSON Schema: how to ask for them, and how to read them."""

import json
from collections.abc import Sequence

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no types
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]  # no types
from jsonschema.validators import extend  # type: ignore[import-untyped]  # no types
from referencing import Registry
from referencing.exceptions import Unresolvable

from bot.domain.json import JSON
from bot.domain.text import shorten

STRICT_KEYS = frozenset(
    [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "const",
        "anyOf",
        "description",
        "title",
    ]
)
"""The keywords that OpenAI's strict mode has taken from its first day on."""

_Validator = extend(Draft202012Validator, {"pattern": lambda *_: (), "patternProperties": lambda *_: ()})
"""Without patterns: Python's regular expressions can take for ever."""


def response_format(schema: JSON) -> JSON:
    """The `response_format` that asks for the schema; strict where the schema allows it."""
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": _strict(schema)}}


def instructed(messages: Sequence[JSON], schema: JSON, mistake: str = "") -> list[JSON]:
    """The messages with the schema as an instruction at their end, for servers without `response_format`.

    It joins a last message of the person: some chat templates refuse two of them in a row.
    """
    words = f"Answer with one JSON object that fits this JSON Schema, and nothing else: {json.dumps(schema)}"
    if mistake:
        words += f"\nYour last answer did not fit: {mistake}"
    last = messages[-1] if messages else {}
    if last.get("role") == "user" and isinstance(last.get("content"), str):
        return [*messages[:-1], {**last, "content": f"{last['content']}\n\n{words}"}]
    return [*messages, {"role": "user", "content": words}]


def fitting(text: str, schema: JSON) -> str:
    """The JSON object in the text, which may stand in a code fence or between words.

    Raises ValueError with the mistake.
    """
    found = text[text.find("{") : text.rfind("}") + 1]
    try:
        value = json.loads(found)
        error = best_match(_Validator(schema, registry=Registry()).iter_errors(value))
    except json.JSONDecodeError:
        raise ValueError("it holds no JSON object.") from None
    except (RecursionError, Unresolvable):
        raise ValueError("it cannot be checked against the schema.") from None
    if error:
        raise ValueError(f"{error.json_path}: {shorten(error.message, 200)}")
    return found


def _strict(schema: JSON) -> bool:
    """Whether strict mode takes the schema: known keywords, every object closed, every property required."""
    if not isinstance(schema, dict) or not schema.keys() <= STRICT_KEYS:
        return False
    properties = schema.get("properties", {})
    if schema.get("type") == "object" and not (
        schema.get("additionalProperties") is False and sorted(schema.get("required", [])) == sorted(properties)
    ):
        return False
    inner = [*properties.values(), *schema.get("anyOf", [])]
    return all(map(_strict, [*inner, schema["items"]] if "items" in schema else inner))
