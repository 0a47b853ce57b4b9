"""Candidates become proposals: named, worded and told on a card."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from bot.domain.chat import Conversation
from bot.domain.json import JSON
from bot.domain.skill import Procedure, Provenance, Skill, SkillRef
from bot.domain.text import free
from bot.learning import prompting
from bot.learning.card import card, prompt_card
from bot.learning.drafting import Author, Draft, draft
from bot.learning.mining import Candidate
from bot.learning.successors import Forebear, forebear, heir
from bot.skills import folder, format
from bot.skills.difference import difference
from bot.store import audit, proposals
from bot.store.audit import Event
from bot.store.proposals import Proposal
from bot.store.store import Connection


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal, the tokens that its words cost, and whether they are the model's."""

    proposal: Proposal
    tokens: int
    by_model: bool


class Proposer:
    """Makes proposals for the chat `home`. `names` are those that are not free; `now` in seconds since 1970."""

    def __init__(self, author: Author, home: Conversation, names: set[str], now: float) -> None:
        self._author = author
        self._home = home
        self._names = names
        self._now = now

    async def mined(self, candidates: Iterable[Candidate], known: Sequence[Forebear]) -> list[Found]:
        """Proposals of what was mined; each of the `known` skills gets one successor at most."""
        found: list[Found] = []
        for candidate in candidates:
            before = forebear(candidate, known)
            skill = Skill(candidate.name, candidate.description, candidate.procedure, scope=self._home.scope)
            drafted = await draft(self._author, skill, candidate.writes)
            named = self._free(drafted.skill) if before is None else heir(drafted.skill, before)
            found.append(self._mined(replace(drafted, skill=named), candidate, before))
            known = [each for each in known if each is not before]
        return found

    def prompted(self, found: prompting.Found) -> Found:
        """The proposal of a procedure that a model wrote."""
        skill = self._free(found.skill)
        evidence: JSON = {
            "card": prompt_card(self._home.language, skill, found),
            "support": [talk.trace for talk in found.shape.talks],
            "tasks": len(found.shape.talks),
            "people": found.shape.people,
            "alike": found.shape.told,
            "written_from": found.written_from,
            "compared": asdict(found.compared),
        }
        return Found(self._proposal(skill, found.shape.fingerprint, evidence), found.tokens, by_model=True)

    def _mined(self, drafted: Draft, candidate: Candidate, before: Forebear | None) -> Found:
        skill = drafted.skill
        procedure = skill.procedure or Procedure(())
        changes = difference(before.procedure, procedure) if before else []
        evidence: JSON = {
            "card": card(self._home.language, skill, procedure, candidate, changes),
            "support": list(candidate.support),
            "tasks": candidate.tasks,
            "people": candidate.people,
            "verified": candidate.verified,
            "saves_calls": candidate.saves_calls,
            "writes": list(candidate.writes),
        }
        return Found(self._proposal(skill, candidate.fingerprint, evidence), drafted.tokens, drafted.by_model)

    def _proposal(self, skill: Skill, fingerprint: str, evidence: JSON) -> Proposal:
        files = format.render(skill)
        origin = skill.procedure.provenance if skill.procedure else Provenance()
        return Proposal(
            secrets.token_urlsafe(12),
            self._home.scope,
            self._home.key,
            SkillRef(skill.name, folder.digest(files)),
            files,
            fingerprint,
            {**evidence, "language": self._home.language},
            self._now,
            kind=origin.origin if origin.based_on else "new",
            based_on=origin.based_on,
        )

    def _free(self, skill: Skill) -> Skill:
        """The skill under a name that is free, which then is taken."""
        named = replace(skill, name=free(skill.name, self._names, "-"))
        self._names.add(named.name)
        return named


def propose(connection: Connection, found: Iterable[Found], now: float) -> None:
    """Record proposals; somebody has to post them yet."""
    for each in found:
        proposals.propose(connection, each.proposal)
        event = Event("proposed", each.proposal.ref, each.proposal.scope, origin=each.proposal.conversation)
        audit.note(connection, event, now)
