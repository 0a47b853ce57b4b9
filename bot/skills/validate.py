"""What is wrong with a procedure, told all at once and without running it (FORMAT.md, Bad input)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from bot.domain.json import JSON
from bot.domain.skill import Check, Procedure, Step
from bot.skills.core_yaml import Place
from bot.skills.expressions import Expression, ExpressionInvalid, lone, references, split, texts
from bot.skills.graph import cycle
from bot.skills.procedure import Problem
from bot.skills.schema import problem, shown, violations

_PARAMETER = re.compile(r"parameters\.([a-z_][a-z0-9_]*)")
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


def problems(procedure: Procedure, own_tool: str) -> Iterator[Problem]:
    """Every problem, in the order of the file. `own_tool`: the skill as a tool, which it may not call itself."""
    yield from _parameters(procedure)
    if not procedure.steps:
        yield ("steps",), "expected at least one step"
    ids: dict[str, int] = {}
    for index, step in enumerate(procedure.steps):
        ids.setdefault(step.id, index)
    for index, step in enumerate(procedure.steps):
        yield from _step(step, ("steps", index), _View(procedure, ids, index), own_tool)
    if circle := cycle(procedure):
        yield ("steps",), f"steps wait for one another, {' → '.join(circle)}: expected an order without a cycle"
    after = _View(procedure, ids, len(procedure.steps))
    for index, check in enumerate(procedure.verify):
        yield from _check(check, ("verify", index), after, own_tool)
    yield from after.expressions(procedure.returns, ("returns",))
    yield from _unused(procedure)
    for index, example in enumerate(procedure.examples):
        yield from _example(procedure, example.parameters, ("examples", index, "parameters"))


@dataclass(frozen=True, slots=True)
class _View:
    """What an expression may refer to at one place of the procedure."""

    procedure: Procedure
    ids: Mapping[str, int]
    index: int
    """Of the step that looks: it sees those before it."""
    item: bool = False

    def expressions(self, template: JSON, place: Place) -> Iterator[Problem]:
        for where, text in texts(template, place):
            try:
                wrong = [self._wrong(part) for part in split(text) if isinstance(part, Expression)]
            except ExpressionInvalid as error:
                wrong = [str(error)]
            yield from ((where, sentence) for sentence in wrong if sentence)

    def _wrong(self, expression: Expression) -> str | None:
        told = f"${{{expression.text}}}"
        if expression.root == "item":
            return None if self.item else f"{told}: `item` is only there in the `with` of a `for_each` step"
        if expression.root == "parameters" and expression.name not in self.procedure.parameters:
            return f"{told} names no parameter: expected one of {_names(self.procedure.parameters)}"
        if expression.root == "steps" and self.ids.get(expression.name, self.index) >= self.index:
            before = (name for name, index in self.ids.items() if index < self.index)
            return f"{told} names no step that comes before: expected one of {_names(before)}"
        return None


def _parameters(procedure: Procedure) -> Iterator[Problem]:
    for name, schema in procedure.parameters.items():
        place = ("parameters", name)
        if not IDENTIFIER.fullmatch(name):
            yield place, "a parameter's name is lower-case letters, digits and `_`, and starts with no digit"
        if wrong := problem(schema, inlined=True):
            yield place, wrong
            continue
        if schema.get("default") is not None:
            yield from _fits(schema["default"], schema, (*place, "default"))
        for index, example in enumerate(schema.get("examples", ())):
            yield from _fits(example, schema, (*place, "examples", index))
    for index, name in enumerate(procedure.required):
        if name not in procedure.parameters:
            yield ("required", index), f"`{name}` is no parameter: expected one of {_names(procedure.parameters)}"


def _step(step: Step, place: Place, view: _View, own_tool: str) -> Iterator[Problem]:
    if step.id and not IDENTIFIER.fullmatch(step.id):
        yield (*place, "id"), "a step's id is lower-case letters, digits and `_`, and starts with no digit"
    if step.id and view.ids[step.id] < view.index:
        yield (*place, "id"), f"the id `{step.id}` stands twice: expected another"
    yield from _kind(step, place)
    yield from _tool(step.tool, place, own_tool)
    if step.for_each is not None:
        yield from _for_each(step.for_each, (*place, "for_each"), view)
    inside = replace(view, item=step.for_each is not None)
    yield from inside.expressions(step.arguments, (*place, "with"))
    yield from view.expressions(step.prompt, (*place, "prompt"))
    yield from _schema(step.expect, (*place, "expect", "schema"))
    yield from _output_schema(step.output_schema, (*place, "output_schema"))
    for index, name in enumerate(step.needs):
        if name not in view.ids:
            yield (*place, "needs", index), f"`{name}` is no step: expected one of {_names(view.ids)}"


def _kind(step: Step, place: Place) -> Iterator[Problem]:
    if (step.tool is None) == (step.prompt is None):
        found = "none" if step.tool is None else "both"
        yield place, f"expected exactly one of `tool` and `prompt`, found {found}"
    for key, given in (("for_each", step.for_each is not None), ("with", bool(step.arguments))):
        if given and step.tool is None:
            yield (*place, key), f"`{key}` stands in a step that has no `tool`"
    if step.output_schema is not None and step.prompt is None:
        yield (*place, "output_schema"), "`output_schema` stands in a step that has no `prompt`: expected `expect`"


def _tool(tool: str | None, place: Place, own_tool: str) -> Iterator[Problem]:
    if tool is not None and not tool.strip():
        yield (*place, "tool"), "expected the name of a tool, found nothing"
    if tool == own_tool:
        yield (*place, "tool"), "a skill cannot call itself"


def _for_each(text: str, place: Place, view: _View) -> Iterator[Problem]:
    wrong = list(view.expressions(text, place))
    yield from wrong
    if not wrong and lone(text) is None:
        yield place, "expected exactly one `${…}` that gives a list"


def _check(check: Check, place: Place, view: _View, own_tool: str) -> Iterator[Problem]:
    if (check.tool is None) == (check.value is None):
        found = "none" if check.tool is None else "both"
        yield place, f"expected exactly one of `tool` and `value`, found {found}"
    if check.arguments and check.tool is None:
        yield (*place, "with"), "`with` stands in a check that has no `tool`"
    yield from _tool(check.tool, place, own_tool)
    yield from view.expressions(check.arguments, (*place, "with"))
    yield from view.expressions(check.value, (*place, "value"))
    yield from _schema(check.expect, (*place, "expect", "schema"))


def _schema(schema: JSON, place: Place) -> Iterator[Problem]:
    if schema is not None and (wrong := problem(schema)):
        yield place, wrong


def _output_schema(schema: JSON, place: Place) -> Iterator[Problem]:
    yield from _schema(schema, place)
    if schema is not None and schema.get("type") != "object":
        yield place, f"expected `type: object`, since the output is an object, found {shown(schema.get('type'))}"


def _unused(procedure: Procedure) -> Iterator[Problem]:
    used = set()
    places = [[step.for_each, step.arguments, step.prompt] for step in procedure.steps]
    for _, text in texts([places, [[check.arguments, check.value] for check in procedure.verify], procedure.returns]):
        try:
            used |= {name for root, name in references(text) if root == "parameters"}
        except ExpressionInvalid:
            used |= set(_PARAMETER.findall(text))  # told already: what it meant to use is not told as unused
    for name in procedure.parameters:
        if name not in used:
            yield ("parameters", name), f"no expression uses the parameter: expected `${{parameters.{name}}}` somewhere"


def _example(procedure: Procedure, given: Mapping[str, JSON], place: Place) -> Iterator[Problem]:
    for name, value in given.items():
        schema = procedure.parameters.get(name)
        if schema is None:
            yield (*place, name), f"`{name}` is no parameter: expected one of {_names(procedure.parameters)}"
        elif value is not None and problem(schema) is None:
            yield from _fits(value, schema, (*place, name))
    for name in procedure.required:
        if name in procedure.parameters and given.get(name, procedure.parameters[name].get("default")) is None:
            yield place, f"the required parameter `{name}` is missing"


def _fits(value: JSON, schema: JSON, place: Place) -> Iterator[Problem]:
    for violation in violations(value, schema):
        yield place, f"the value does not fit the parameter's schema: {violation}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in islice(names, 20)) or "none, for there is none"
