"""What a replay found: each match with its calls, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.json import JSON
from bot.learning.mining.canonical import Run


@dataclass(frozen=True, slots=True)
class Replayed:
    """One call: what was recorded, and what the procedure makes of it (None: no such call).

    A loop may make calls that were not recorded.
    """

    step: str
    tool: str
    recorded: JSON
    reproduced: JSON


@dataclass(frozen=True, slots=True)
class Bound:
    """A parameter's value at a match, read off the recorded calls; where it had stood by then (None: nowhere)."""

    name: str
    value: JSON
    source: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """A place where the steps' tools follow one another: calls number `places` of the segment after `said` messages.

    Counts are of recorded arguments.
    """

    trace: str
    task: str
    calls: tuple[Replayed, ...]
    bound: tuple[Bound, ...]
    exact: bool
    determined: int
    arguments: int
    said: int
    places: range

    @property
    def parameters(self) -> int:
        """How many parameters the recorded calls show."""
        return len(self.bound)

    @property
    def known(self) -> int:
        """How many of them had been said or seen before."""
        return sum(found.source is not None for found in self.bound)


@dataclass(frozen=True, slots=True)
class Followed:
    """How often the first step's tool was called, how often the rest followed, and the runs in which it did."""

    calls: int
    follows: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """`exact`: share of matches whose calls are reproduced. `bindable`: share of parameters whose value was known.

    `determined`: share of arguments filled without a fresh parameter. `commit`: share of the calls of the first
    step's tool that the rest follows.
    """

    matches: int
    exact: float
    bindable: float
    determined: float
    commit: float


def summed(matches: Sequence[Match], commit: float) -> Replay:
    """The shares over many matches; of nothing, all is 1."""
    return Replay(
        len(matches),
        share(sum(match.exact for match in matches), len(matches)),
        share(sum(match.known for match in matches), sum(match.parameters for match in matches)),
        share(sum(match.determined for match in matches), sum(match.arguments for match in matches)),
        commit,
    )


def share(part: int, whole: int) -> float:
    """Of nothing, all."""
    return part / whole if whole else 1.0
