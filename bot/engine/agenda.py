"""`/reminders`: what is scheduled in a chat, a page at a time, with the buttons that decide on it."""

from collections.abc import Iterator
from functools import partial

from bot.clients.cron import Cron
from bot.domain.chat import Button, ButtonClicked, Conversation, InPassing, MessageReceived, Outgoing
from bot.domain.text import plain, shorten
from bot.engine.pages import Page, Place, Rows, in_rows, page_of
from bot.engine.reminding import GO_ON
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

PAGES = "reminders"
"""The kind of the buttons that turn pages; their action is the page's number."""


class Agenda:
    """Shows what is to come, and takes what people decide on it."""

    def __init__(self, store: Store, clock: Clock, reviewers: Reviewers) -> None:
        self._store = store
        self._clock = clock
        self._reviewers = reviewers

    def list(self, said: MessageReceived, key: str) -> Effect:
        """Answer `/reminders`. `key` makes it one delivery."""
        return partial(self._show, Place.asked(said, key))

    async def turn_page(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Another page takes the place of the one that stands there."""
        page = int(meaning.action)
        shown = partial(self._show, Place.turned(click, page, f"page:{click.key}"))
        return InPassing(say(click.conversation.language, "Page {page}", page=page + 1)), shown

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
                self._show(Place.turned(click, int(page), f"decided:{click.key}"), connection)
            else:
                self._close(connection, click, found, cancelled=cancelled)

        return InPassing(say(here.language, "Cancelled.") if cancelled else say(here.language, "It goes on.")), effect

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

    def _show(self, place: Place, connection: Connection) -> None:
        here = place.here
        page = page_of(reminders.of_chat(connection, here.scope), place.wanted)
        lines = [told(each, here.language) for each in page.shown] or [say(here.language, "Nothing is scheduled here.")]
        place.put(connection, "\n\n".join(lines), _rows(connection, here, page), self._clock.now().timestamp())


def _rows(connection: Connection, here: Conversation, page: Page[Reminder]) -> Rows:
    """What may be decided about each, and the pages around."""
    decide = map(tuple, in_rows(list(_choices(connection, here, page))))
    turning = buttons.row(connection, PAGES, here.scope, page.around(), here.language)
    return (*decide, turning) if turning else tuple(decide)


def _choices(connection: Connection, here: Conversation, page: Page[Reminder]) -> Iterator[Button]:
    for each in page.shown:
        if each.state == "resting":
            label = say(here.language, "Go on {number}", number=each.id)
            yield buttons.make(connection, label, Meaning(KIND, str(each.id), f"{GO_ON[1]}:{page.number}"))
        label = say(here.language, "Cancel {number}", number=each.id)
        yield buttons.make(connection, label, Meaning(KIND, str(each.id), f"{CANCEL[1]}:{page.number}"))
