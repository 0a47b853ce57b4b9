"""`${…}` gives exactly what the format says, and nothing hostile gets past it."""

import json
import warnings
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.skills.expressions import (
    LONGEST,
    ExpressionInvalid,
    ExpressionNull,
    arguments,
    as_text,
    escape,
    evaluate,
    references,
)

VALUES = {
    "parameters": {"user": "ana", "count": 3, "gone": None, "empty": []},
    "steps": {"user": {"cards": {"a": 1, "b": 2}, "orders": ["#1", "#2"]}, "text": "Zoë"},
    "item": {"id": 7},
}
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("${parameters.count}", 3),
        ("${ parameters.count }", 3),
        ("${steps.user.orders}", ["#1", "#2"]),
        ("${steps.user.orders[-1]}", "#2"),
        ("${steps.user.cards | values(@)}", [1, 2]),
        ("${steps.user.cards | sort_by([@], &a)[0].b}", 2),
        ("${steps.user.nope || 'none'}", "none"),
        ("${item.id}", 7),
        ("${parameters.empty}", []),
        ("user ${parameters.user}: ${steps.user.orders}, ${steps.text}!", 'user ana: ["#1","#2"], Zoë!'),
        ("$${parameters.user}", "${parameters.user}"),
        ("a $$${parameters.user}", "a $${parameters.user}"),
        ("costs $5 {x} $", "costs $5 {x} $"),
        ({"a": ["${item}", 1, None, True]}, {"a": [{"id": 7}, 1, None, True]}),
        ({"${item}": 1}, {"${item}": 1}),
        ("", ""),
    ],
)
def test_a_template_gives(template: Any, value: Any) -> None:
    assert evaluate(template, VALUES) == value


@pytest.mark.parametrize(
    "template",
    ["${parameters.gone}", "${parameters.missing}", "x${item.nope}", ["${steps.never.a}"], {"a": {"b": "${item.b}"}}],
)
def test_null_stops_and_names_the_expression(template: Any) -> None:
    with pytest.raises(ExpressionNull) as caught:
        evaluate(template, VALUES)
    assert caught.value.expression in str(template)
    assert f"${{{caught.value.expression}}}" in str(caught.value)


def test_null_is_a_value_where_the_caller_says_so() -> None:
    template = {"a": "${parameters.gone}", "b": "got ${parameters.gone}"}
    assert evaluate(template, VALUES, nulls=True) == {"a": None, "b": "got null"}


def test_a_null_result_says_that_results_are_unwrapped() -> None:
    with pytest.raises(ExpressionNull, match=r"unwrapped, so write \$\{steps\.user\}"):
        evaluate("${steps.user.result.name}", VALUES)


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("${parameters.user", "never closed"),
        ("${user}", "must start with"),
        ("${}", "must start with"),
        ("${steps}", "must start with"),
        ("${parameters.*}", "must start with"),
        ("${items}", "must start with"),
        ("${values(steps.user)}", "must start with"),
        ("${steps.values(@)}", "must start with"),
        ("${steps.user.}", "no JMESPath"),
        ("${item | nope(@)}", "no JMESPath function"),
        ("${item | &id}", "no function takes"),
        ("${item | to_array(&id)}", "no function takes"),
        ("${steps.user || parameters.user}", "more than one root"),
        ("${steps.user == @}", "more than one root"),
        ("${item[" + "9" * LONGEST + "]}", "at most 1000"),
        ("${item | abs(@)}", "cannot be evaluated"),
        ("${item.id < 'x'}", "cannot be evaluated"),
        ("${steps.user.orders[::0]}", "cannot be evaluated"),
        ("${item | to_number('nan')}", "cannot be evaluated"),
        ("${item" + " | [@, @]" * 100 + "}", "too much"),
        ("${item" + " | [@, @][]" * 90 + "}", "too much"),
        ("${item" + " | [@, @]" * 50 + " | to_string(@)}", "too much"),
        ("${item.id | to_string(@)" + """ | join(@, `["", "", "", ""]`)""" * 25 + "}", "too much"),
        ("${item.id | to_string(@)" + " | join('', [@, @])" * 50 + "}", "too much"),
    ],
)
def test_a_bad_or_hostile_expression_is_refused(template: str, complaint: str) -> None:
    with pytest.raises(ExpressionInvalid, match=complaint) as caught:
        evaluate(template, VALUES)
    assert len(str(caught.value)) < 400


