"""What sets one version of a procedure apart from another, step by step, in sentences."""

import json
from collections.abc import Iterator, Mapping

from bot.domain.json import JSON
from bot.domain.skill import Check, Procedure, Step
from bot.domain.text import shorten
from bot.words import Sentence

SHOWN = 120
"""Characters of a value that are shown: all of it stands in the files."""


def difference(old: Procedure, new: Procedure) -> list[Sentence]:
    """What a reader of `old` has to know of `new`, by the names in procedure.yaml; nothing if they do the same."""
    return [
        *_steps(old, new),
        *_changed("parameters", old.parameters, new.parameters),
        *_changed("", _rest(old), _rest(new)),
    ]


def _steps(old: Procedure, new: Procedure) -> Iterator[Sentence]:
    before, after = ({step.id: step for step in procedure.steps} for procedure in (old, new))
    for id, step in before.items():
        if id not in after:
            yield Sentence("Step `{id}` ({tool}) is gone.", id=id, tool=step.tool or "prompt")
    for id, step in after.items():
        if id not in before:
            yield Sentence("Step `{id}` ({tool}) is new.", id=id, tool=step.tool or "prompt")
    for id in filter(before.__contains__, after):
        yield from _changed(f"steps.{id}", _parts(before[id]), _parts(after[id]))
    if [id for id in before if id in after] != [id for id in after if id in before]:
        yield Sentence("The order of the steps is now {order}.", order=", ".join(f"`{id}`" for id in after))


def _changed(where: str, before: Mapping[str, JSON], after: Mapping[str, JSON]) -> Iterator[Sentence]:
    for name in dict.fromkeys((*before, *after)):
        was, now, what = before.get(name), after.get(name), ".".join(filter(None, (where, name)))
        if was == now:
            continue
        if was is None:
            yield Sentence("`{what}` is new: {now}", what=what, now=_shown(now))
        elif isinstance(was, dict) and isinstance(now, dict):
            yield from _changed(what, was, now)
        elif now is None:
            yield Sentence("`{what}` is gone; it was {was}", what=what, was=_shown(was))
        else:
            yield Sentence("`{what}` was {was} and is {now}", what=what, was=_shown(was), now=_shown(now))


def _parts(step: Step) -> dict[str, JSON]:
    """A step's parts by their names in the file, its arguments one by one."""
    return {
        "tool": step.tool,
        "prompt": step.prompt,
        "for_each": step.for_each,
        **{f"with.{name}": value for name, value in step.arguments.items()},
        "expect": step.expect,
        "output_schema": step.output_schema,
        "needs": list(step.needs) or None,
    }


def _rest(procedure: Procedure) -> dict[str, JSON]:
    return {
        "required": list(procedure.required) or None,
        "trigger.condition": procedure.trigger.condition or None,
        "verify": [_check(check) for check in procedure.verify] or None,
        "returns": procedure.returns,
    }


def _check(check: Check) -> JSON:
    return {"tool": check.tool, "with": dict(check.arguments), "value": check.value, "expect": check.expect}


def _shown(value: JSON) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{_cut(' '.join(text.split())).replace('`', 'ˋ')}`"


def _cut(text: str) -> str:
    """Cut at the end of a word, unless that would leave too little."""
    if len(text) <= SHOWN:
        return text
    end = text.rfind(" ", SHOWN // 2, SHOWN)
    return f"{text[:end].rstrip(' ,:')} …" if end > 0 else shorten(text, SHOWN)
