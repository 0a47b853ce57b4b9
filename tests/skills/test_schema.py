"""Schemas are checked within bounds, offline, in sentences."""

import socket
from typing import Any

import pytest

from bot.skills.schema import SHOWN, problem, violations


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"type": "object", "properties": {"pattern": {"type": "string", "pattern": "^a+$"}}}, None),
        ({"type": "string", "examples": [{"$ref": "http://example.com"}]}, None),
        ({"type": "strin"}, "no JSON Schema: type"),
        ([], "found a list"),
        ({"properties": {"a": {"minLength": -1}}}, "properties.a.minLength"),
        ({"pattern": "(?=a)"}, "look-around"),
        ({"items": [{"type": "string"}]}, "no JSON Schema: items"),
        ({"anyOf": [{"$ref": "https://example.com/schema"}]}, "`$ref` must point into the same schema"),
        ({"patternProperties": {"a": {}}}, "not supported"),
    ],
)
def test_a_problem_is_told(schema: Any, complaint: str | None) -> None:
    told = problem(schema)
    assert told is None if complaint is None else complaint in (told or "")


@pytest.mark.parametrize(
    ("value", "schema", "told"),
    [
        ({"orders": ["a"]}, {"type": "object", "required": ["orders"]}, []),
        ({}, {"required": ["orders"]}, ["'orders' is a required property"]),
        ({"a": [1, "x"]}, {"properties": {"a": {"items": {"type": "integer"}}}}, ['a.1: expected integer, found "x"']),
        ("x" * 500, {"maxLength": 3}, ["a long text breaks `maxLength`"]),
        ([{"a": 1}, {"a": 1}], {"uniqueItems": True}, ["the list repeats an element"]),
        ("abc", {"pattern": "b"}, []),
        ("abc", {"pattern": "^b"}, ["'abc' does not match '^b'"]),
        (1, {"$ref": "#/$defs/nope"}, ["the schema refers to '/$defs/nope', which it does not define"]),
        (1, {"$ref": "http://127.0.0.1:1/"}, ["the schema refers to 'http://127.0.0.1:1/', which it does not define"]),
        (1, {"$ref": "#"}, ["checking it against the schema takes too long"]),
    ],
)
def test_violations_are_told(value: Any, schema: Any, told: list[str]) -> None:
    assert violations(value, schema) == told


def test_no_reference_reaches_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert violations(1, {"$ref": f"http://127.0.0.1:{listener.getsockname()[1]}/"})
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_only_some_violations_are_told() -> None:
    assert len(violations([1] * 100, {"items": {"type": "string"}})) == SHOWN


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("a" * 50_000 + "!", {"pattern": "^(a+)+$"}),
        ([{"a": n} for n in range(20_000)], {"uniqueItems": True}),
        (
            1,
            {
                "$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(50)} | {"a50": {}},
                "$ref": "#/$defs/a0",
            },
        ),
    ],
)
def test_a_hostile_schema_does_not_hang(value: Any, schema: Any) -> None:
    assert problem(schema) is None
    violations(value, schema)
