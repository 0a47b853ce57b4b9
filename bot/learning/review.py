"""A person's decision on a proposal: the bytes that were shown are the bytes that go live."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import structlog

from bot.domain.chat import Button, ButtonClicked, Conversation, InPassing, Outgoing, Person
from bot.domain.scope import workspace
from bot.domain.skill import SkillRef
from bot.domain.text import plain
from bot.errors import Refused
from bot.learning import posting
from bot.learning.details import details
from bot.learning.remembered import REASONS
from bot.learning.versions import offer
from bot.ports import Clock, ToolContext, ToolSource
from bot.skills import folder, format
from bot.skills.library import Library
from bot.skills.pins import Pins, pins
from bot.skills.reviewers import Reviewers
from bot.store import audit, buttons, conversations, homes, proposals, skills, tasks, turns
from bot.store.audit import Action, Event
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.homes import Piece
from bot.store.proposals import Proposal
from bot.store.skills import Approval
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from bot.words import Sentence, say

log = structlog.get_logger()
STATES = {"approve": ("approved", Sentence("Approved.")), "reject": ("rejected", Sentence("Rejected. Why?"))}
"""What a button makes of a proposal, and how the person who pressed it reads it."""
ONLY_REVIEWERS = Sentence("Only a reviewer of this chat can decide this.")
IN_THE_CHAT = Sentence("It stands in our messages now.")
SUPERSEDED = Sentence("The skill has changed since this was proposed, so nothing was decided.")


class Review:
    """Decides on proposals and publishes what was approved."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        library: Library,
        reviewers: Reviewers,
        sources: Sequence[ToolSource],
    ) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._reviewers = reviewers
        self._sources = sources

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Decide on a proposal, or show it. Raises DeliverLater when the platform cannot tell who may."""
        language = click.conversation.language
        proposal, home = await self._store.read(lambda connection: found(connection, meaning.subject))
        if click.conversation.out_lane != home.out_lane and not await self._may_decide(
            proposal, home, click.conversation, click.person
        ):
            return ONLY_REVIEWERS.told(language), lambda _: None
        if proposal.state != "pending":
            words = say(language, "Decided already: {decision}.", decision=decided(proposal))
            return words, lambda connection: redraw(connection, click, proposal, self._now())
        if meaning.action in SHOWN:
            words, show = SHOWN[meaning.action] if click.message_id else (IN_THE_CHAT, SHOWN[meaning.action][1])
            return InPassing(words.told(language)), partial(self._show, click, proposal, show)
        if not await self._may_decide(proposal, home, click.conversation, click.person):
            return ONLY_REVIEWERS.told(language), lambda _: None
        if not await self._current(proposal):
            return SUPERSEDED.told(language), partial(self._supersede, click, proposal)
        agreed = await self._pins(click, proposal) if meaning.action == "approve" else {}
        return InPassing(STATES[meaning.action][1].told(language)), partial(
            self._decide, click, proposal, meaning.action, agreed
        )

    async def explain(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Why it was rejected: what is remembered of it. Raises DeliverLater as `decide`."""
        language = click.conversation.language
        proposal, home = await self._store.read(lambda connection: found(connection, meaning.subject))
        if not await self._may_decide(proposal, home, click.conversation, click.person):
            return ONLY_REVIEWERS.told(language), lambda _: None
        return InPassing(say(language, "Thank you: I remember that.")), partial(
            self._explain, click, proposal, meaning.action
        )

    async def publish(self, turn: Turn) -> Effect:
        """Write an approved proposal's folder. Raises Refused when somebody else's folder has the name."""
        id = turn.payload["proposal"]
        proposal, home = await self._store.read(lambda connection: found(connection, id))
        approved = await self._store.read(skills.approvals)
        for entry in await self._library.shelf(None):
            expected = entry.ref in approved or entry.digest == stands_as(proposal)
            if entry.name == proposal.ref.name and not expected:
                raise Refused(
                    "A folder named {name} stands in the skills already, so nothing was written.", name=entry.name
                )
        await self._library.publish(_approval(proposal))
        return partial(self._note, "published", proposal, audit.ITSELF, home)

    async def waiting(self, here: Conversation, person: Person) -> list[Piece]:
        """The cards of what a person may decide in their direct chat, oldest first; of one workspace's none elsewhere.

        Raises DeliverLater when the platform cannot tell who may.
        """
        waiting = await self._store.read(_waiting)
        return [
            partial(posting.card, home=here, proposal=one)
            for one, home in waiting
            if workspace(home.scope) == workspace(person.id) or home.scope == here.scope
            if await self._may_decide(one, home, here, person)
        ]

    async def _may_decide(self, proposal: Proposal, home: Conversation, here: Conversation, person: Person) -> bool:
        if proposal.kind == proposals.PROMOTION:
            return await self._reviewers.may_decide_on(proposal.scope, here, person)
        return await self._reviewers.may_decide(home, here, person)

    async def _current(self, proposal: Proposal) -> bool:
        """Whether the version that it would take the place of is still the last one there is.

        What stands in a folder must still stand there, or nothing.
        """
        shelf = await self._library.shelf(None)
        if stands := stands_as(proposal):
            return all(entry.digest == stands for entry in shelf if entry.name == proposal.ref.name)
        if proposal.based_on is None:
            return True
        return any((entry.name, entry.digest) == (proposal.ref.name, proposal.based_on) for entry in shelf)

    async def _pins(self, click: ButtonClicked, proposal: Proposal) -> Pins:
        """What the tools are that the approval is for."""
        procedure = format.parse(proposal.ref.name, proposal.files).procedure
        context = ToolContext(click.conversation, click.person)
        known = {tool.name: tool for source in reversed(self._sources) for tool in await source.tools(context)}
        return pins(procedure, known) if procedure else {}

    def _decide(
        self, click: ButtonClicked, proposal: Proposal, action: str, agreed: Pins, connection: Connection
    ) -> None:
        state = STATES[action][0]
        if not proposals.decide(connection, proposal.id, state, click.person, self._now()):
            return
        if state == "approved":
            self._approve(connection, click, proposal, agreed)
        elif stands_as(proposal) and proposal.based_on is not None:
            text = Sentence(
                "**{name}** stays out of use as it is now. Shall I put the version of before back?",
                name=proposal.ref.name,
            )
            ref = SkillRef(proposal.ref.name, proposal.based_on)
            offer(connection, text, ref, click.conversation, f"before:{proposal.id}", self._now())
        promoted = proposal.kind == proposals.PROMOTION
        note: Action = "rejected" if state == "rejected" else "promoted" if promoted else "approved"
        self._note(note, proposal, click.person, click.conversation, connection)
        redraw(connection, click, found(connection, proposal.id)[0], self._now())

    def _approve(self, connection: Connection, click: ButtonClicked, proposal: Proposal, agreed: Pins) -> None:
        if folder.digest(proposal.files) != proposal.ref.digest:
            raise Refused(
                "The files of {name} are not those that were shown; nothing was approved.", name=proposal.ref.name
            )
        skills.approve(connection, replace(_approval(found(connection, proposal.id)[0]), tools=agreed))
        key, payload = f"publish:{proposal.id}", {"proposal": proposal.id}
        turn = NewTurn(key, _lane(proposal), "publish", payload, click.conversation.key)
        turns.enqueue(connection, turn, self._now())
        log.info("proposal.approved", name=proposal.ref.name, digest=proposal.ref.digest, by=click.person.id)

    def _supersede(self, click: ButtonClicked, proposal: Proposal, connection: Connection) -> None:
        if proposals.give_up(connection, proposal.id, "superseded", "", self._now()):
            self._note("superseded", proposal, click.person, click.conversation, connection)
            redraw(connection, click, found(connection, proposal.id)[0], self._now())

    def _explain(self, click: ButtonClicked, proposal: Proposal, reason: str, connection: Connection) -> None:
        if not proposals.explain(connection, proposal.id, reason):
            return
        self._note("rejected", proposal, click.person, click.conversation, connection, reason)
        if reason == "private":
            for task in proposal.evidence.get("support", ()):
                tasks.keep_private(connection, task)
            proposals.redact(connection, proposal.id)
        redraw(connection, click, found(connection, proposal.id)[0], self._now())

    def _show(
        self,
        click: ButtonClicked,
        proposal: Proposal,
        show: Callable[[Connection, Conversation, Proposal], Outgoing],
        connection: Connection,
    ) -> None:
        """Once a message that asks: a second press brings nothing new."""
        shown = show(connection, click.conversation, proposal)
        deliver(connection, shown, f"shown:{proposal.id}:{click.button}", self._now())

    def _note(
        self,
        action: Action,
        proposal: Proposal,
        by: Person,
        there: Conversation,
        connection: Connection,
        detail: str = "",
    ) -> None:
        event = Event(action, proposal.ref, proposal.scope or None, by, there.key, detail)
        audit.note(connection, event, self._now())

    def _now(self) -> float:
        return self._clock.now().timestamp()


