"""What is recorded of a run: each task, each proposal, each cycle of learning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.skill import Skill
from tests.benchmarks.learning.truth import Verdict


@dataclass(frozen=True, slots=True)
class Used:
    """One use of a skill; `failed`: a step failed, and the agent went on by itself."""

    name: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Done:
    """A finished task. `wrong` is what the hidden check says, `seen` what the verifier says; "" if all is well.

    `calls` of the model, `bytes` sent to it, `seconds` from the request to the answer.
    """

    number: int
    kind: str
    wrong: str
    seen: str
    calls: int
    bytes: int
    seconds: float
    uses: Sequence[Used]


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal, after how many tasks it came, and what became of it."""

    after: int
    skill: Skill
    verdict: Verdict
    approved: bool


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one cycle of learning cost."""

    tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Lived:
    """One workplace's run. `drift`: the task with which it came.

    `suspended`: names of skills, each with the number of the task behind which it was out of use first.
    """

    workplace: str
    drift: int
    tasks: Sequence[Done]
    proposals: Sequence[Proposed]
    cycles: Sequence[Cycle]
    suspended: Mapping[str, int]

    @property
    def taught(self) -> int:
        """The task from which on a skill was live; the number of tasks if none ever was."""
        return min((each.after for each in self.proposals if each.approved), default=len(self.tasks))
