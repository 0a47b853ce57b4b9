"""A learning cycle: the closed tasks of one scope are mined, and what passes every gate is proposed in its chat."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.domain.chat import Conversation, Outgoing, Person
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure, Skill, SkillRef
from bot.domain.text import free
from bot.domain.trace import Trace
from bot.learning import collect
from bot.learning.card import CHOICES, card
from bot.learning.drafting import Author, Budget, Draft, draft
from bot.learning.mining import Candidate, Report, fingerprint
from bot.learning.outcomes import ENGLISH_ALONE, Judge, Phrases
from bot.ports import Clock, ModelClient, ToolContext, ToolSource
from bot.skills import folder, format
from bot.skills.library import Library
from bot.store import buttons, conversations, proposals, scopes
from bot.store.deliveries import deliver
from bot.store.proposals import Proposal
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn

log = structlog.get_logger()
Mine = Callable[[Sequence[Trace], Sequence[str]], Awaitable[Report]]
"""Mines traces, beside the event loop; the second argument is the fingerprints that are taken."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A proposal, its card, and what its words cost."""

    proposal: Proposal
    text: str
    draft: Draft


class Cycle:
    """Runs learning cycles.

    `budget` is APPRENTICE_LEARN_TOKENS; `sources` are the bot's tools; `own` are secrets that nobody is shown.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        library: Library,
        model: ModelClient,
        mine: Mine,
        sources: Sequence[ToolSource],
        budget: int,
        own: tuple[str, ...] = (),
        phrases: Phrases = ENGLISH_ALONE,
    ) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._model = model
        self._mine = mine
        self._sources = sources
        self._budget = budget
        self._own = own
        self._judge = Judge(store, clock, phrases)

    async def __call__(self, turn: Turn) -> Effect:
        """Mine a scope; the effect proposes what was found and leaves a report."""
        scope = turn.payload["scope"]
        now = self._clock.now().timestamp()
        home = await self._store.read(lambda connection: _home(connection, turn))
        if home is None or not await self._store.read(lambda connection: scopes.learns(connection, scope)):
            return lambda _: None
        context = ToolContext(home, Person(""))
        tools = [tool for source in self._sources for tool in await source.tools(context)]
        names = await self._store.read(lambda connection: conversations.speakers(connection, scope))
        author = Author(self._model, Budget(self._budget), Privacy(self._own, tuple(sorted(names))))
        await self._judge.decide(scope, author)
        traces = await self._store.read(lambda connection: collect.traces(connection, scope, tools))
        report = await self._mine(traces, sorted(await self._taken(scope)))
        found = await self._propose(report, author, home, now)
        log.info("cycle.done", scope=scope, tasks=report.tasks, found=len(found), refused=len(report.refused))

        def effect(connection: Connection) -> None:
            for each in found:
                proposals.propose(connection, each.proposal)
                row = buttons.row(connection, "proposal", each.proposal.id, CHOICES)
                deliver(connection, Outgoing(home, each.text, (row,)), f"card:{each.proposal.id}", now)
            scopes.report(connection, scope, now, _report(report, found), author.budget.spent)
            if "asked_in" in turn.payload and not found:
                deliver(connection, Outgoing(home, _nothing_found(report)), f"learned:{turn.id}", now)

        return effect

    async def _taken(self, scope: str) -> set[str]:
        """The structures of what is live here, and of what was proposed here before."""
        live = await self._library.live(scope)
        known = await self._store.read(lambda connection: proposals.fingerprints(connection, scope))
        return known | {fingerprint(entry.skill.procedure) for entry in live if entry.skill and entry.skill.procedure}

    async def _propose(self, report: Report, author: Author, home: Conversation, now: float) -> list[_Found]:
        names = {entry.name for entry in await self._library.shelf(None)}
        names |= await self._store.read(proposals.names)
        found = []
        for candidate in report.skills:
            skill = Skill(candidate.name, candidate.description, candidate.procedure, scope=home.scope)
            drafted = await draft(author, skill, candidate.writes)
            named = replace(drafted.skill, name=free(drafted.skill.name, names, "-"))
            names.add(named.name)
            found.append(_found(replace(drafted, skill=named), candidate, home, now))
        return found


def _found(drafted: Draft, candidate: Candidate, home: Conversation, now: float) -> _Found:
    skill = drafted.skill
    files = format.render(skill)
    text = card(skill, skill.procedure or Procedure(()), candidate)
    evidence: JSON = {
        "card": text,
        "support": list(candidate.support),
        "tasks": candidate.tasks,
        "people": candidate.people,
        "verified": candidate.verified,
        "saves_calls": candidate.saves_calls,
        "writes": list(candidate.writes),
    }
    ref = SkillRef(skill.name, folder.digest(files))
    id = secrets.token_urlsafe(12)
    return _Found(Proposal(id, home.scope, home.key, ref, files, candidate.fingerprint, evidence, now), text, drafted)


def _home(connection: Connection, turn: Turn) -> Conversation | None:
    """Where the card goes: where it was asked for, else where was spoken last."""
    if "asked_in" in turn.payload:
        return conversations.find(connection, turn.payload["asked_in"])
    return conversations.latest(connection, turn.payload["scope"])


def _report(report: Report, found: Sequence[_Found]) -> JSON:
    return {
        "traces": report.traces,
        "tasks": report.tasks,
        "proposed": [each.proposal.ref.name for each in found],
        "drafts": [
            {"name": each.proposal.ref.name, "tokens": each.draft.tokens, "by_model": each.draft.by_model}
            for each in found
        ],
        "refused": [{"tools": list(refusal.tools), "reasons": list(refusal.reasons)} for refusal in report.refused],
    }


def _nothing_found(report: Report) -> str:
    looked = f"I looked at {report.tasks} finished pieces of work."
    if report.refused:
        return f"{looked} Nothing to propose: {report.refused[0].reasons[0]}"
    return f"{looked} Nothing repeats in them often enough yet."
