"""`procedure.yaml` between its text and the domain's values (FORMAT.md, procedure.yaml)."""

from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bot.domain.json import JSON
from bot.domain.skill import Check, Example, Origin, Procedure, Provenance, Step, Trigger
from bot.skills.core_yaml import Place
from bot.skills.schema import shown

Problem = tuple[Place, str]
"""A place in the file's value, and a sentence."""


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Expect(_Model):
    schema_: dict[str, JSON] = Field(alias="schema")


class _Trigger(_Model):
    keywords: list[str] = []
    condition: str = ""
    examples: list[str] = []


class _Step(_Model):
    id: str
    tool: str | None = None
    with_: dict[str, JSON] = Field(default={}, alias="with")
    prompt: str | None = None
    for_each: str | None = None
    output_schema: dict[str, JSON] | None = None
    expect: _Expect | None = None
    needs: list[str] = []


class _Check(_Model):
    tool: str | None = None
    with_: dict[str, JSON] = Field(default={}, alias="with")
    value: JSON = None
    expect: _Expect | None = None


class _Example(_Model):
    request: str
    parameters: dict[str, JSON] = {}


class _Provenance(_Model):
    origin: Origin = "written"
    tasks: list[str] = []
    based_on: str | None = None
    refined: int = Field(default=0, ge=0)


class _File(_Model):
    format: int = Field(ge=1, le=1)
    parameters: dict[str, dict[str, JSON]] = {}
    required: list[str] = []
    trigger: _Trigger = _Trigger()
    steps: list[_Step]
    verify: list[_Check] = []
    returns: JSON = None
    examples: list[_Example] = []
    provenance: _Provenance = _Provenance()


_MODELS: Mapping[str, type[_Model]] = {
    "": _File,
    "expect": _Expect,
    "trigger": _Trigger,
    "steps": _Step,
    "verify": _Check,
    "examples": _Example,
    "provenance": _Provenance,
}
"""By the name of the key that holds them: whose keys a sentence names."""

_STAND_IN: Mapping[str, Callable[[], JSON]] = {
    "format": lambda: 1,
    "steps": lambda: [{"id": "", "tool": "?"}],
    "id": str,
    "tool": lambda: "?",
    "prompt": lambda: "?",
    "schema": dict,
    "request": lambda: "?",
}
"""What takes a bad value's place, so that the rest is still checked and nothing is told twice."""

_ELEMENT: Mapping[str, Callable[[], JSON]] = {
    "steps": lambda: {"id": "", "tool": "?"},
    "verify": lambda: {"tool": "?"},
    "examples": lambda: {"request": "?"},
}

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}


def read(value: JSON) -> tuple[Procedure, list[Problem]]:
    """The procedure that a file's value describes, and every way in which its shape is wrong.

    With problems, what was wrong is left out or stood in for, so that the rest can be checked as well.
    """
    problems: list[Problem] = []
    if not isinstance(value, dict):
        problems.append(((), f"expected a mapping with `format`, `steps` and more, found {shown(value)}"))
        value = {"format": 1, "steps": []}
    for _ in range(2):
        try:
            return _procedure(_File.model_validate(value)), problems
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                problems.append((detail["loc"], _sentence(detail)))
                _mend(value, detail["loc"], unknown=detail["type"] == "extra_forbidden")
    return Procedure(()), problems  # what was mended is refused again: never round and round


def _sentence(detail: ErrorDetails) -> str:
    key = detail["loc"][-1] if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        holder = next((part for part in detail["loc"][-2::-1] if isinstance(part, str)), "")
        known = [field.alias or name for name, field in _MODELS[holder].model_fields.items()]
        return f"unknown key: expected one of {', '.join(known)}"
    if detail["type"] == "missing":
        return f"the key `{key}` is missing"
    expected = _EXPECTED.get(detail["type"], detail["msg"].lower())
    return f"expected {expected.format(**detail.get('ctx', {}))}, found {shown(detail['input'])}"


def _mend(value: JSON, place: Place, *, unknown: bool) -> None:
    """Take out what was refused, or let something stand in for it."""
    *above, key = place
    holder = _at(value, above)
    if isinstance(key, int) and len(above) == 1 and above[0] in _ELEMENT:
        holder[key] = _ELEMENT[str(above[0])]()
    elif isinstance(key, int):
        holder.clear()
    elif above == ["parameters"]:
        holder[key] = {}
    elif key in _STAND_IN and not unknown:
        holder[key] = _STAND_IN[key]()
    else:
        del holder[key]


def _at(value: JSON, place: list[str | int]) -> JSON:
    for key in place:
        value = value[key]
    return value


def _procedure(file: _File) -> Procedure:
    return Procedure(
        steps=tuple(_step(step) for step in file.steps),
        parameters=file.parameters,
        required=tuple(file.required),
        trigger=Trigger(tuple(file.trigger.keywords), file.trigger.condition, tuple(file.trigger.examples)),
        verify=tuple(
            Check(check.tool, check.with_, check.value, check.expect and check.expect.schema_) for check in file.verify
        ),
        returns=file.returns,
        examples=tuple(Example(example.request, example.parameters) for example in file.examples),
        provenance=Provenance(
            file.provenance.origin, tuple(file.provenance.tasks), file.provenance.based_on, file.provenance.refined
        ),
    )


def _step(step: _Step) -> Step:
    return Step(
        id=step.id,
        tool=step.tool,
        arguments=step.with_,
        prompt=step.prompt,
        for_each=step.for_each,
        output_schema=step.output_schema,
        expect=step.expect and step.expect.schema_,
        needs=tuple(step.needs),
    )


def written(procedure: Procedure) -> JSON:
    """The value of the file that describes this procedure; what says nothing is left out."""
    trigger, provenance = procedure.trigger, procedure.provenance
    return _given(
        format=1,
        parameters=procedure.parameters or None,
        required=list(procedure.required) or None,
        trigger=_given(
            keywords=list(trigger.keywords) or None,
            condition=trigger.condition or None,
            examples=list(trigger.examples) or None,
        )
        or None,
        steps=[_written_step(step) for step in procedure.steps],
        verify=[_written_check(check) for check in procedure.verify] or None,
        returns=procedure.returns,
        examples=[{"request": example.request, "parameters": example.parameters} for example in procedure.examples]
        or None,
        provenance=_given(
            origin=provenance.origin,
            tasks=list(provenance.tasks),
            based_on=provenance.based_on,
            refined=provenance.refined,
        ),
    )


def _written_step(step: Step) -> JSON:
    rest = _given(prompt=step.prompt, output_schema=step.output_schema, expect=_written_expect(step.expect))
    call = {"with": step.arguments} if step.arguments else {}
    return _given(id=step.id, needs=list(step.needs) or None, for_each=step.for_each, tool=step.tool) | call | rest


def _written_check(check: Check) -> JSON:
    call = {"with": check.arguments} if check.arguments else {}
    return _given(tool=check.tool) | call | _given(value=check.value, expect=_written_expect(check.expect))


def _written_expect(schema: JSON) -> JSON:
    return None if schema is None else {"schema": schema}


def _given(**values: JSON) -> dict[str, JSON]:
    return {key: value for key, value in values.items() if value is not None}