def test_references_are_told_in_order() -> None:
    template = {"a": "${parameters.user} ${steps.user.orders[0]}", "b": ["$${x}", "${item}"], "c": 1}
    assert references(template) == [("parameters", "user"), ("steps", "user"), ("item", "")]


@given(JSONS)
def test_escape_makes_a_template_that_gives_the_value(value: Any) -> None:
    assert evaluate(escape(value), {}) == value
    assert references(escape(value)) == []


@given(st.lists(st.sampled_from(["$", "{", "}", "${", "$${", "a", "parameters.user"])).map("".join))
def test_escape_holds_where_it_is_tight(text: str) -> None:
    assert evaluate(escape(text), {}) == text


@given(JSONS)
def test_a_lone_expression_keeps_the_value_and_text_takes_compact_json(value: Any) -> None:
    values = {"item": value}
    if value is not None:
        assert evaluate("${item}", values) == value
        inserted = evaluate("<${item}>", values)[1:-1]
        assert inserted == as_text(value)
        assert inserted == value if isinstance(value, str) else json.loads(inserted) == value


@given(st.text(alphabet="item.[]*?@&|!='`\"(),<>-:0a\\ sortbymap", max_size=40))
def test_no_expression_raises_anything_else(source: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # JMESPath's old literals
        with suppress(ExpressionInvalid):
            evaluate("${item" + source + "}", {"item": {"a": [1, {"b": "x"}]}}, nulls=True)


@pytest.mark.parametrize(("left", "right"), [("(", ")"), ("[", "]"), ("[?", "]"), ("!", ""), ("abs(", ")")])
def test_deep_nesting_is_evaluated_or_refused(left: str, right: str) -> None:
    with suppress(ExpressionInvalid):
        evaluate("${item | " + left * 400 + "@" + right * 400 + "}", VALUES, nulls=True)


SCHEMA = {
    "type": "object",
    "properties": {
        "limit": {"type": "integer"},
        "price": {"type": "number"},
        "open": {"type": "boolean"},
        "page": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "id": {"type": "string"},
        "either": {"type": ["string", "integer"]},
        "many": {"type": "array", "items": {"type": "number"}},
    },
    "required": ["id"],
}


def test_arguments_leave_out_lone_nulls_that_the_tool_does_not_require() -> None:
    template = {"id": "x${item.id}", "limit": "${parameters.gone}", "page": None}
    assert arguments(template, VALUES, SCHEMA) == {"id": "x7", "page": None}
    with pytest.raises(ExpressionNull):
        arguments({"id": "${parameters.gone}"}, VALUES, SCHEMA)
    with pytest.raises(ExpressionNull):
        arguments({"id": "a", "many": ["${parameters.gone}"]}, VALUES, SCHEMA)


def test_arguments_convert_text_where_a_number_or_boolean_is_wanted() -> None:
    template = {
        "limit": "5",
        "price": "1.5",
        "open": "True",
        "page": "2",
        "id": "007",
        "either": "8",
        "many": ["1", 2, "x"],
    }
    assert arguments(template, VALUES, SCHEMA) == {
        "limit": 5,
        "price": 1.5,
        "open": True,
        "page": 2,
        "id": "007",
        "either": "8",
        "many": [1, 2, "x"],
    }


@pytest.mark.parametrize("text", ["007", "1.5", "five", "", "1e999", "9" * 5_000, "true", " 5", "5\n", "٣"])
def test_what_does_not_spell_a_whole_number_stays_text(text: str) -> None:
    assert arguments({"id": "a", "limit": text}, VALUES, SCHEMA) == {"id": "a", "limit": text}


def test_a_number_that_json_cannot_carry_stays_text() -> None:
    assert arguments({"id": "a", "price": "1e999"}, VALUES, SCHEMA) == {"id": "a", "price": "1e999"}


def test_a_broken_schema_converts_nothing() -> None:
    assert arguments({"limit": "5"}, VALUES, {"type": "object", "properties": {"limit": {"type": 3}}}) == {"limit": "5"}
