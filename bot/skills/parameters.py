"""The parameters of one use of a skill: what was given, checked and filled up."""

from collections.abc import Iterator, Mapping

from bot.domain.json import JSON
from bot.domain.skill import Procedure
from bot.skills.schema import converted, violations


def accepted(procedure: Procedure, given: Mapping[str, JSON]) -> tuple[dict[str, JSON], list[str]]:
    """The parameters that a run works with, and a sentence for each way in which what was given is wrong.

    Null is missing; a default stands in for what is missing; text that spells a number or a boolean is converted
    where the parameter's schema wants one.
    """
    present = {name: value for name, value in given.items() if value is not None}
    values = converted(present, {"properties": dict(procedure.parameters)})
    wrong = list(_problems(procedure, values))
    defaults = {name: schema.get("default") for name, schema in procedure.parameters.items()}
    return {name: value for name, value in (defaults | values).items() if value is not None}, wrong


def _problems(procedure: Procedure, values: Mapping[str, JSON]) -> Iterator[str]:
    for name, value in values.items():
        if name not in procedure.parameters:
            known = ", ".join(f"`{known}`" for known in procedure.parameters) or "none"
            yield f"There is no parameter `{name}`; the parameters are: {known}."
        else:
            yield from (f"Parameter `{name}`: {told}." for told in violations(value, procedure.parameters[name]))
    for name in procedure.required:
        if name not in values and procedure.parameters[name].get("default") is None:
            yield f"The parameter `{name}` is required."
