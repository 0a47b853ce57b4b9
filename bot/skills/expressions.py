"""`${…}` in a procedure: JMESPath over parameters, earlier outputs and the element (FORMAT.md, Expressions)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jmespath import functions, parser, visitor  # type: ignore[import-untyped]  # the package ships no types

from bot.domain.json import JSON
from bot.domain.text import shorten
from bot.errors import ApprenticeError
from bot.skills.core_yaml import Place
from bot.skills.schema import converted

LONGEST = 1_000
"""Characters of one expression."""
BUDGET = 1_000_000
"""Nodes visited, elements and characters made while one expression is evaluated: nobody's procedure comes near."""

_PART = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_ROOT = re.compile(r"(?:(parameters|steps)\.([a-z_][a-z0-9_]*)|(item))(?![A-Za-z0-9_]|\s*\()")
_FAILURES = (ValueError, TypeError, ArithmeticError, LookupError, RecursionError)
"""What jmespath raises for bad input: its own errors are ValueErrors, the others slip through from Python."""
_TAKES_EXPRESSION = frozenset(["map", "sort_by", "min_by", "max_by"])
_FIRST_SEES_ROOT = frozenset(
    ["subexpression", "pipe", "index_expression", "projection", "value_projection", "filter_projection", "flatten"]
)
_ALL_SEE_ROOT = frozenset(
    ["or_expression", "and_expression", "not_expression", "comparator", "function_expression", "multi_select_list"]
)


class ExpressionInvalid(ApprenticeError):
    """The expression breaks the rules, or fails on the values it was given."""


class ExpressionNull(ApprenticeError):
    """The expression gives null, or what it names is missing, where a value is needed."""

    def __init__(self, expression: "Expression") -> None:
        hint = ""
        if expression.root == "steps" and re.match(rf"steps\.{expression.name}\.result\b", expression.text):
            hint = f": an output with the one key `result` is unwrapped, so write ${{steps.{expression.name}}}"
        super().__init__(f"${{{expression.text}}} is null or missing{hint}")
        self.expression = expression.text


@dataclass(frozen=True, slots=True)
class Expression:
    """One `${…}`: its text, what it starts with (`parameters`, `steps` or `item`) and the name ("" for `item`)."""

    text: str
    root: str
    name: str
    tree: Any

    def value(self, values: Mapping[str, JSON]) -> JSON:
        """Evaluate; None where it is null or missing. Raises ExpressionInvalid."""
        try:
            result = _Interpreter().visit(self.tree, values)
            json.dumps(result, allow_nan=False)
        except _FAILURES as error:
            raise ExpressionInvalid(f"${{{_short(self.text)}}} cannot be evaluated: {_sentence(error)}") from error
        return result

    def needed(self, values: Mapping[str, JSON]) -> JSON:
        """Evaluate to something. Raises ExpressionNull and ExpressionInvalid."""
        value = self.value(values)
        if value is None:
            raise ExpressionNull(self)
        return value


def split(text: str) -> tuple[str | Expression, ...]:
    """Cut a text into literal pieces and expressions. Raises ExpressionInvalid for the first bad expression."""
    return _split(text)


