"""Every argument of a segment found in the outputs before it; each output is walked once."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from bot.domain.json import JSON
from bot.learning.mining.canonical import Call, Segment
from bot.learning.mining.evidence import CONVINCING, form_bits
from bot.learning.mining.places import DEEPEST, EACH, MOST_PLACES, Place, Slot, at, can_be_written, slots_of

REACH = 500
"""Later calls that are looked at for one value: a procedure ends long before."""
LONGEST_TEXT = 120
"""Characters of an argument that is taken apart: a longer one is written, not composed."""
MOST_WORDS = 8

_Consumer: TypeAlias = tuple[int, Slot | None]
"""The number of a call and its argument, or None where a value is but a part of an argument."""
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Link:
    """An argument's value stands in an earlier output.

    `producer` is the number of the earlier call in the segment. `place` may lead through lists by EACH: then the
    value is one of the `size` values there or, with `all_of_it`, the list of them all in their order.
    """

    producer: int
    place: Place
    size: int
    all_of_it: bool = False

    @property
    def chosen(self) -> bool:
        """Whether the value is one of several, so that which one it is needs a loop or a decision."""
        return EACH in self.place and not self.all_of_it


@dataclass(frozen=True, slots=True)
class Indexed:
    """A segment with what mining asks about it again and again; all tuples run along its calls.

    `leaves`: how many values each output holds, as many as could agree by accident. `needs`: the calls before each
    one that gave what it was called with, or a telling part of it.
    """

    segment: Segment
    slots: tuple[Mapping[Slot, JSON], ...]
    links: tuple[Mapping[Slot, tuple[Link, ...]], ...]
    leaves: tuple[int, ...]
    needs: tuple[frozenset[int], ...]


def index(segment: Segment) -> Indexed:
    """Look every argument up in the outputs of the calls before it."""
    slots = tuple(dict(slots_of(call.arguments)) for call in segment.calls)
    if len(slots) == 1:
        return Indexed(segment, slots, ({},), (0,), (frozenset(),))
    wanted = _Wanted(segment.calls, slots)
    links: tuple[dict[Slot, list[Link]], ...] = tuple({} for _ in slots)
    needs: tuple[set[int], ...] = tuple(set() for _ in slots)
    leaves = []
    for producer in range(len(slots)):
        walk = _Walk(wanted, producer)
        leaves.append(walk.leaves)
        for (number, slot), places in walk.found.items():
            needs[number].add(producer)
            if slot is not None:
                links[number].setdefault(slot, []).extend(walk.links(slots[number][slot], places))
    found = tuple({slot: tuple(there) for slot, there in given.items()} for given in links)
    return Indexed(segment, slots, found, tuple(leaves), tuple(map(frozenset, needs)))


class _Wanted:
    """The arguments of a segment's calls by value."""

    def __init__(self, calls: Sequence[Call], slots: Sequence[Mapping[Slot, JSON]]) -> None:
        self.calls = calls
        self.scalars: dict[JSON, list[_Consumer]] = {}
        self.containers: list[tuple[int, Slot, JSON]] = []
        for number, given in enumerate(slots):
            for slot, value in given.items():
                self._want(number, slot, value)

    def _want(self, number: int, slot: Slot, value: JSON) -> None:
        if isinstance(value, list | dict):
            self.containers += [(number, slot, value)] if value else []
            value = value[0] if isinstance(value, list) and value else None
            if _is_scalar(value):  # all values of a list, one after the other, may be the argument
                self.scalars.setdefault(value, []).append((number, slot))
        elif _is_scalar(value):
            self.scalars.setdefault(value, []).append((number, slot))
            for part in dict.fromkeys(_parts(value)):
                self.scalars.setdefault(part, []).append((number, None))

    def containers_after(self, producer: int) -> list[tuple[_Consumer, JSON]]:
        """The lists and objects that calls made knowing a call's result were called with."""
        behind = self.containers[bisect_right(self.containers, producer, key=itemgetter(0)) :]
        return [((number, slot), value) for number, slot, value in behind[:REACH] if self._knew(number, producer)]

    def consumers(self, value: JSON, producer: int) -> Iterator[_Consumer]:
        """The calls, made knowing a call's result, that were called with a value."""
        behind = self.scalars[value]
        for consumer in behind[bisect_right(behind, producer, key=itemgetter(0)) :][:REACH]:
            if self._knew(consumer[0], producer):
                yield consumer

    def _knew(self, number: int, producer: int) -> bool:
        return self.calls[number].round > self.calls[producer].round


class _Walk:
    """One walk through an output that notes where it holds what later calls were called with."""

    def __init__(self, wanted: _Wanted, producer: int) -> None:
        self._wanted = wanted
        self._producer = producer
        self._containers = wanted.containers_after(producer)
        self._output = wanted.calls[producer].output if producer + 1 < len(wanted.calls) else None
        self._at: dict[Place, tuple[list[JSON], frozenset[JSON]]] = {}
        self.found: dict[_Consumer, list[Place]] = {}
        self.leaves = 0
        if isinstance(self._output, dict | list):
            self._enter(self._output, ())
        elif self._output is not None:
            self._look(self._output, ())

    def links(self, value: JSON, places: Sequence[Place]) -> Iterator[Link]:
        """The links of an argument to the places where its value was found."""
        for place in places:
            if EACH not in place and not isinstance(value, list):
                yield Link(self._producer, place, 1)
                continue
            there, scalars = self._values(place)
            if value in (scalars if _is_scalar(value) else there):
                yield Link(self._producer, place, len(there))
            elif value == there and EACH in place:
                yield Link(self._producer, place, len(there), all_of_it=True)

    def _values(self, place: Place) -> tuple[list[JSON], frozenset[JSON]]:
        """What stands at a place, and the scalars of it as a set: a long list is looked into for each of its values."""
        if place not in self._at:
            there = at(self._output, place)
            self._at[place] = there, frozenset(value for value in there if isinstance(value, str | int | float))
        return self._at[place]

    def _enter(self, container: JSON, place: Place) -> None:
        for consumer, value in self._containers:
            if container == value:
                self._note(consumer, place)
        inner = container.items() if isinstance(container, dict) else ((EACH, element) for element in container)
        for part, value in inner:
            if isinstance(value, dict | list):
                if len(place) < DEEPEST:
                    self._enter(value, (*place, part))
            else:
                self._look(value, place, part)

    def _look(self, value: JSON, above: Place, *part: str | int) -> None:
        """The loop that counts: most values are neither wanted nor entered."""
        self.leaves += 1
        if value in self._wanted.scalars and not isinstance(value, bool):
            place = above + part
            for consumer in self._wanted.consumers(value, self._producer):
                self._note(consumer, place)

    def _note(self, consumer: _Consumer, place: Place) -> None:
        places = self.found.setdefault(consumer, [])
        if place not in places and len(places) < MOST_PLACES and can_be_written(place):
            places.append(place)


def _is_scalar(value: JSON) -> bool:
    return value not in (None, "") and isinstance(value, str | int | float) and not isinstance(value, bool)


def _parts(value: JSON) -> Iterator[str]:
    """Parts of a text, cut where words end, that are unlikely to stand elsewhere by accident."""
    words = list(_WORDS.finditer(value)) if isinstance(value, str) and len(value) <= LONGEST_TEXT else []
    bits = [form_bits(word[0]) for word in words] if 1 < len(words) <= MOST_WORDS else []
    for first in range(len(bits)):
        told = 0.0
        for last in range(first, len(bits)):
            told += bits[last]
            if told >= CONVINCING and (first, last) != (0, len(bits) - 1):
                yield value[words[first].start() : words[last].end()]
