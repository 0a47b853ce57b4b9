"""JSON Schema (2020-12) as skills use it: bounded in time, never over the network, told in sentences."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, SchemaError, ValidationError  # type: ignore[import-untyped]  # no types
from jsonschema.validators import extend  # type: ignore[import-untyped]  # no types
from pydantic_core import SchemaError as PatternError
from pydantic_core import SchemaValidator, core_schema
from referencing import Registry
from referencing.exceptions import Unresolvable

from bot.domain.json import JSON

BUDGET = 200_000
"""Keywords applied in one validation: a second or two. A schema that refers to itself can need any number."""
SHOWN = 5
"""Violations told of one value."""

_DATA = frozenset(["const", "default", "enum", "examples"])
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_left: ContextVar[int] = ContextVar("_left")
_shared: ContextVar[bool] = ContextVar("_shared", default=False)


@contextmanager
def one_budget() -> Iterator[None]:
    """All validations inside share one BUDGET: however many they are, they end."""
    _left.set(BUDGET)
    token = _shared.set(True)
    try:
        yield
    finally:
        _shared.reset(token)


class _TooCostly(Exception):
    """The budget is spent."""


def _counted(keyword: Callable[..., Iterator[Any] | None]) -> Callable[..., Iterator[Any]]:
    def check(validator: Any, value: JSON, instance: JSON, schema: JSON) -> Iterator[Any]:
        _left.set(_left.get() - 1)
        if _left.get() < 0:
            raise _TooCostly
        yield from keyword(validator, value, instance, schema) or ()

    return check


def _pattern(_: Any, pattern: str, instance: JSON, __: JSON) -> Iterator[Any]:
    if isinstance(instance, str) and (matcher := _matcher(pattern)) and not matcher.isinstance_python(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _unique(_: Any, unique: JSON, instance: JSON, __: JSON) -> Iterator[Any]:
    items = instance if unique and isinstance(instance, list) else []
    if len({json.dumps(item, sort_keys=True) for item in items}) < len(items):
        yield ValidationError("the list repeats an element")


_KEYWORDS = {**Draft202012Validator.VALIDATORS, "pattern": _pattern, "uniqueItems": _unique}
_Validator = extend(Draft202012Validator, {name: _counted(keyword) for name, keyword in _KEYWORDS.items()})


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> SchemaValidator | None:
    """Rust's regular expressions, since Python's can take for ever; None for what they cannot do (look-around)."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except PatternError:
        return None


def problem(schema: JSON, *, inlined: bool = False) -> str | None:
    """Why this is no JSON Schema that a skill may use, as a sentence's end; None if it is one.

    `inlined`: it becomes part of a larger schema, where a reference would point elsewhere.
    """
    if not isinstance(schema, Mapping):
        return f"expected a JSON Schema (a mapping), found {shown(schema)}"
    return _broken(json.dumps(schema)) or next(_unusable(schema, inlined), None)


@lru_cache(maxsize=1_024)
def _broken(schema: str) -> str | None:
    try:
        Draft202012Validator.check_schema(json.loads(schema))
    except SchemaError as error:
        return f"no JSON Schema: {_told(error)}"
    except RecursionError:
        return "no JSON Schema: it is nested too deeply"
    return None


def _unusable(schema: JSON, inlined: bool) -> Iterator[str]:
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            pattern, reference = node.get("pattern"), node.get("$ref")
            if isinstance(pattern, str) and _matcher(pattern) is None:
                yield f"the pattern {pattern!r} is not a regular expression without look-around and back-references"
            if isinstance(node.get("patternProperties"), Mapping):
                yield "`patternProperties` is not supported: name the properties, or use `additionalProperties`"
            if isinstance(reference, str) and inlined:
                yield "`$ref` has nothing to point at in a parameter's schema: write the schema out"
            elif isinstance(reference, str) and not reference.startswith("#"):
                yield f"`$ref` must point into the same schema (`#/…`), found {shown(reference)}"
            waiting.extend(value for key, value in node.items() if key not in _DATA)
        elif isinstance(node, list):
            waiting.extend(node)


def violations(value: JSON, schema: JSON) -> list[str]:
    """How a value breaks a schema: at most SHOWN sentences' ends, each with its place; [] if it does not."""
    found = []
    try:
        for error in _errors(value, schema):
            found.append(_told(error))
            if len(found) == SHOWN:
                break
    except (_TooCostly, RecursionError):
        return ["checking it against the schema takes too long"]
    except Unresolvable as error:
        return [f"the schema refers to {error.ref!r}, which it does not define"]
    return found


def converted(arguments: dict[str, JSON], schema: JSON) -> dict[str, JSON]:
    """The arguments with text that spells a number or a boolean converted, where the schema wants one."""
    try:
        wrong = list(_errors(arguments, schema)) if _broken(json.dumps(schema)) is None else []
    except (_TooCostly, RecursionError, Unresolvable):
        return arguments
    result: dict[str, JSON] = json.loads(json.dumps(arguments)) if wrong else arguments
    for error in wrong:
        for place, value in _spelled(error):
            _put(result, place, value)
    return result


def _errors(value: JSON, schema: JSON) -> Iterator[ValidationError]:
    if not _shared.get():
        _left.set(BUDGET)
    yield from _Validator(schema, registry=Registry()).iter_errors(value)


def _spelled(error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], JSON]]:
    if error.validator == "type" and isinstance(error.instance, str):
        wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        value = _reading(error.instance, wanted)
        if value is not None:
            yield tuple(error.absolute_path), value
    for inner in error.context or ():
        yield from _spelled(inner)


def _reading(text: str, wanted: list[str]) -> JSON:
    """The number or boolean that a text spells, if such is wanted; None otherwise."""
    if "boolean" in wanted and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if not {"integer", "number"} & set(wanted) or len(text) > 100 or not _NUMBER.fullmatch(text):
        return None
    number: int | float = json.loads(text)
    whole = isinstance(number, int) or number.is_integer()
    return number if math.isfinite(number) and (whole or "number" in wanted) else None


def _put(value: JSON, place: tuple[str | int, ...], new: JSON) -> None:
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = new


def _told(error: ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path)
    return f"{place}: {_plain(error)}" if place else _plain(error)


def _plain(error: ValidationError) -> str:
    """The error without the value, which may be long and nobody's business: what was expected, and the kind found."""
    if error.validator == "type":
        wanted = error.validator_value
        return f"expected {' or '.join(wanted) if isinstance(wanted, list) else wanted}, found {shown(error.instance)}"
    message: str = error.message
    return message if len(message) <= 200 else f"{shown(error.instance)} breaks `{error.validator}`"


def shown(value: JSON) -> str:
    """A value in a sentence: short ones as JSON, others by kind."""
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, str | int | float | None) else ""
    if text and len(text) <= 60:
        return text
    return "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "a long text"
