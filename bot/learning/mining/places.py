"""Where a value stands: places in arguments and outputs, and the finding of arguments in earlier outputs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from bot.domain.json import JSON
from bot.learning.mining.canonical import Call, Segment
from bot.skills.expressions import as_text
from bot.skills.output import normalise

Place: TypeAlias = tuple[str | int, ...]
"""The way down into JSON: keys, and EACH for "each element of this list"."""
Slot: TypeAlias = tuple[str, ...]
"""The way down into a call's arguments: keys only; a list is a value like any other."""
Unit: TypeAlias = range
"""The numbers of a segment's calls that stand together: a run of one reading tool, or a single call."""

EACH: Final = -1
LONGEST_PLACE = 300
"""Characters of all keys on the way to a place."""
DEEPEST = 24
"""Levels of an output that are looked at."""
MOST_PLACES = 24
"""Different places of one output at which one value is noted: a value that stands in more tells nothing."""


@dataclass(frozen=True, slots=True)
class Link:
    """An argument's value stands in an earlier output.

    `producer` is the number of the earlier call in the segment. `place` may lead through lists by EACH: then the
    value is one of the `size` values there, or, where the value is a list itself, all of them in their order.
    """

    producer: int
    place: Place
    size: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """A segment with what mining asks about it again and again; all lists run along its calls."""

    segment: Segment
    units: tuple[Unit, ...]
    slots: tuple[Mapping[Slot, JSON], ...]
    links: tuple[Mapping[Slot, tuple[Link, ...]], ...]
    leaves: tuple[int, ...]
    """How many values each output holds: as many could have matched by accident."""


def index(segment: Segment) -> Indexed:
    """Find every argument of a segment in the outputs before it; each output is walked once."""
    calls = segment.calls
    slots = tuple(dict(slots_of(call.arguments)) for call in calls)
    links: tuple[dict[Slot, list[Link]], ...] = tuple({} for _ in calls)
    leaves = []
    for producer, call in enumerate(calls):
        later = [number for number in range(producer + 1, len(calls)) if calls[number].round > call.round]
        search = _Search(slots, later)
        leaves.append(search.walk(call) if later else 0)
        for number, slot, link in search.links(producer):
            links[number].setdefault(slot, []).append(link)
    found = tuple({slot: tuple(links) for slot, links in of.items()} for of in links)
    return Indexed(segment, units(segment), slots, found, tuple(leaves))


def units(segment: Segment) -> tuple[Unit, ...]:
    """Fold runs of one reading tool; whether a run is a loop over a list is found out later."""
    folded: list[Unit] = []
    for number, call in enumerate(segment.calls):
        if folded and call.reads and segment.calls[folded[-1].start].tool == call.tool:
            folded[-1] = range(folded[-1].start, number + 1)
        else:
            folded.append(range(number, number + 1))
    return tuple(folded)


def slots_of(arguments: Mapping[str, JSON], above: Slot = ()) -> Iterator[tuple[Slot, JSON]]:
    """The values of a call's arguments: objects are entered, lists are not."""
    for key, value in arguments.items():
        slot = (*above, key)
        if isinstance(value, Mapping) and value and len(slot) < DEEPEST:
            yield from slots_of(value, slot)
        else:
            yield slot, value


def at(output: JSON, place: Sequence[str | int]) -> list[JSON]:
    """The values at a place of an output: one at most, unless it leads through lists."""
    values = [output]
    for part in place:
        if part == EACH:
            values = [element for value in values if isinstance(value, list) for element in value]
        else:
            values = [value[part] for value in values if isinstance(value, dict) and part in value]
    return values


def same(one: JSON, other: JSON) -> bool:
    """Whether two JSON values are equal; unlike in Python, true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


class _Search:
    """One walk through an output that looks for the arguments of later calls."""

    def __init__(self, slots: Sequence[Mapping[Slot, JSON]], later: Sequence[int]) -> None:
        self.slots = slots
        self.scalars: dict[JSON, list[tuple[int, Slot]]] = {}
        self.containers: list[tuple[int, Slot, JSON]] = []
        self.found: dict[tuple[int, Slot], list[Place]] = {}
        self.leaves = 0
        self.output: JSON = None
        for number in later:
            for slot, value in slots[number].items():
                if isinstance(value, list | dict):
                    self.containers += [(number, slot, value)] if value else []
                    if isinstance(value, list) and value and isinstance(value[0], str | int | float):
                        self.scalars.setdefault(value[0], []).append((number, slot))
                elif value not in (None, "") and not isinstance(value, bool):
                    self.scalars.setdefault(value, []).append((number, slot))

    def walk(self, call: Call) -> int:
        """Note where the output holds a wanted value; the number of values in it."""
        self.output = call.output
        self._enter(self.output, ())
        return self.leaves

    def links(self, producer: int) -> Iterator[tuple[int, Slot, Link]]:
        values: dict[Place, list[JSON]] = {}
        for (number, slot), places in self.found.items():
            wanted = self.slots[number][slot]
            for place in places:
                if EACH in place and place not in values:
                    values[place] = at(self.output, place)
                there = values.get(place, [wanted])
                if not isinstance(wanted, list) or EACH not in place or there == wanted:
                    yield number, slot, Link(producer, place, len(there))

    def _enter(self, value: JSON, place: Place) -> None:
        if isinstance(value, dict):
            self._containers(value, place)
            for key, inner in value.items():
                self._look(inner, place, key)
        elif isinstance(value, list):
            self._containers(value, place)
            for inner in value:
                self._look(inner, place, EACH)
        elif value is not None and not isinstance(value, bool):
            self.leaves += 1
            self._note(self.scalars.get(value, ()), place)

    def _look(self, value: JSON, above: Place, part: str | int) -> None:
        """One value of a container: most are neither wanted nor entered, so this is the loop that counts."""
        if isinstance(value, dict | list):
            if len(above) < DEEPEST:
                self._enter(value, (*above, part))
            return
        self.leaves += 1
        if value in self.scalars and not isinstance(value, bool):
            self._note(self.scalars[value], (*above, part))

    def _containers(self, value: JSON, place: Place) -> None:
        for number, slot, wanted in self.containers:
            if value == wanted:
                self._note([(number, slot)], place)

    def _note(self, consumers: Sequence[tuple[int, Slot]], place: Place) -> None:
        for consumer in consumers:
            places = self.found.setdefault(consumer, [])
            if place not in places and len(places) < MOST_PLACES and _can_be_written(place):
                places.append(place)


def _can_be_written(place: Place) -> bool:
    """Whether an expression can name the place: `${…}` ends at the first `}`."""
    keys = [part for part in place if isinstance(part, str)]
    return all(key.isprintable() and "}" not in key for key in keys) and sum(map(len, keys)) <= LONGEST_PLACE


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
        elif value is not None and as_text(value) == text and place not in found and _can_be_written(place):
            found.append(place)
    return tuple(found)
