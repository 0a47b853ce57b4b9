"""Outputs are parsed and unwrapped once, and hostile text stays text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.skills.output import normalise


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("19122", "19122"),
        ("true", "true"),
        ('"quoted"', '"quoted"'),
        ("plain text", "plain text"),
        ("", ""),
        ('{"a": 1}', {"a": 1}),
        ("\n [1, 2]\n", [1, 2]),
        ({"result": 5}, 5),
        ({"result": "5"}, "5"),
        ({"result": "[5]"}, [5]),
        ('{"result": "{\\"result\\": 1}"}', {"result": 1}),
        ({"result": 1, "more": 2}, {"result": 1, "more": 2}),
        ({"result": None}, None),
        (7, 7),
        (None, None),
        ("[1", "[1"),
        ("{x}", "{x}"),
        ("[NaN]", "[NaN]"),
        ("[1e999]", "[1e999]"),
        ('["\\ud800"]', '["\\ud800"]'),
        ("[" * 100_000, "[" * 100_000),
        ("[" + "9" * 10_000 + "]", "[" + "9" * 10_000 + "]"),
    ],
)
def test_an_output_is(content: Any, value: Any) -> None:
    assert normalise(content) == value


@given(st.text())
def test_text_gives_itself_or_an_object_or_a_list(text: str) -> None:
    value = normalise(text)
    assert value == text or isinstance(value, dict | list)