SHOWN = {
    "details": (Sentence("The details stand below."), details),
    "show": (Sentence("The card stands below."), posting.card),
}
"""What a button shows, and how the person who pressed it reads it."""


def redraw(connection: Connection, click: ButtonClicked, proposal: Proposal, now: float) -> None:
    """The card with who decided; a card that is stale is mended by the click on it."""
    language = proposal.evidence.get("language", "")
    text = f"{proposal.evidence['card']}\n\n**{decided(proposal).told(language)}.**"
    rows = _why(connection, proposal, language)
    key = f"decided:{proposal.id}:{proposal.reason}:{click.message_id}"
    homes.change(connection, click, Outgoing(click.conversation, text, rows), key, now, _lane(proposal))


def stands_as(proposal: Proposal) -> str | None:
    """The digest of the folder that must still be there when it goes live: nobody has approved that one."""
    return proposal.ref.digest if proposal.kind in proposals.FOLDERS else proposal.evidence.get("stands")


def _why(connection: Connection, proposal: Proposal, language: str) -> tuple[tuple[Button, ...], ...]:
    """The question after a rejection, until it is answered."""
    if proposal.state != "rejected" or proposal.reason:
        return ()
    return (buttons.row(connection, "why", proposal.id, REASONS, language),)


def found(connection: Connection, id: str) -> tuple[Proposal, Conversation]:
    """A proposal and the chat that it was made for."""
    proposal = proposals.find(connection, id)
    if proposal is None:
        raise LookupError(f"proposal {id} has a button and no row")
    return proposal, conversations.find(connection, proposal.conversation)


