"""Arguments: the schema that the model reads, and the sentence it gets for a wrong call."""

import pytest
from pydantic import Field

from bot.errors import ToolError
from bot.tools.arguments import Arguments, schema_of, validated


class Order(Arguments):
    number: int = Field(ge=1)
    note: str = ""


def test_the_schema_is_compact() -> None:
    assert schema_of(Order) == {
        "type": "object",
        "properties": {"number": {"type": "integer", "minimum": 1}, "note": {"type": "string"}},
        "required": ["number"],
    }
    assert schema_of(Arguments) == {"type": "object", "properties": {}}


def test_right_arguments_become_an_instance() -> None:
    assert validated(Order, {"number": 3}) == Order(number=3, note="")


def test_every_mistake_is_told_with_the_arguments_there_are() -> None:
    with pytest.raises(ToolError) as caught:
        validated(Order, {"number": "3", "notes": "x"})
    assert str(caught.value) == (
        "The arguments do not fit: number: Input should be a valid integer; notes: Extra inputs are not permitted. "
        "The arguments of this tool are: number, note."
    )


def test_what_was_given_is_not_told_back() -> None:
    with pytest.raises(ToolError) as caught:
        validated(Order, {"number": "hunter2"} | {f"extra_{place}": 1 for place in range(1000)})
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value)) < 500
