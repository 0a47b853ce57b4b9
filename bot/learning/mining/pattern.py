"""A generalised procedure before it has names and words: what is called, and where each argument comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.learning.mining.places import Place, Slot


@dataclass(frozen=True, slots=True)
class Reference:
    """The value at a place of an earlier step's output; `function` spells a number as a text, or reads it from one."""

    step: int
    place: Place
    function: Literal["", "to_string", "to_number"] = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What the caller gives: parameters are counted from 0 in the order in which the steps need them."""

    number: int


@dataclass(frozen=True, slots=True)
class Constant:
    """The same every time. `json` is the value as JSON with sorted keys."""

    json: str


@dataclass(frozen=True, slots=True)
class Item:
    """The value at a place of the element that a loop is at."""

    place: Place


@dataclass(frozen=True, slots=True)
class Composed:
    """A fixed beginning and end around one reference, parameter or item."""

    before: str
    inner: Reference | Parameter | Item
    after: str


Origin: TypeAlias = Reference | Parameter | Constant | Item | Composed


@dataclass(frozen=True, slots=True)
class Argument:
    """One value of a step's arguments. `optional`: some calls went without it."""

    slot: Slot
    origin: Origin
    optional: bool = False


@dataclass(frozen=True, slots=True)
class PatternStep:
    """A call; with `loop`, a call for each value at a place of an earlier output."""

    tool: str
    reads: bool
    arguments: tuple[Argument, ...]
    loop: Reference | None = None


Pattern: TypeAlias = tuple[PatternStep, ...]


def inner_of(origin: Origin) -> Reference | Parameter | Item | Constant:
    """What an origin is around: itself, unless it is composed."""
    return origin.inner if isinstance(origin, Composed) else origin


def parameter_of(origin: Origin) -> Parameter | None:
    """The parameter in an origin, if there is one."""
    inner = inner_of(origin)
    return inner if isinstance(inner, Parameter) else None


def reference_of(origin: Origin) -> Reference | None:
    """The reference in an origin, if there is one."""
    inner = inner_of(origin)
    return inner if isinstance(inner, Reference) else None


def arguments_of(pattern: Pattern) -> Iterator[tuple[int, Argument]]:
    """Every argument with the number of its step."""
    for number, step in enumerate(pattern):
        for argument in step.arguments:
            yield number, argument
