"""A person's decision on a proposal: the bytes that were shown are the bytes that go live."""

from datetime import UTC, datetime

import structlog

from bot.domain.chat import ButtonClicked, Conversation, Outgoing
from bot.domain.text import plain
from bot.errors import Refused
from bot.learning.card import details
from bot.ports import Clock
from bot.skills import folder, format
from bot.skills.library import Library
from bot.skills.reviewers import Reviewers
from bot.store import conversations, proposals, skills, turns
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.proposals import Proposal
from bot.store.skills import Approval
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from bot.words import Sentence, say

log = structlog.get_logger()
STATES = {"approve": ("approved", Sentence("Approved.")), "reject": ("rejected", Sentence("Rejected."))}
"""What a button makes of a proposal, and how the person who pressed it reads it."""


class Review:
    """Decides on proposals and publishes what was approved."""

    def __init__(self, store: Store, clock: Clock, library: Library, reviewers: Reviewers) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._reviewers = reviewers

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Decide on a proposal, or show its details. Raises DeliverLater when the platform cannot tell who may."""
        language = click.conversation.language
        proposal, home = await self._store.read(lambda connection: _proposal(connection, meaning.subject))
        if proposal.state != "pending":
            words = say(language, "Decided already: {decision}.", decision=_decided(proposal))
            return words, lambda connection: self._redraw(connection, click, proposal)
        if meaning.action == "details":
            words = say(language, "The details stand below.")
            return words, lambda connection: self._details(connection, proposal, home, language)
        if not await self._reviewers.may_decide(home, click.conversation, click.person):
            return say(language, "Only a reviewer of this chat can decide this."), lambda _: None
        state, words = STATES[meaning.action]

        def effect(connection: Connection) -> None:
            now = self._clock.now().timestamp()
            if proposals.decide(connection, proposal.id, state, click.person, now):
                if state == "approved":
                    self._approve(connection, click, proposal)
                self._redraw(connection, click, _proposal(connection, proposal.id)[0])

        return words.told(language), effect

    async def publish(self, turn: Turn) -> Effect:
        """Write an approved proposal's folder. Raises Refused when somebody else's folder has the name."""
        id = turn.payload["proposal"]
        proposal, _ = await self._store.read(lambda connection: _proposal(connection, id))
        approved = await self._store.read(skills.approvals)
        for entry in await self._library.shelf(None):
            if entry.name == proposal.ref.name and entry.ref not in approved:
                raise Refused(
                    "A folder named {name} stands in the skills already, so nothing was written.", name=entry.name
                )
        await self._library.publish(_approval(proposal))
        return lambda _: None

    def _approve(self, connection: Connection, click: ButtonClicked, proposal: Proposal) -> None:
        now = self._clock.now().timestamp()
        if folder.digest(proposal.files) != proposal.ref.digest:
            raise Refused(
                "The files of {name} are not those that were shown; nothing was approved.", name=proposal.ref.name
            )
        skills.approve(connection, _approval(_proposal(connection, proposal.id)[0]))
        lane, key = f"skill:{proposal.ref.name}", f"publish:{proposal.id}"
        turn = NewTurn(key, lane, "publish", {"proposal": proposal.id}, click.conversation.key)
        turns.enqueue(connection, turn, now)
        log.info("proposal.approved", name=proposal.ref.name, digest=proposal.ref.digest, by=click.person.id)

    def _redraw(self, connection: Connection, click: ButtonClicked, proposal: Proposal) -> None:
        """The card without buttons, with who decided; a card that is stale is mended by the click on it."""
        decided = _decided(proposal).told(proposal.evidence.get("language", ""))
        text = f"{proposal.evidence['card']}\n\n**{decided}.**"
        now = self._clock.now().timestamp()
        key = f"decided:{proposal.id}:{click.message_id}"
        deliver(connection, Outgoing(click.conversation, text), key, now, replaces=click.message_id)

    def _details(self, connection: Connection, proposal: Proposal, home: Conversation, language: str) -> None:
        skill = format.parse(proposal.ref.name, proposal.files)
        text = details(language, skill, dict(proposal.files))
        deliver(connection, Outgoing(home, text), f"details:{proposal.id}", self._clock.now().timestamp())


def _proposal(connection: Connection, id: str) -> tuple[Proposal, Conversation]:
    proposal = proposals.find(connection, id)
    if proposal is None:
        raise LookupError(f"proposal {id} has a button and no row")
    return proposal, conversations.find(connection, proposal.conversation)


def _approval(proposal: Proposal) -> Approval:
    by = proposal.decided_by.name or proposal.decided_by.id if proposal.decided_by else ""
    return Approval(proposal.ref, proposal.scope, proposal.files, by, proposal.decided_at or 0.0)


def _decided(proposal: Proposal) -> Sentence:
    by = plain(proposal.decided_by.name or proposal.decided_by.id) if proposal.decided_by else Sentence("somebody")
    when = datetime.fromtimestamp(proposal.decided_at or 0.0, UTC)
    if proposal.state == "approved":
        return Sentence("Approved by {name} on {when:%Y-%m-%d at %H:%M} UTC", name=by, when=when)
    return Sentence("Rejected by {name} on {when:%Y-%m-%d at %H:%M} UTC", name=by, when=when)
