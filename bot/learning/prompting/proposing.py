"""From traces to prompt procedures that are better than what was answered without them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from bot.domain.skill import Skill
from bot.domain.trace import Trace
from bot.learning.drafting import Author
from bot.learning.prompting.comparing import Comparison, compare
from bot.learning.prompting.shapes import Shape, shapes
from bot.learning.prompting.talks import talks
from bot.learning.prompting.writing import write

LEAST = 3
"""Talks to write from, and as many others to compare on."""
MOST_WRITTEN, MOST_COMPARED = 4, 9
"""More talks cost more tokens and say little more."""
AT_ONCE = 2
"""Shapes that one cycle writes from."""
AGAIN = 1.5
"""A shape that lost is tried again when it has so many times the talks."""


@dataclass(frozen=True, slots=True)
class Found:
    """A prompt procedure that won: what it was written from, how it did, and what all that cost in tokens."""

    skill: Skill
    shape: Shape
    written_from: int
    compared: Comparison
    tokens: int


@dataclass(frozen=True, slots=True)
class PromptReport:
    """What won, why others are refused (the words of a shape, a sentence), and the shapes that were tried so far.

    `tried`: the number of talks of each shape when it was tried, by its fingerprint.
    """

    found: tuple[Found, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    tried: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is not tried: fingerprints that were proposed, and shapes that lost, with the talks they had then."""

    taken: Collection[str] = ()
    tried: Mapping[str, int] = field(default_factory=dict)

    def stops(self, shape: Shape) -> str:
        """Why a shape is not tried now; "" if it is."""
        if shape.fingerprint in self.taken:
            return "it is known: live, waiting for a decision, or refused before"
        if len(shape.talks) < AGAIN * self.tried.get(shape.fingerprint, 0):
            return "it was tried and was no better; there are not enough new tasks to try again"
        if len(shape.talks) < 2 * LEAST:
            return f"{len(shape.talks)} tasks are alike: {LEAST} to write from and {LEAST} to compare on are needed"
        return ""


async def find(author: Author, traces: Sequence[Trace], min_tasks: int, known: Known, scope: str) -> PromptReport:
    """Write and compare within the author's budget; the shapes that most tasks share come first.

    Without a budget nothing is found.
    """
    if author.budget.left <= 0:
        return PromptReport(tried=known.tried)
    found: list[Found] = []
    refused: list[tuple[str, str]] = []
    tried = dict(known.tried)
    written = 0
    for shape in shapes(talks(traces), min_tasks):
        reason = known.stops(shape)
        if not reason and written < AT_ONCE:
            written += 1
            before = author.budget.spent
            result = await _tried(author, shape, scope)
            if isinstance(result, Found):
                found.append(result)
            else:
                reason = result
            if author.budget.spent > before:
                tried[shape.fingerprint] = len(shape.talks)
        if reason:
            refused.append((shape.told, reason))
    return PromptReport(tuple(found), tuple(refused), tried)


async def _tried(author: Author, shape: Shape, scope: str) -> Found | str:
    """A procedure that won, or why there is none."""
    before = author.budget.spent
    drawn = sorted(shape.talks, key=lambda talk: sha256(talk.task.encode("utf-8", "replace")).digest())
    count = min(MOST_WRITTEN, len(drawn) // 2)
    skill = await write(author, shape, drawn[:count], scope)
    if skill is None or skill.procedure is None:
        return "the model wrote no instructions that hold within the budget"
    compared = await compare(author, skill.procedure, drawn[count : count + MOST_COMPARED])
    if compared.better:
        return Found(skill, shape, count, compared, author.budget.spent - before)
    return f"its answers were preferred in {compared.won} of {compared.count} blind comparisons only"
