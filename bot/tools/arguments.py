"""The arguments of the built-in tools: a pydantic model a tool gives the schema and judges the call."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.json import JSON
from bot.errors import ToolError

SHOWN = 5
"""Mistakes that are told of one call."""


class Arguments(BaseModel):
    """The arguments of a tool: just those it names, of just their types."""

    model_config = ConfigDict(extra="forbid", strict=True)


Model = TypeVar("Model", bound=Arguments)


def schema_of(model: type[Arguments]) -> dict[str, JSON]:
    """The JSON Schema that the model reads, without titles and defaults: each request carries its bytes."""
    schema = model.model_json_schema()
    properties = {
        name: {key: value for key, value in given.items() if key not in ("title", "default")}
        for name, given in schema.get("properties", {}).items()
    }
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"type": "object", "properties": properties, **required}


def validated(model: type[Model], arguments: dict[str, JSON]) -> Model:
    """The arguments as the model's instance. Raises ToolError with the mistakes and what was expected."""
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        mistakes = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}" for each in error.errors()[:SHOWN]
        )
        known = ", ".join(model.model_fields) or "none"
        raise ToolError(f"The arguments do not fit: {mistakes}. The arguments of this tool are: {known}.") from None
