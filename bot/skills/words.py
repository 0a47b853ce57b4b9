"""The body of `SKILL.md` for a skill with a procedure: the procedure in words, for people and other agents."""

import re
from collections.abc import Iterable, Iterator, Mapping

from bot.domain.json import JSON
from bot.domain.skill import Check, Example, Procedure, Skill, Step
from bot.skills.expressions import as_text, lone

_PATH = re.compile(r"(?:parameters\.\w+|steps\.\w+|item)\.?(.*)")


def body(skill: Skill, procedure: Procedure) -> str:
    """Markdown: what the skill does, when to use it, its parameters, its steps, what comes back, examples."""
    sections = [
        f"# {skill.name.replace('-', ' ').capitalize()}\n\n{_line(skill.description)}",
        _section("When to use it", "\n\n", _when(procedure)),
        _section("Parameters", "\n", (_parameter(procedure, name) for name in procedure.parameters)),
        _section("Steps", "\n", (f"{number}. {_step(step)}" for number, step in enumerate(procedure.steps, 1))),
        _section("What comes back", "\n\n", [_returns(procedure)]),
        _section("Checks afterwards", "\n", (f"- {_check(check)}" for check in procedure.verify)),
        _section("Examples", "\n\n", (_example(example) for example in procedure.examples)),
    ]
    return "\n\n".join(filter(None, sections))


def _section(title: str, between: str, parts: Iterable[str]) -> str:
    text = between.join(parts)
    return f"## {title}\n\n{text.rstrip()}" if text else ""


def _when(procedure: Procedure) -> Iterator[str]:
    trigger = procedure.trigger
    if trigger.condition:
        yield _line(trigger.condition)
    if trigger.keywords:
        yield f"Words that point to it: {', '.join(_line(word) for word in trigger.keywords)}."
    if trigger.examples:
        yield "\n".join(["People say:", "", *(f"- {_line(example)}" for example in trigger.examples)])


def _parameter(procedure: Procedure, name: str) -> str:
    schema = procedure.parameters[name]
    kind = schema.get("type", "any value")
    kinds = " or ".join(kind) if isinstance(kind, list) else str(kind)
    default = f", else {_code(schema['default'])}" if schema.get("default") is not None else ""
    need = "required" if name in procedure.required else "optional"
    meaning = _line(str(schema.get("description", ""))).rstrip(".")
    examples = ", ".join(_code(example) for example in schema.get("examples", ()))
    sentences = [meaning, f"For example {examples}" if examples else ""]
    told = " ".join(f"{sentence}." for sentence in sentences if sentence)
    return f"- {_code(name)} ({kinds}, {need}{default}){': ' if told else ''}{told}"


def _step(step: Step) -> str:
    after = f", after {_names(step.needs)}" if step.needs else ""
    expects = " Its output must fit what later steps use." if step.expect is not None else ""
    if step.prompt is not None:
        form = ", which answers with an object" if step.output_schema is not None else ""
        return f"{_code(step.id)}{after}: ask the model{form}.{expects}\n\n{_quote(step.prompt)}\n"
    each = f"for each element of {_value(step.for_each)}, " if step.for_each is not None else ""
    return f"{_code(step.id)}{after}: {each}{_call(step.tool, step.arguments)}.{expects}"


def _call(tool: str | None, arguments: Mapping[str, JSON]) -> str:
    given = ", ".join(f"{_code(name)} = {_value(value)}" for name, value in arguments.items())
    return f"call {_code(tool)}{f' with {given}' if given else ''}"


def _check(check: Check) -> str:
    subject = _call(check.tool, check.arguments) if check.tool else f"look at {_value(check.value)}"
    return f"{subject}{f'; it must fit {_code(check.expect)}' if check.expect is not None else ''}."


def _returns(procedure: Procedure) -> str:
    if procedure.returns is None:
        return "The output of every step, by its name."
    if isinstance(procedure.returns, Mapping):
        return "\n".join(f"- {_code(key)}: {_value(value)}" for key, value in procedure.returns.items())
    return f"{_value(procedure.returns)}."


def _example(example: Example) -> str:
    given = ", ".join(f"{_code(name)} = {_code(value)}" for name, value in example.parameters.items())
    return f"> {_line(example.request)}\n\nThat means {given or 'no parameters'}."


def _value(template: JSON) -> str:
    """A value in words where it is exactly one path, else as it stands in the file."""
    expression = lone(template)
    path = _PATH.fullmatch(expression.text) if expression else None
    if expression is None or path is None:
        return _code(template)
    owner = {
        "parameters": f"the parameter {_code(expression.name)}",
        "steps": f"the output of {_code(expression.name)}",
        "item": "the element",
    }[expression.root]
    return f"{_code(path[1])} in {owner}" if path[1] else owner


def _names(names: Iterable[str]) -> str:
    return ", ".join(_code(name) for name in names)


def _code(value: JSON) -> str:
    """Inline code that no backtick in the value can leave."""
    text = _line(as_text(value))
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _quote(text: str) -> str:
    return "\n".join(f"   > {line}".rstrip() for line in text.strip().split("\n"))


def _line(text: str) -> str:
    return " ".join(text.split())
