"""What a person's text makes of a proposal: judged like any skill, and the same skill still."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure, Skill
from bot.domain.trace import Trace
from bot.errors import Refused
from bot.learning.drafting import gives_away
from bot.learning.mining import replay
from bot.skills import format
from bot.skills.difference import difference
from bot.store.proposals import Proposal
from bot.words import Sentence


@dataclass(frozen=True, slots=True)
class Changed:
    """The skill as it is now, its files, and what sets it apart from what was proposed."""

    skill: Skill
    files: dict[str, bytes]
    changes: Sequence[Sentence]


def file_of(proposal: Proposal) -> str:
    """The file of a proposal that people change."""
    return format.PROCEDURE_FILE if format.PROCEDURE_FILE in proposal.files else format.SKILL_FILE


def changed(proposal: Proposal, text: str, privacy: Privacy) -> Changed:
    """What it becomes with this text as its file. Raises SkillInvalid with every problem, and Refused.

    Where SKILL.md was written from the procedure, it is again.
    """
    name, file = proposal.ref.name, file_of(proposal)
    files = {**proposal.files, file: f"{text.rstrip()}\n".encode()}
    was, now = format.parse(name, proposal.files), format.parse(name, files)
    if now == was:
        raise Refused("Nothing was changed.")
    if now.scope != was.scope:
        raise Refused("Where it may be used cannot be changed here: leave `metadata.scope` as it was.")
    if was.procedure and now.procedure and now.procedure.provenance != was.procedure.provenance:
        raise Refused("`provenance` tells where it comes from: leave it as it was.")
    if private := _private(was.procedure, now.procedure, proposal.files[file].decode(), text, privacy):
        raise Refused("It would hold {what}: leave that out.", what=private)
    if dict(proposal.files) == format.render(was):
        files = format.render(now)
    steps = difference(was.procedure, now.procedure) if was.procedure and now.procedure else []
    return Changed(format.parse(name, files), files, steps or [Sentence("{names} differ", names=f"`{file}`")])


async def replayed(
    procedure: Procedure | None, ids: Sequence[str], read: Callable[[Sequence[str]], Awaitable[list[Trace]]], most: int
) -> tuple[int, int]:
    """At how many places the recorded calls are reproduced, and of how many, where it was not learned from.

    `most` traces are looked at at once, beside the event loop.
    """
    same = places = 0
    if procedure is None or not any(step.tool for step in procedure.steps):
        return same, places
    for start in range(0, len(ids), most):
        _, matches = await asyncio.to_thread(replay, procedure, await read(ids[start : start + most]))
        same, places = same + sum(match.exact for match in matches), places + len(matches)
    return same, places


def _private(was: Procedure | None, now: Procedure | None, before: str, text: str, privacy: Privacy) -> str | None:
    """The first secret or personal value that the person put in: what was there before, its card has told of."""
    known = set(before.splitlines())
    found = privacy.trouble("\n".join(line for line in text.splitlines() if line not in known))
    if found or now is None or (was and gives_away(was, privacy)):
        return found
    return gives_away(now, privacy)
