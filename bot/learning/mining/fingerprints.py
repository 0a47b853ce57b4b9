"""The identity of a procedure's structure: its tools and the flow of data, whatever things are called."""

import json
from collections.abc import Mapping
from hashlib import sha256

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Step
from bot.domain.tool import reads_by_name
from bot.skills.expressions import Expression, split
from bot.skills.graph import next_round


def fingerprint(procedure: Procedure) -> str:
    """SHA-256 in hex. Ids, names, words, the order of arguments and that of independent reads do not change it.

    Constants do, and so does the order of what may write.
    """
    steps: dict[str, str] = {}
    names: dict[str, str] = {}
    shape: list[JSON] = []
    waiting = [*procedure.steps]
    while waiting:
        first = next_round(waiting, _writes) or waiting
        step = min(first, key=lambda each: json.dumps(_shape(each, steps, {**names}), sort_keys=True))
        shape.append(_shape(step, steps, names))
        steps[step.id] = f"s{len(steps)}"
        waiting.remove(step)
    return sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()


def _writes(step: Step) -> bool:
    return step.tool is not None and step.for_each is None and not reads_by_name(step.tool)


def _shape(step: Step, steps: Mapping[str, str], names: dict[str, str]) -> JSON:
    prompt = [part for part in split(step.prompt or "") if isinstance(part, Expression)]
    return {
        "tool": step.tool,
        "prompt": [_renamed(part, steps, names) for part in prompt],
        "for_each": _flow(step.for_each, steps, names),
        "with": _flow(step.arguments, steps, names),
        "needs": sorted(steps.get(id, id) for id in step.needs),
    }


def _flow(template: JSON, steps: Mapping[str, str], names: dict[str, str]) -> JSON:
    if isinstance(template, str):
        parts = split(template)
        return [part if isinstance(part, str) else [_renamed(part, steps, names)] for part in parts]
    if isinstance(template, Mapping):
        return {key: _flow(template[key], steps, names) for key in sorted(template)}
    if isinstance(template, list | tuple):
        return [_flow(element, steps, names) for element in template]
    return template


def _renamed(expression: Expression, steps: Mapping[str, str], names: dict[str, str]) -> str:
    """The expression with its root told by place: parameters are counted as they appear."""
    if expression.root == "item":
        return expression.text
    if expression.root == "steps":
        known = steps.get(expression.name, expression.name)
    else:
        known = names.setdefault(expression.name, f"p{len(names)}")
    return f"{expression.root}.{known}{expression.text[len(expression.root) + 1 + len(expression.name) :]}"