def texts(template: JSON, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text in which expressions are looked for (all but keys), with its place under `place`."""
    if isinstance(template, str):
        yield place, template
    elif isinstance(template, Mapping):
        for key, value in template.items():
            yield from texts(value, (*place, key))
    elif isinstance(template, list | tuple):
        for index, value in enumerate(template):
            yield from texts(value, (*place, index))


def references(template: JSON) -> list[tuple[str, str]]:
    """What a template refers to: `("parameters", "user_id")`, `("steps", "orders")`, `("item", "")`, in order.

    Raises ExpressionInvalid.
    """
    parts = (part for _, text in texts(template) for part in split(text))
    return [(part.root, part.name) for part in parts if isinstance(part, Expression)]


def evaluate(template: JSON, values: Mapping[str, JSON], *, nulls: bool = False) -> JSON:
    """Put values into a template.

    `values` is `{"parameters": {…}, "steps": {…}, "item": …}`. A text that is exactly one expression takes the value
    with its type; inside longer text a string is put in as it is, anything else as compact JSON. Null raises
    ExpressionNull, unless `nulls` says that null is a value like any other (in `returns`). Raises ExpressionInvalid.
    """
    if isinstance(template, str):
        return _fill(split(template), values, nulls)
    if isinstance(template, Mapping):
        return {key: evaluate(value, values, nulls=nulls) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [evaluate(value, values, nulls=nulls) for value in template]
    return template


def arguments(template: Mapping[str, JSON], values: Mapping[str, JSON], schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """The arguments of one call of the tool with this schema, from a step's `with`.

    A key that is exactly one null expression is left out unless the schema requires it; text that spells a number or
    a boolean is converted where the schema wants one. Raises ExpressionNull and ExpressionInvalid.
    """
    required = schema.get("required", ())
    given = {}
    for key, part in template.items():
        expression = lone(part)
        if expression is None or key in required or expression.value(values) is not None:
            given[key] = evaluate(part, values)
    return converted(given, schema)


def escape(value: JSON) -> JSON:
    """The template that gives exactly this value: `${` in its texts becomes `$${`."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: escape(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [escape(inner) for inner in value]
    return value


def as_text(value: JSON) -> str:
    """How a value stands inside text: a string as it is, else compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def lone(template: JSON) -> Expression | None:
    """The expression that a text consists of, if it is exactly one."""
    parts = split(template) if isinstance(template, str) else ()
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Expression) else None


def _fill(parts: tuple[str | Expression, ...], values: Mapping[str, JSON], nulls: bool) -> JSON:
    read = Expression.value if nulls else Expression.needed
    filled = [part if isinstance(part, str) else read(part, values) for part in parts]
    return filled[0] if len(filled) == 1 else "".join(as_text(value) for value in filled)


@lru_cache(maxsize=2_048)
def _split(text: str) -> tuple[str | Expression, ...]:
    parts: list[str | Expression] = []
    literal, end = "", 0
    for match in _PART.finditer(text):
        literal += text[end : match.start()]
        end = match.end()
        if match[1] is None:
            literal += "${"
        elif not match[2]:
            raise ExpressionInvalid(f"`{_short(match[0])}` is never closed: expected `}}` (a literal `${{` is `$${{`)")
        else:
            parts += ([literal] if literal else []) + [_compile(match[1])]
            literal = ""
    literal += text[end:]
    return tuple([*parts, literal] if literal or not parts else parts)


def _compile(source: str) -> Expression:
    text = source.strip()
    if len(text) > LONGEST:
        raise ExpressionInvalid(f"${{{_short(text)}}} has {len(text)} characters: expected at most {LONGEST}")
    start = _ROOT.match(text)
    if start is None:
        raise ExpressionInvalid(
            f"${{{_short(text)}}} must start with `parameters.NAME`, `steps.ID` or `item` (functions follow a pipe)"
        )
    try:
        tree = parser.Parser().parse(text).parsed
    except _FAILURES as error:
        raise ExpressionInvalid(f"${{{_short(text)}}} is no JMESPath: {_sentence(error)}") from error
    _check_functions(text, tree)
    if len(_roots(tree)) != 1:
        raise ExpressionInvalid(f"${{{_short(text)}}} has more than one root: it may only read what it starts with")
    return Expression(text, start[1] or "item", start[2] or "", tree)


def _roots(tree: Any) -> list[Any]:
    """The leaves that see the whole of `values`: JMESPath evaluates the others on what stands left of them."""
    leaves, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        if node["type"] in _FIRST_SEES_ROOT:
            waiting.append(node["children"][0])
        elif node["type"] in _ALL_SEE_ROOT:
            waiting.extend(node["children"])
        elif node["type"] not in ("literal", "expref"):
            leaves.append(node)
    return leaves


def _check_functions(text: str, tree: Any) -> None:
    """Unknown functions, and `&x` where no function takes one: its value would be no JSON."""
    waiting = [("", tree)]
    while waiting:
        parent, node = waiting.pop()
        function = node["value"] if node["type"] == "function_expression" else ""
        if function and function not in functions.Functions.FUNCTION_TABLE:
            raise ExpressionInvalid(f"${{{_short(text)}}} calls `{function}`, which is no JMESPath function")
        if node["type"] == "expref" and parent not in _TAKES_EXPRESSION:
            raise ExpressionInvalid(f"${{{_short(text)}}} has a `&` that no function takes")
        waiting.extend((function, child) for child in node["children"] if isinstance(child, dict))


class _Interpreter(visitor.TreeInterpreter):  # type: ignore[misc]  # the package ships no types
    """JMESPath that gives up when an expression grows what it was given out of all proportion."""

    def __init__(self) -> None:
        super().__init__()
        self._left = BUDGET

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        result = super().visit(node, *args, **kwargs)
        if node["type"] == "multi_select_list":
            self._spend(_size(result, self._left))  # repeats a value by reference: small here, vast when written out
        elif node["type"] in ("function_expression", "flatten"):
            self._spend(len(result) if isinstance(result, str | list) else 1)
        else:
            self._spend(1)
        return result

    def _spend(self, cost: int) -> None:
        self._left -= cost
        if self._left < 0:
            raise ValueError("it makes too much of its input")


def _size(value: JSON, most: int) -> int:
    """Nodes and characters of a value written out, counted up to a little more than `most`."""
    total, waiting = 0, [value]
    while waiting and total <= most:
        node = waiting.pop()
        total += 1 + (len(node) if isinstance(node, str | list | dict) else 0)
        if isinstance(node, list | dict):
            waiting.extend(node.values() if isinstance(node, dict) else node)
    return total


def _sentence(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else _short(str(error), 200)


def _short(text: str, most: int = 60) -> str:
    return shorten(" ".join(text.split()), most)
