"""The tests that an explanation of an argument must pass: is this agreement, or is it accident?"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import log2

from bot.domain.json import JSON
from bot.learning.mining.places import Place, Slot
from bot.skills.expressions import as_text

AGREEING = 0.95
"""Share of the supports in which an explanation must hold."""
CONVINCING = 10.0
"""Bits: an agreement that would come about by accident once in a thousand times convinces nobody less."""
MOST_BITS = 40.0
MOST_COUNTED = 64
"""Characters of a value that are looked at."""
DIGIT, LETTER = log2(10), 1.5
"""Bits of a character: a digit is free, a letter stands in a word (Shannon 1951: 1 to 1.5 bits)."""
ID_BITS = 12.0
"""Bits of digits from which on a value is taken for an id: four digits."""

_DIGITS = re.compile(r"\d")
_ALNUM = re.compile(r"[^\W_]")
_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_PLAIN_WORDS = """
id ids uuid guid key keys name value values number no num ref code slug identifier query q input text path url
uri data item items result results details info get find list search read show count check calculate by for of
the a an all and or in on to from with
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
"""Words in names that say nothing about what is meant."""
_IDENTIFYING = frozenset(["id", "ids", "uuid", "guid", "identifier"])


def mark(value: JSON) -> str:
    """A value as a text that equal values share."""
    return json.dumps(value, sort_keys=True)


def form_bits(value: JSON) -> float:
    """How much it would take to hit upon this value by accident, from its form alone."""
    text = as_text(value)[:MOST_COUNTED]
    digits = len(_DIGITS.findall(text))
    return min(MOST_BITS, digits * DIGIT + (len(_ALNUM.findall(text)) - digits) * LETTER)


def evidence_bits(values: Iterable[tuple[str, JSON]], choices: float) -> float:
    """How improbable it is that all these values agree with something by accident, in bits.

    `values` are pairs of task and value: a task counts once, and a value that several tasks share counts as little
    as it is frequent. `choices` is how many values there were to agree with.
    """
    by_task: dict[str, dict[str, JSON]] = defaultdict(dict)
    for task, value in values:
        by_task[task][mark(value)] = value
    shared = Counter(key for found in by_task.values() for key in found)
    bits = ([_bits(key, value, shared, len(by_task)) for key, value in found.items()] for found in by_task.values())
    return sum(map(max, bits)) - log2(max(choices, 1.0))


def differ(values: Iterable[tuple[str, JSON]]) -> bool:
    """Whether values differ between tasks: in any two tasks, as in many as there are."""
    first: dict[str, str] = {}
    for task, value in values:
        first.setdefault(task, mark(value))
    return len(set(first.values())) > 1


def is_id(slot: Slot, value: JSON) -> bool:
    """Whether a value identifies something, by its field's name or its form: such a value is never constant."""
    if isinstance(value, bool) or value is None:
        return False
    if any(word in _IDENTIFYING for word in words_of(slot[-1])):
        return True
    if isinstance(value, list | dict):
        inner = value.values() if isinstance(value, dict) else value
        return any(is_id(slot, part) for part in inner)
    counted = isinstance(value, int) and value % 100 == 0  # limits and sizes are round
    return not counted and not isinstance(value, float) and len(_DIGITS.findall(str(value))) * DIGIT >= ID_BITS


def names_agree(slot: Slot, tool: str, place: Place, producer: str) -> bool:
    """Whether an argument and the field of an output that it may come from speak of the same thing.

    An output that is one bare value has no field, so nothing speaks against it. Words that mean anything (id, name,
    path) are told apart by the tool on either side.
    """
    fields = [part for part in place if isinstance(part, str)]
    if not fields:
        return True
    if _singular(slot[-1]) == _singular(fields[-1]):
        return True
    wanted, offered = _telling(slot[-1]), _telling(fields[-1])
    wanted = wanted or {word for name in (*slot[:-1], tool) for word in _telling(name)}
    offered = offered or {word for name in (*fields[:-1], producer) for word in _telling(name)}
    return any(_alike(one, other) for one in wanted for other in offered)


def words_of(name: str) -> list[str]:
    """The words of a name: `getUser_id2` has get, user, id and 2."""
    return [word.casefold() for word in _NAME.findall(name)]


def stands_in(value: JSON, texts: Sequence[str]) -> bool:
    """Whether a value stands in a text as whole words, whatever their case; each element of a list, in any text."""
    if isinstance(value, list | dict):
        inner = value.values() if isinstance(value, dict) else value
        return all(stands_in(part, texts) for part in inner)
    words = re.findall(r"\w+", as_text(value))
    if not words:
        return True
    pattern = re.compile(r"(?<!\w)" + r"\W+".join(map(re.escape, words)) + r"(?!\w)", re.IGNORECASE)
    return any(pattern.search(text) for text in texts)


def _bits(key: str, value: JSON, shared: Counter[str], tasks: int) -> float:
    form = form_bits(value)
    return form if shared[key] == 1 else min(form, log2(tasks / shared[key]))


def _singular(name: str) -> list[str]:
    """`item_ids` and `itemId` are the same field, of several things and of one."""
    return [word.removesuffix("s") for word in words_of(name)]


def _telling(name: str) -> set[str]:
    return {word for word in words_of(name.rsplit("__", 1)[-1]) if word not in _PLAIN}


def _alike(one: str, other: str) -> bool:
    """The same word, its plural, or its abbreviation: order and orders, cust and customer."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= 3 and long.startswith(short))
