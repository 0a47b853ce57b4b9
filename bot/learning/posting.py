"""Proposals reach people: a card for one, one message for several, none at night; who is silent is reminded once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from bot.domain.chat import Conversation, Outgoing
from bot.domain.text import plain, shorten
from bot.learning.card import CHOICES, EDIT
from bot.learning.quiet import Quiet
from bot.ports import Clock
from bot.skills import format
from bot.skills.introduction import introduce
from bot.store import audit, buttons, conversations, people, proposals, turns
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.proposals import Proposal
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from bot.words import Sentence, say

REMIND = timedelta(days=2)
"""A card that nobody has answered for so long is called to mind, once."""
EXPIRE = timedelta(days=14)
"""A card that nobody has answered for so long is taken back."""
LONGEST_LINE = 200


class Posting:
    """Posts what waits. `reviewers`: people who are asked alone as well when a shared chat stays silent."""

    def __init__(self, store: Store, clock: Clock, quiet: Quiet, reviewers: Sequence[str]) -> None:
        self._store = store
        self._clock = clock
        self._quiet = quiet
        self._reviewers = tuple(reviewers)

    async def post(self, turn: Turn) -> Effect:
        """Post the proposals of a scope that nobody has seen yet."""
        return partial(post, scope=turn.payload["scope"], now=self._now().timestamp())

    async def remind(self, turn: Turn) -> Effect:
        """Call to mind what waits for days, and take back what waits for weeks."""
        return partial(self._remind, turn)

    def _remind(self, turn: Turn, connection: Connection) -> None:
        now = self._now()
        if self._quiet.over(now) > now:
            return
        for proposal in proposals.unanswered(connection, (now - EXPIRE).timestamp()):
            self._take_back(connection, proposal)
        silent = sorted(proposals.unreminded(connection, (now - REMIND).timestamp()), key=lambda one: one.conversation)
        for key, of_home in groupby(silent, key=lambda proposal: proposal.conversation):
            there = list(of_home)
            self._call_to_mind(connection, conversations.find(connection, key), there, f"remind:{turn.id}:{key}")

    def _call_to_mind(self, connection: Connection, home: Conversation, there: list[Proposal], key: str) -> None:
        now = self._now().timestamp()
        head = say(home.language, "Still waiting for a decision:")
        deliver(connection, _list(connection, home, head, there), key, now)
        for person in self._others(connection, home):
            alone = conversations.alone_with(connection, person)
            deliver(connection, _list(connection, alone, head, there), f"{key}:{person}", now)
        for proposal in there:
            proposals.mark_reminded(connection, proposal.id, now)

    def _others(self, connection: Connection, home: Conversation) -> list[str]:
        """Who may decide about a shared chat and perhaps does not read it."""
        if home.direct:
            return []
        asked = self._reviewers or filter(None, [people.first_paired(connection)])
        return [person for person in asked if person.startswith(f"{home.platform}:")]

    def _take_back(self, connection: Connection, proposal: Proposal) -> None:
        now = self._now().timestamp()
        if not proposals.give_up(connection, proposal.id, "expired", "", now):
            return
        home = conversations.find(connection, proposal.conversation)
        audit.note(connection, Event("expired", proposal.ref, proposal.scope, origin=home.key), now)
        words = Sentence(
            "Nobody decided about **{name}** in {days} days, so I took it back. "
            "I may propose it again when I have seen more of this work.",
            name=proposal.ref.name,
            days=EXPIRE.days,
        )
        if proposal.kind in proposals.FOLDERS:
            words = Sentence(
                "Nobody decided about **{name}** in {days} days: what stands in its folder stays out of use. "
                "`apprentice skills approve {name}` lets it go live.",
                name=proposal.ref.name,
                days=EXPIRE.days,
            )
        deliver(connection, Outgoing(home, words.told(home.language)), f"expired:{proposal.id}", now)

    def _now(self) -> datetime:
        return self._clock.now()


def announce(connection: Connection, scope: str, why: str, now: datetime, quiet: Quiet) -> None:
    """Post the new proposals of a scope, when the quiet hours are over. `why` tells this time from others."""
    due = quiet.over(now)
    if due <= now:
        post(connection, scope, now.timestamp())
        return
    new = NewTurn(f"post:{why}", f"post:{scope}:{why}", "post", {"scope": scope}, due=due.timestamp())
    turns.enqueue(connection, new, now.timestamp())


def post(connection: Connection, scope: str, now: float) -> None:
    """Post the proposals of a scope that nobody has seen yet: where there are several, as one message."""
    waiting = proposals.unposted(connection, scope)
    for key, of_home in groupby(waiting, key=lambda proposal: proposal.conversation):
        home, there = conversations.find(connection, key), list(of_home)
        introduce(connection, home, now)
        message = card(connection, home, there[0]) if len(there) == 1 else _digest(connection, home, there)
        deliver(connection, message, f"card:{there[0].id}", now)
    for proposal in waiting:
        proposals.mark_posted(connection, proposal.id, now)


def card(connection: Connection, home: Conversation, proposal: Proposal) -> Outgoing:
    """A proposal's card with its buttons; what is offered to more chats is taken as it is."""
    language = proposal.evidence.get("language", "")
    row = buttons.row(connection, "proposal", proposal.id, CHOICES, language)
    if proposal.kind == proposals.PROMOTION:
        return Outgoing(home, proposal.evidence["card"], (row,))
    *decide, details = row
    edit = buttons.make(connection, EDIT.told(language), Meaning(buttons.FORM, proposal.id, "edit"))
    return Outgoing(home, proposal.evidence["card"], ((*decide, edit, details),))


def _digest(connection: Connection, home: Conversation, there: Sequence[Proposal]) -> Outgoing:
    head = say(home.language, "I found {count} pieces of work that repeat. Shall I learn them?", count=len(there))
    if any(one.kind in proposals.FOLDERS for one in there):
        head = say(home.language, "{count} skills wait for a decision.", count=len(there))
    return _list(connection, home, head, there)


def _list(connection: Connection, home: Conversation, head: str, there: Sequence[Proposal]) -> Outgoing:
    """Several proposals in one message, with a button each that shows its card."""
    lines = [f"- **{proposal.ref.name}**: {_what(proposal)}" for proposal in there]
    rows = tuple(buttons.row(connection, "proposal", one.id, _button(one), home.language) for one in there)
    return Outgoing(home, "\n".join([f"**{head}**", "", *lines]), rows)


def _button(proposal: Proposal) -> tuple[tuple[Sentence, str]]:
    return ((Sentence("{name}", name=proposal.ref.name), "show"),)


def _what(proposal: Proposal) -> str:
    description = format.parse(proposal.ref.name, proposal.files).description
    return plain(shorten(description, LONGEST_LINE))
