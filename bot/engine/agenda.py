"""`/reminders`: what is scheduled in a chat, a page at a time, with the buttons that decide on it."""

from collections.abc import Iterator, Sequence
from functools import partial

from bot.clients.cron import Cron
from bot.domain.chat import Button, ButtonClicked, Conversation, MessageReceived, Outgoing
from bot.domain.text import plain, shorten
from bot.engine.reminding import GO_ON
from bot.engine.showcase import pages_around
from bot.ports import Clock
from bot.skills.reviewers import Reviewers
from bot.store import buttons, conversations, reminders
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.reminders import Reminder
from bot.store.store import Connection, Effect, Store
from bot.tools.clock import zone_named
from bot.tools.reminders import CANCEL, KIND, SHOWN, told
from bot.words import say

PAGE = 8
"""On a page."""
PAGES = "reminders"
"""The kind of the buttons that turn pages; their action is the page's number."""
IN_A_ROW = 4
"""Buttons."""


class Agenda:
    """Shows what is to come, and takes what people decide on it."""

    def __init__(self, store: Store, clock: Clock, reviewers: Reviewers) -> None:
        self._store = store
        self._clock = clock
        self._reviewers = reviewers

    def list(self, said: MessageReceived, key: str) -> Effect:
        """Answer `/reminders`. `key` makes it one delivery."""
        quoted = "" if said.conversation.direct else said.message_id
        return partial(self._show, said.conversation, 0, key, reply_to=quoted)

    async def turn_page(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Another page takes the place of the one that stands there."""
        here, page = click.conversation, int(meaning.action)
        shown = partial(self._show, here, page, f"page:{click.key}", replaces=click.message_id)
        return say(here.language, "Page {page}", page=page + 1), shown

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Cancel it, or let what rests go on. Raises DeliverLater when the platform cannot tell who may."""
        here = click.conversation
        found = await self._store.read(partial(reminders.find, id=int(meaning.subject)))
        if found is None or found.state == "over":
            return say(here.language, "That is over already."), lambda _: None
        if not await self._may(click, found):
            return say(here.language, "Only who made it, or a reviewer, can decide this."), lambda _: None
        action, _, page = meaning.action.partition(":")
        cancelled = action == CANCEL[1]

        def effect(connection: Connection) -> None:
            if cancelled:
                reminders.end(connection, found.id)
            else:
                self._go_on(connection, found)
            if page:  # it was pressed under the list
                self._show(here, int(page), f"decided:{click.key}", connection, replaces=click.message_id)
            else:
                self._close(connection, click, found, cancelled=cancelled)

        return say(here.language, "Cancelled.") if cancelled else say(here.language, "It goes on."), effect

    async def _may(self, click: ButtonClicked, found: Reminder) -> bool:
        home = await self._store.read(partial(conversations.find, key=found.conversation))
        if click.conversation.out_lane == home.out_lane and click.person == found.person:
            return True
        return await self._reviewers.may_decide(home, click.conversation, click.person)

    def _go_on(self, connection: Connection, found: Reminder) -> None:
        now = self._clock.now()
        following = Cron(found.every, zone_named(found.zone)).after(now) if found.every else now
        reminders.go_on(connection, found.id, (following or now).timestamp())

    def _close(self, connection: Connection, click: ButtonClicked, found: Reminder, *, cancelled: bool) -> None:
        """The card without buttons, with what became of it."""
        here, now = click.conversation, self._clock.now().timestamp()
        text = told(reminders.find(connection, found.id) or found, here.language)
        if cancelled:
            by = plain(click.person.name or click.person.id)
            text = say(here.language, "{name} cancelled this: {what}", name=by, what=plain(shorten(found.what, SHOWN)))
        deliver(connection, Outgoing(here, text), f"decided:{click.key}", now, replaces=click.message_id)

    def _show(
        self,
        here: Conversation,
        page: int,
        key: str,
        connection: Connection,
        *,
        reply_to: str = "",
        replaces: str = "",
    ) -> None:
        known = reminders.of_chat(connection, here.scope)
        pages = max(1, -(-len(known) // PAGE))
        page = min(page, pages - 1)
        shown = known[page * PAGE : (page + 1) * PAGE]
        lines = [told(each, here.language) for each in shown] or [say(here.language, "Nothing is scheduled here.")]
        rows = _rows(connection, here, shown, page, pages)
        message = Outgoing(here, "\n\n".join(lines), rows, reply_to)
        deliver(connection, message, key, self._clock.now().timestamp(), replaces=replaces)


def _rows(
    connection: Connection, here: Conversation, shown: Sequence[Reminder], page: int, pages: int
) -> tuple[tuple[Button, ...], ...]:
    """What may be decided about each, and the pages around."""
    decide = list(_choices(connection, here, shown, page))
    rows = [tuple(decide[start : start + IN_A_ROW]) for start in range(0, len(decide), IN_A_ROW)]
    turning = buttons.row(connection, PAGES, here.scope, pages_around(page, pages), here.language)
    return (*rows, turning) if turning else tuple(rows)


def _choices(connection: Connection, here: Conversation, shown: Sequence[Reminder], page: int) -> Iterator[Button]:
    for each in shown:
        if each.state == "resting":
            label = say(here.language, "Go on {number}", number=each.id)
            yield buttons.make(connection, label, Meaning(KIND, str(each.id), f"{GO_ON[1]}:{page}"))
        label = say(here.language, "Cancel {number}", number=each.id)
        yield buttons.make(connection, label, Meaning(KIND, str(each.id), f"{CANCEL[1]}:{page}"))
