"""What mining thinks of one argument: where it may come from, what speaks against it, and what it settled on."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from bot.domain.json import JSON
from bot.learning.mining.evidence import AGREEING
from bot.learning.mining.pattern import Argument, Origin, Reference
from bot.learning.mining.places import Slot
from bot.learning.mining.support import Support


@dataclass(frozen=True, slots=True)
class Rigour:
    """How much must have been seen, apart from how well it agrees.

    `cases`: independent ones that make a constant. `several`: the share of places that read several elements of a
    list, or its only one, else people chose one and no loop is meant. `covered`: the share of the list that was read,
    on average, else people read its beginning or a choice of it. `loops`: the steps that are known to loop, though no
    place may show several calls.
    """

    cases: int
    several: float = 1 / 3
    covered: float = 0.4
    loops: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Idea:
    """An origin that an argument may have, in how many supports it holds, and why it is none all the same."""

    origin: Origin
    supports: int
    doubt: str | None


@dataclass(frozen=True, slots=True)
class Explained:
    """An argument of step number `step`, in how many supports its origin holds, and what was dropped before."""

    step: int
    argument: Argument
    supports: int
    dropped: tuple[Idea, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """A step that runs over a list: the list's place, and which arguments are taken from its elements."""

    step: int
    over: Reference
    items: tuple[Explained, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter found so far: the step and argument that needed it first, and its value in each support."""

    step: int
    slot: Slot
    values: Sequence[JSON]


@dataclass(frozen=True, slots=True)
class Values:
    """What one argument was: `supports` that have it, their numbers among all as `places`, and its `values` there."""

    step: int
    slot: Slot
    supports: Sequence[Support]
    places: Sequence[int]
    values: Sequence[JSON]

    @property
    def enough(self) -> int:
        """In how many places an explanation must hold."""
        return ceil(AGREEING * len(self.supports))

    @property
    def tool(self) -> str:
        """The tool that takes the argument."""
        return self.supports[0].call(self.step).tool

    @property
    def choices(self) -> float:
        """How many values the steps before it gave, on average."""
        given = [s.part.leaves[call] for s in self.supports for calls in s.steps[: self.step] for call in calls]
        return sum(given) / len(self.supports)

    def by_task(self, values: Sequence[JSON] | None = None) -> list[tuple[str, JSON]]:
        """The values (or others that stand beside them), each with its task."""
        return [(support.run.task, value) for support, value in zip(self.supports, values or self.values, strict=True)]


def rarely(idea_holds: int, of: int) -> str:
    """The doubt about what does not hold often enough."""
    return f"it holds in {idea_holds} of {of} places only"
