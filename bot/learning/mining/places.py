"""Where a value stands: places in arguments and outputs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from bot.domain.json import JSON
from bot.skills.expressions import as_text
from bot.skills.output import normalise


@dataclass(frozen=True, slots=True)
class Pick:
    """The first element of a list whose field `key` reads `value`."""

    key: str
    value: str


Place: TypeAlias = tuple[str | int | Pick, ...]
"""The way down into JSON: keys, EACH for "each element of this list", and a Pick for one of them."""
Slot: TypeAlias = tuple[str, ...]
"""The way down into a call's arguments: keys only; a list is a value like any other."""

EACH: Final = -1
LONGEST_PLACE = 300
"""Characters of all keys on the way to a place."""
DEEPEST = 24
"""Levels of an output that are looked at."""
MOST_PLACES = 24
"""Different places of one output at which one value is noted: a value that stands in more tells nothing."""


def slots_of(arguments: Mapping[str, JSON], above: Slot = ()) -> Iterator[tuple[Slot, JSON]]:
    """The values of a call's arguments: objects are entered, lists are not."""
    for key, value in arguments.items():
        slot = (*above, key)
        if isinstance(value, Mapping) and value and len(slot) < DEEPEST:
            yield from slots_of(value, slot)
        else:
            yield slot, value


def at(output: JSON, place: Place) -> list[JSON]:
    """The values at a place of an output: one at most, unless it leads through lists."""
    values = [output]
    for part in place:
        if part == EACH:
            values = [element for value in values if isinstance(value, list) for element in value]
        elif isinstance(part, Pick):
            lists = (value for value in values if isinstance(value, list))
            picked = (next((element for element in elements if _reads(element, part)), None) for elements in lists)
            values = [element for element in picked if element is not None]
        else:
            values = [value[part] for value in values if isinstance(value, dict) and part in value]
    return values


@lru_cache(maxsize=20_000)
def spelled(content: str, text: str) -> tuple[Place, ...]:
    """The places of an output at which a value stands that reads `text` when it is put into a text."""
    found: list[Place] = []
    waiting: list[tuple[Place, JSON]] = [((), normalise(content))]
    while waiting and len(found) < MOST_PLACES:
        place, value = waiting.pop()
        if isinstance(value, dict | list):
            inner = value.items() if isinstance(value, dict) else ((EACH, element) for element in value)
            waiting += [((*place, part), below) for part, below in inner] if len(place) < DEEPEST else []
        elif value is not None and as_text(value) == text and place not in found and can_be_written(place):
            found.append(place)
    return tuple(found)


@lru_cache(maxsize=20_000)
def can_be_written(place: Place) -> bool:
    """Whether an expression can name the place: `${…}` ends at the first `}`."""
    picks = [part for part in place if isinstance(part, Pick)]
    keys = [*(part for part in place if isinstance(part, str)), *(text for p in picks for text in (p.key, p.value))]
    quoted = all(not set(pick.value) & set("'\\") for pick in picks)
    return quoted and all(key.isprintable() and "}" not in key for key in keys) and sum(map(len, keys)) <= LONGEST_PLACE


def _reads(element: JSON, pick: Pick) -> bool:
    return isinstance(element, dict) and element.get(pick.key) == pick.value


def same(one: JSON, other: JSON) -> bool:
    """Whether two JSON values are equal; unlike in Python, true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
