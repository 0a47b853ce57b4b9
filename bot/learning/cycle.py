"""A learning cycle: the closed tasks of one scope are mined, and what passes every gate is proposed in its chat."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from bot.domain.chat import Conversation, Outgoing, Person
from bot.domain.cost import UNLIMITED, Budgets
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.tool import Tool
from bot.domain.trace import Trace
from bot.learning import collect, prompting
from bot.learning.drafting import Author, Budget, gives_away
from bot.learning.mining import Candidate, Refusal, Report, Taken, fingerprint
from bot.learning.outcomes import BUILT_IN, Judge, Phrases
from bot.learning.posting import announce
from bot.learning.prompting import Known, PromptReport
from bot.learning.proposing import Found, Proposer, propose
from bot.learning.quiet import NEVER, Quiet
from bot.learning.remembered import Remembered, remembered
from bot.learning.successors import Forebear, forebear, forebears
from bot.learning.teaching import taught
from bot.learning.workbench import AT_ONCE, Read
from bot.ports import Clock, ModelClient, ToolContext, ToolSource
from bot.skills.library import Library
from bot.store import chats, conversations, lives, proposals, scopes, skills, spending
from bot.store.deliveries import deliver
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.words import Sentence

log = structlog.get_logger()
Mine = Callable[[str, Mapping[str, str], Read, Taken], Awaitable[Report]]
"""Mines a scope beside the event loop, as Workbench does."""
MOST_TALKS = 500
"""Tasks that are looked at for work without tools, the newest; and as many imported ones."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator grants a cycle.

    `tokens` of the model (APPRENTICE_LEARN_TOKENS), `min_tasks` that must be alike (APPRENTICE_LEARN_MIN_TASKS), `own`
    secrets that nobody is shown, `phrases` by which people tell of the work, `quiet` hours without cards, the budgets
    that are `granted` beside the tokens.
    """

    tokens: int = 0
    min_tasks: int = 3
    own: tuple[str, ...] = ()
    phrases: Phrases = BUILT_IN
    quiet: Quiet = NEVER
    granted: Budgets = UNLIMITED


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a cycle that began `at` a time saw: the miner's report, work without tools, skills that it may succeed."""

    at: float
    report: Report
    prompts: PromptReport = field(default_factory=PromptReport)
    known: Sequence[Forebear] = ()


class Cycle:
    """Runs learning cycles. `sources` are the bot's tools."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        library: Library,
        model: ModelClient,
        mine: Mine,
        sources: Sequence[ToolSource],
        terms: Terms,
    ) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._model = model
        self._mine = mine
        self._sources = sources
        self._terms = terms
        self._judge = Judge(store, clock, terms.phrases)

    async def __call__(self, turn: Turn) -> Effect:
        """Mine a scope; the effect proposes what was found and leaves a report."""
        scope = turn.payload["scope"]
        now = self._clock.now().timestamp()
        home = await self._store.read(lambda connection: _home(connection, turn))
        if home is None or not await self._store.read(lambda connection: scopes.learns(connection, scope)):
            return lambda _: None
        context = ToolContext(home, Person(""))
        tools = [tool for source in self._sources for tool in await source.tools(context)]
        people = await self._store.read(lambda connection: conversations.speakers(connection, scope))
        author = Author(self._model, await self._budget(), Privacy(self._terms.own, tuple(sorted(people))))
        before = await self._store.read(partial(_remembered, scope=scope))
        taken = await self._taken(scope, before)
        if "taught" in turn.payload:
            work = await self._store.read(partial(collect.own, ids=[turn.payload["taught"]], tools=tools))
            seen = _Seen(now, await asyncio.to_thread(taught, work[0], taken))
        else:
            await self._judge.decide(scope, author)
            marks = await self._store.read(partial(collect.marks, scope=scope, tools=tools))
            read = partial(self._read, scope, tools)
            known = await forebears(self._store, self._library, scope)
            report = _ripe(await self._report(scope, marks, read, taken, known), before)
            prompts = await self._prompts(scope, author, taken.held, partial(_newest, read, marks))
            seen = _Seen(now, report, prompts, known)
        seen = replace(seen, report=_fit_to_tell(seen.report, author.privacy))
        proposer = Proposer(author, home, await self._names(), now)
        found = await proposer.mined(seen.report.skills, seen.known)
        found += map(proposer.prompted, seen.prompts.found)
        log.info("cycle.done", scope=scope, tasks=seen.report.tasks, found=len(found), refused=len(seen.report.refused))
        return partial(self._write, turn, home, seen, found, author.budget)

    def _write(
        self,
        turn: Turn,
        home: Conversation,
        seen: _Seen,
        found: Sequence[Found],
        budget: Budget,
        connection: Connection,
    ) -> None:
        scope, now = turn.payload["scope"], seen.at
        propose(connection, found, now)
        quiet = NEVER if "asked_in" in turn.payload else self._terms.quiet  # who asks at night is answered
        announce(connection, scope, str(turn.id), self._clock.now(), quiet)
        scopes.report(connection, scope, now, _report(seen.report, seen.prompts, found), budget.spent)
        for used in budget.used:
            spending.add(connection, self._today(), "", spending.LEARNING + scope, used)
        if "taught" not in turn.payload:
            scopes.mined(connection, scope, now)
        if "asked_in" in turn.payload and not found:
            told = _nothing_found(seen.report, budget, home.language)
            deliver(connection, Outgoing(home, told), f"learned:{turn.id}", now)

    async def _budget(self) -> Budget:
        """What this cycle may spend, of what is left of the day."""
        granted = self._terms.granted
        used = await self._store.read(partial(spending.of_day, day=self._today()))
        limits = (granted.cycle, granted.day.rest(used, granted.prices))
        return Budget(self._terms.tokens, limits, granted.prices)

    def _today(self) -> str:
        return self._terms.granted.day_of(self._clock.now())

    async def _read(self, scope: str, tools: Sequence[Tool], ids: Sequence[str]) -> list[Trace]:
        return await self._store.read(partial(collect.traces, scope=scope, tools=tools, ids=ids))

    async def _report(
        self, scope: str, marks: Mapping[str, str], read: Read, taken: Taken, known: Sequence[Forebear]
    ) -> Report:
        """What is found in all tasks, and for a skill that has drifted in those that show how its work is done now."""
        report = await self._mine(scope, marks, read, taken)
        for each in known:
            if each.drifted:
                anew = await self._mine(f"{scope} {each.entry.name}", each.traces(marks), read, taken)
                report = _with_heirs(report, anew, each)
        return report

    async def _taken(self, scope: str, before: Remembered) -> Taken:
        """The structures of what is live here, and of what was proposed here before."""
        live = await self._library.live(scope)
        here = {fingerprint(entry.skill.procedure) for entry in live if entry.skill and entry.skill.procedure}
        return Taken(before.held | here, before.narrow)

    async def _names(self) -> set[str]:
        """The names that are not free."""
        there = {entry.name for entry in await self._library.shelf(None)}
        return there | await self._store.read(proposals.names)

    async def _prompts(
        self, scope: str, author: Author, taken: Collection[str], newest: Callable[[], Awaitable[list[Trace]]]
    ) -> PromptReport:
        """Work without tools; nothing is read where no model may be asked."""
        before = await self._store.read(lambda connection: scopes.last_report(connection, scope)) or {}
        known = Known(taken, before.get("tried", {}))
        if author.budget.left <= 0:
            return PromptReport(tried=known.tried)
        return await prompting.find(author, await newest(), self._terms.min_tasks, known, scope)


async def _newest(read: Read, marks: Mapping[str, str]) -> list[Trace]:
    """In parts: reading them all at once would keep the event loop."""
    ids = collect.newest(marks, MOST_TALKS)
    return [trace for start in range(0, len(ids), AT_ONCE) for trace in await read(ids[start : start + AT_ONCE])]


def _with_heirs(report: Report, anew: Report, before: Forebear) -> Report:
    """The report with what was found in a drifted skill's recent tasks and would take its place."""
    there = {found.fingerprint for found in report.skills}
    heirs = [found for found in anew.skills if forebear(found, [before]) and found.fingerprint not in there]
    return replace(report, skills=(*report.skills, *heirs))