def _lane(proposal: Proposal) -> str:
    return f"skill:{proposal.ref.name}"


def _waiting(connection: Connection) -> list[tuple[Proposal, Conversation]]:
    return [(one, conversations.find(connection, one.conversation)) for one in proposals.waiting(connection)]


def _approval(proposal: Proposal) -> Approval:
    by = proposal.decided_by.name or proposal.decided_by.id if proposal.decided_by else ""
    scope = format.parse(proposal.ref.name, proposal.files).scope
    return Approval(proposal.ref, scope, proposal.files, by, proposal.decided_at or 0.0)


def decided(proposal: Proposal) -> Sentence:
    """What became of a proposal, by whom and when."""
    when = datetime.fromtimestamp(proposal.decided_at or 0.0, UTC)
    if (proposal.state, proposal.reason) == ("expired", "forgotten"):
        return Sentence("Taken back on {when:%Y-%m-%d}, since what it rested on was erased", when=when)
    if proposal.state == "expired":
        return Sentence("Taken back on {when:%Y-%m-%d}, since nobody decided", when=when)
    if (proposal.state, proposal.reason) == ("superseded", "edited"):
        return Sentence("Changed on {when:%Y-%m-%d at %H:%M} UTC: a new card has its place", when=when)
    if proposal.state == "superseded":
        return Sentence("Superseded on {when:%Y-%m-%d at %H:%M} UTC: the skill has changed", when=when)
    by = plain(proposal.decided_by.name or proposal.decided_by.id) if proposal.decided_by else Sentence("somebody")
    if proposal.state == "approved":
        return Sentence("Approved by {name} on {when:%Y-%m-%d at %H:%M} UTC", name=by, when=when)
    return Sentence("Rejected by {name} on {when:%Y-%m-%d at %H:%M} UTC", name=by, when=when)
