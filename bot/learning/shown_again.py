"""What was shown once is shown again with other values, so that one run teaches what several would.

Each value that the person said, or that a call took out of another's result, is replaced throughout by one of the same
form. What stays the same is then a constant, what changes with an output a reference: mining tells them apart as it
does in work that people repeated. Words that name fields or tools are no values.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.learning.mining.canonical import canonical
from bot.skills.output import normalise

TIMES = 3
"""How often it is shown again."""
SHORTEST = 3
"""Characters of a value: shorter words stand everywhere by accident."""
_WORD = re.compile(r"[^\W_]+")


def shown_again(trace: Trace) -> list[Trace]:
    """The trace, and others in which the same work is done for other values."""
    values = sorted(_values(trace))
    return [trace, *(_variant(trace, values, number) for number in range(1, TIMES + 1))]


def _values(trace: Trace) -> set[str]:
    """The words of arguments that were said, or that stood in a result before."""
    run = canonical(trace)
    found: set[str] = set()
    names: set[str] = set()
    for segment in run.segments:
        known = _words(" ".join(run.said[: segment.said]))
        for call in segment.calls:
            output = call.output
            found |= _words(" ".join(_leaves(dict(call.arguments)))) & known
            known |= _words(" ".join(_leaves(output)))
            names |= _words(" ".join([call.tool.replace("_", " "), *_keys(output), *_keys(dict(call.arguments))]))
    named = {word.casefold() for word in names}
    return {word for word in found if len(word) >= SHORTEST and word.casefold() not in named}


def _variant(trace: Trace, values: list[str], number: int) -> Trace:
    chance = Random(number)  # noqa: S311  the same input gives the same values; they hide nothing
    others = {value: _like(value, chance) for value in values}
    id = f"{trace.id} again {number}"
    return replace(trace, id=id, task=id, messages=tuple(_told(message, others) for message in trace.messages))


def _told(message: JSON, others: Mapping[str, str]) -> JSON:
    """A message with other values: in what was said, in arguments and in results."""
    told = dict(message)
    if isinstance(told.get("content"), str):
        told["content"] = _renamed_text(told["content"], others)
    if told.get("tool_calls"):
        told["tool_calls"] = [_called(call, others) for call in told["tool_calls"]]
    return told


def _called(call: JSON, others: Mapping[str, str]) -> JSON:
    function = call["function"]
    return {**call, "function": {**function, "arguments": _renamed_text(function["arguments"], others)}}


def _renamed_text(text: str, others: Mapping[str, str]) -> str:
    value = normalise(text) if text.lstrip()[:1] in ("{", "[") else text
    renamed = _renamed(value, others)
    return renamed if isinstance(renamed, str) else json.dumps(renamed, ensure_ascii=False)


def _renamed(value: JSON, others: Mapping[str, str]) -> JSON:
    """Values alone: what names a field stays."""
    if isinstance(value, dict):
        return {key: _renamed(part, others) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, others) for part in value]
    if isinstance(value, str):
        return _WORD.sub(lambda word: others.get(word[0], word[0]), value)
    number = isinstance(value, int) and not isinstance(value, bool)
    return int(others.get(str(value), value)) if number else value


def _like(word: str, chance: Random) -> str:
    """A word of the same form; no zero at the beginning, so that a number stays one."""
    kinds = ((str.isdigit, digits), (str.isupper, ascii_uppercase), (str.islower, ascii_lowercase))
    letters = []
    for place, letter in enumerate(word):
        kind = next((letters for is_one, letters in kinds if is_one(letter)), letter)
        letters.append(chance.choice(kind.lstrip("0") if place == 0 and kind == digits else kind))
    return "".join(letters)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text))


def _leaves(value: JSON) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _keys(value: JSON) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (key.replace("_", " ") for key in value)
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(part)