def _remembered(connection: Connection, scope: str) -> Remembered:
    gone = [ref for ref, life in lives.down(connection).items() if life.state == "evicted"]
    used = {ref: skills.tally(connection, ref).uses for ref in gone}
    return remembered(proposals.of_scope(connection, scope), used)


def _ripe(report: Report, before: Remembered) -> Report:
    """The report without what people did not want, as long as there is hardly more evidence for it."""
    return _without(report, before.too_early)


def _fit_to_tell(report: Report, privacy: Privacy) -> Report:
    """What the miner cannot know: the bot's own secrets and the names of a chat's people must stand in no procedure."""

    def holding(found: Candidate) -> Sentence | None:
        what = gives_away(found.procedure, privacy)
        return Sentence("it would hold {what}", what=what) if what else None

    return _without(report, holding)


def _without(report: Report, refusing: Callable[[Candidate], Sentence | None]) -> Report:
    """The report in which these are refused, for the reasons that are given."""
    judged = [(found, refusing(found)) for found in report.skills]
    refused = tuple(
        Refusal(tuple(step.tool or "" for step in found.procedure.steps), found.support, (why,))
        for found, why in judged
        if why is not None
    )
    skills = tuple(found for found, why in judged if why is None)
    return replace(report, skills=skills, refused=refused + report.refused)


def _home(connection: Connection, turn: Turn) -> Conversation | None:
    """Where the card goes: where it was asked for, else where was spoken last; None where the bot is not any more."""
    asked_in, scope = turn.payload.get("asked_in"), turn.payload["scope"]
    home = conversations.find(connection, asked_in) if asked_in else conversations.latest(connection, scope)
    return None if home is None or chats.gone(connection, home) else home


def _report(report: Report, prompts: PromptReport, found: Sequence[Found]) -> JSON:
    """What the cycle saw, found and refused, what its words cost, and which shapes of talks were tried so far."""
    refused = [{"tools": list(refusal.tools), "reasons": list(refusal.reasons)} for refusal in report.refused]
    refused += [{"tools": [], "reasons": [f"Tasks without tools, {words}: {why}"]} for words, why in prompts.refused]
    return {
        "traces": report.traces,
        "tasks": report.tasks,
        "proposed": [each.proposal.ref.name for each in found],
        "drafts": [
            {"name": each.proposal.ref.name, "tokens": each.tokens, "by_model": each.by_model} for each in found
        ],
        "refused": refused,
        "tried": dict(prompts.tried),
    }


def _nothing_found(report: Report, budget: Budget, language: str) -> str:
    looked = Sentence("I looked at {count} finished pieces of work.", count=report.tasks)
    if report.tasks == 1:
        looked = Sentence("I looked at one finished piece of work.")
    found = Sentence("Nothing repeats often enough yet.")
    if report.refused:
        found = Sentence("Nothing to propose: {reason}", reason=report.refused[0].reasons[0])
    alone = Sentence("My budget is used up, so I did it without the model.")
    return " ".join(each.told(language) for each in (looked, found, *([alone] if budget.ended else ())))
