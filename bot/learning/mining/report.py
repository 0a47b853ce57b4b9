"""What mining gives back: skills that passed every gate, what was refused, and why each argument is what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.domain.skill import Procedure
from bot.learning.mining.matches import Replay

Kind: TypeAlias = Literal["parameter", "reference", "composed", "constant", "item"]


@dataclass(frozen=True, slots=True)
class Taken:
    """Fingerprints of procedures that are not found again.

    `held`: live, waiting or refused; they keep their place, so that no part of them comes either. `narrow`: people
    wanted something wider, so others may do their work.
    """

    held: frozenset[str] = frozenset()
    narrow: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dropped:
    """An explanation that an argument could have had, and why it has another."""

    kind: Kind
    origin: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where an argument comes from (`origin` as it stands in the file), in how many supports that held."""

    kind: Kind
    origin: str
    supports: int
    refused: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A skill that may be proposed.

    `support`: the traces that show it; `tasks`, `people` and `verified` count tasks, known people and tasks whose
    success was confirmed from outside. `saves_calls`: calls that one use replaces, less itself, on average.
    `explained` is keyed by `step.argument`. `writes`: the tools that may change something.
    """

    name: str
    description: str
    procedure: Procedure
    support: tuple[str, ...]
    tasks: int
    people: int
    verified: int
    saves_calls: float
    replay: Replay
    explained: Mapping[str, Explanation]
    writes: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sequence of tools that repeats and is no skill. `support`: the traces that were looked at."""

    tools: tuple[str, ...]
    support: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of what was read, then the skills by what they save, and the refused by how often they stand."""

    traces: int
    tasks: int
    skills: tuple[Candidate, ...]
    refused: tuple[Refusal, ...]
