"""An argument that is the same every time, and no accident of the cases that were seen."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bot.domain.json import JSON
from bot.learning.mining.canonical import Call
from bot.learning.mining.evidence import AGREEING, form_bits, is_id, mark, stands_in
from bot.learning.mining.explanation import Idea, Values, rarely
from bot.learning.mining.pattern import Constant
from bot.learning.mining.support import Support
from bot.skills.expressions import as_text

WORTH_TELLING = 0.5
"""Share of the places that must have one value for a constant to be thought of."""
PLAIN = 7.0
"""Bits of values that any large result holds: numbers of two digits, single letters."""


def constants(values: Values, proven: bool) -> Iterator[Idea]:
    """The constant that an argument could be. `proven`: the cases are many enough, or the schema names the choices."""
    counts = Counter(mark(value) for value in values.values)
    key = max(counts, key=lambda value: (counts[value], value))
    if counts[key] >= WORTH_TELLING * len(values.values):
        yield Idea(Constant(key), counts[key], _doubt(values, key, counts[key], proven))


def has_choices(schema: Mapping[str, JSON], slot: Sequence[str | int]) -> bool:
    """Whether a tool's schema gives one argument a closed choice: an enum, a constant or a boolean."""
    declared = declared_at(schema, slot)
    return "enum" in declared or "const" in declared or declared.get("type") == "boolean"


def declared_at(schema: Mapping[str, JSON], slot: Sequence[str | int]) -> Mapping[str, JSON]:
    """What a tool's schema says of one argument; empty where it says nothing."""
    for key in slot:
        properties = schema.get("properties")
        inner = properties.get(key) if isinstance(properties, Mapping) else None
        schema = inner if isinstance(inner, Mapping) else {}
    return schema


def _doubt(values: Values, key: str, held: int, proven: bool) -> str | None:
    value = json.loads(key)
    if held < values.enough:
        return rarely(held, len(values.values))
    if is_id(values.slot, value):
        return "it identifies something"
    if not proven and not isinstance(value, bool):
        return "it was seen with too few independent cases"
    if _often(values, lambda support: bool(as_text(value)) and stands_in(value, support.said)):
        return "the person said it"
    if form_bits(value) > PLAIN and _often(values, lambda support: _given(value, support.earlier(values.step))):
        return "it came out of an earlier result"
    return None


def _often(values: Values, holds: Callable[[Support], bool]) -> bool:
    """Whether something holds in more tasks than an accident explains."""
    tasks = {support.run.task for support in values.supports}
    return len({s.run.task for s in values.supports if holds(s)}) > (1 - AGREEING) * len(tasks)


def _given(value: JSON, calls: Iterable[Call]) -> bool:
    """Whether a value stands as a value of its own in results: between quotes, or as all of the text."""
    text = as_text(value)
    form = r'"{}\\?"' if isinstance(value, str) else r"(?<![\w.]){}(?![\w.])"
    alone = re.compile(form.format(re.escape(text)))
    return any(call.content == text or alone.search(call.content) for call in calls)
