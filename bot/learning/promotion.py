"""A trusted skill of a chat is offered to its whole workspace, or to every chat: to those who may decide there."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from bot.domain.chat import ButtonClicked, Conversation
from bot.domain.scope import EVERYWHERE, wider
from bot.domain.skill import Skill, SkillRef
from bot.domain.tool import Tool
from bot.errors import Refused
from bot.learning import posting
from bot.learning.card import Offered, wider_card
from bot.learning.told import holds_facts
from bot.ports import Clock, ToolContext, ToolSource
from bot.skills import folder, format
from bot.skills.library import Library, Shelved
from bot.skills.reviewers import Reviewers
from bot.skills.warnings import writing
from bot.store import audit, conversations, facts, proposals, skills
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.proposals import PROMOTION, Proposal
from bot.store.store import Connection, Effect, Store
from bot.words import say

NUMBERS = ("tasks", "people", "verified")
"""What is told elsewhere of the work that a skill was learned from."""


class Promotion:
    """Proposes skills for wider scopes. Who may decide about a skill where it is may offer it.

    `sources` are the bot's tools.
    """

    def __init__(
        self, store: Store, clock: Clock, library: Library, reviewers: Reviewers, sources: Sequence[ToolSource]
    ) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._reviewers = reviewers
        self._sources = sources

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """A click on the offer of a skill's version. Raises DeliverLater when the platform cannot tell who may."""
        here, language = click.conversation, click.conversation.language
        name, _, digest = meaning.subject.partition("@")
        try:
            entry = await self._library.find(name, here.scope)
        except Refused:  # another chat's: its name is not told here
            return say(language, "There is no such skill here."), lambda _: None
        if entry.ref != SkillRef(name, digest) or entry.state != "live" or entry.skill is None or not entry.skill.scope:
            return say(language, "{name} is another version now: look at it anew.", name=name), lambda _: None
        if not await self._reviewers.may_decide_on(entry.skill.scope, here, click.person):
            return say(language, "Only who decides about this skill may offer it to others."), lambda _: None
        if await self._store.read(partial(_waits, entry)):
            return say(language, "{name} is offered already, and waits for a decision.", name=name), lambda _: None
        tools = await self._tools(click)
        if await self._store.read(partial(_holds_facts, entry.skill, tools)):
            return say(
                language, "{name} holds what I was told to remember here, so it stays here.", name=name
            ), lambda _: None
        scope = wider(entry.skill.scope)
        asked = await self._reviewers.asked(scope)
        if scope == EVERYWHERE and not asked:
            return say(language, "There is nobody whom I could ask: set APPRENTICE_REVIEWERS."), lambda _: None
        words = say(language, "I have asked those who decide about it.")
        return words, partial(self._offer, click, entry.ref, _offered(entry.skill, tools), asked)

    async def _tools(self, click: ButtonClicked) -> dict[str, Tool]:
        context = ToolContext(click.conversation, click.person)
        return {tool.name: tool for source in self._sources for tool in await source.tools(context)}

    def _offer(
        self, click: ButtonClicked, before: SkillRef, offered: Offered, asked: Sequence[str], connection: Connection
    ) -> None:
        """The card goes to each of the people who are asked; where admins decide, it stands where it was offered."""
        now = self._clock.now().timestamp()
        homes = [_alone_with(connection, person) for person in asked] or [click.conversation]
        proposal = _proposal(connection, before, offered, homes[0], now)
        proposals.propose(connection, proposal)
        proposals.mark_posted(connection, proposal.id, now)
        event = Event("proposed", proposal.ref, proposal.scope or None, click.person, click.conversation.key, PROMOTION)
        audit.note(connection, event, now)
        for home in homes:
            deliver(connection, posting.card(connection, home, proposal), f"card:{proposal.id}:{home.key}", now)


def _offered(skill: Skill, tools: Mapping[str, Tool]) -> Offered:
    scope = wider(skill.scope or EVERYWHERE)
    anew = replace(skill, scope=scope or None, version=skill.version + 1)
    return Offered(anew, scope, writing(skill.procedure, tools) if skill.procedure else ())


def _holds_facts(skill: Skill, tools: Mapping[str, Tool], connection: Connection) -> bool:
    """Whether others would read in it what people wanted remembered where it is."""
    told = [one.text for one in facts.of(connection, skill.scope or EVERYWHERE)]
    return skill.procedure is not None and holds_facts(skill.procedure, told, list(tools.values()))


def _alone_with(connection: Connection, person: str) -> Conversation:
    alone = conversations.alone_with(connection, person)
    conversations.remember(connection, alone)
    return alone


def _waits(entry: Shelved, connection: Connection) -> bool:
    """Whether this version is offered already."""
    known = proposals.listed(connection, entry.name)
    return any((one.kind, one.state, one.based_on) == (PROMOTION, "pending", entry.digest) for one in known)


def _proposal(connection: Connection, before: SkillRef, offered: Offered, home: Conversation, now: float) -> Proposal:
    """The same files but for the scope; of the evidence the numbers, and no words of the chat."""
    files = {**skills.files(connection, before), **format.render(offered.skill)}
    learned = next((one for one in proposals.listed(connection, before.name) if one.ref == before), None)
    seen = {name: learned.evidence[name] for name in NUMBERS if name in learned.evidence} if learned else {}
    card = wider_card(home.language, offered, skills.tally(connection, before), seen)
    return Proposal(
        secrets.token_urlsafe(12),
        offered.scope,
        home.key,
        SkillRef(before.name, folder.digest(files)),
        files,
        learned.fingerprint if learned else before.digest,
        {"card": card, "language": home.language, **seen},
        now,
        kind=PROMOTION,
        based_on=before.digest,
    )
