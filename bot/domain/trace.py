"""A task as mining reads it (bot/skills/FORMAT.md, Traces)."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.json import JSON

Status = Literal["success", "failure", "unknown"]
Source = Literal["verifier", "feedback", "behaviour", "judge"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended, and the strongest source that says so (None: nobody spoke)."""

    status: Status = "unknown"
    source: Source | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """One run of one task: OpenAI chat messages and tool definitions, as they were.

    `task` groups the trials of one task. `person` tells independent people apart ("" where nobody knows).
    `suspect` (looks like a hack) and `private` (a person or chat opted out) keep a trace from being mined.
    """

    id: str
    task: str
    scope: str
    messages: tuple[JSON, ...]
    tools: tuple[JSON, ...] = ()
    outcome: Outcome = Outcome()
    person: str = ""
    suspect: bool = False
    private: bool = False
