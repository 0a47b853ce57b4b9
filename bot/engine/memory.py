"""`/memory`: what people wanted remembered in a chat, a page at a time, with buttons that delete it."""

from collections.abc import Sequence
from functools import partial

from bot.domain.chat import ButtonClicked, Conversation, InPassing, MessageReceived, Outgoing
from bot.domain.text import plain
from bot.engine.clicks import STALE
from bot.engine.forget import in_parts
from bot.engine.pages import PAGE, Page, Place, Rows, in_rows, page_of
from bot.ports import Clock
from bot.skills.reviewers import Reviewers
from bot.store import buttons, facts
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.facts import Fact
from bot.store.store import Connection, Effect, Store
from bot.words import Sentence, say

KIND = "memory"
"""Of the buttons; their subject is the scope, so that its clicks never race, their action `WHAT:FACT:PAGE`."""
REFUSALS = {
    "one": Sentence("Only who told me this, or a reviewer, can delete it."),
    "all": Sentence("Only a reviewer of this chat can decide this."),
}


class Memory:
    """Shows the facts of a chat, and deletes them for who told them and for reviewers."""

    def __init__(self, store: Store, clock: Clock, reviewers: Reviewers) -> None:
        self._store = store
        self._clock = clock
        self._reviewers = reviewers

    def list(self, said: MessageReceived, key: str) -> Effect:
        """Answer `/memory`. `key` makes it one delivery."""
        return partial(self._show, Place.asked(said, key))

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Turn the page, delete a fact, or all of them once asked. Raises DeliverLater when who may cannot be told."""
        here = click.conversation
        if meaning.subject != here.scope:
            return STALE.told(here.language), lambda _: None
        what, number, page = meaning.action.split(":")
        redrawn = partial(self._show, Place.turned(click, int(page), f"memory:{click.key}"))
        if what == "page":
            return InPassing(say(here.language, "Page {page}", page=int(page) + 1)), redrawn
        if what == "ask":
            return InPassing(say(here.language, "All of it?")), partial(self._ask, click)
        known = await self._store.read(lambda connection: facts.of(connection, here.scope))
        chosen = [one for one in known if what == "all" or one.id == int(number)]
        if chosen and not await self._may(click, chosen):  # what is gone already is shown to be
            return REFUSALS[what].told(here.language), lambda _: None
        # Written on its own and not with the click's end, so that the database's log can be emptied behind it.
        await in_parts(self._store, facts.delete, [one.id for one in chosen])
        await self._store.empty_log()
        return InPassing(say(here.language, "Forgotten.")), redrawn

    async def _may(self, click: ButtonClicked, chosen: Sequence[Fact]) -> bool:
        own = all(one.person == click.person for one in chosen)
        return own or await self._reviewers.may_decide(click.conversation, click.conversation, click.person)

    def _ask(self, click: ButtonClicked, connection: Connection) -> None:
        here = click.conversation
        text = say(here.language, "Shall I forget all that I was told to remember here?")
        choices = ((Sentence("Forget all"), "all:0:0"), (Sentence("Keep"), "page:0:0"))
        row = buttons.row(connection, KIND, here.scope, choices, here.language)
        card = Outgoing(here, text, (row,))
        deliver(connection, card, f"memory:{click.key}", self._now(), replaces=click.message_id)

    def _show(self, place: Place, connection: Connection) -> None:
        here = place.here
        page = page_of(facts.of(connection, here.scope)[::-1], place.wanted)
        numbered = dict(enumerate(page.shown, page.number * PAGE + 1))
        rows = _choices(connection, here, page, numbered)
        place.put(connection, _listed(numbered, here.language), rows, self._now())

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _listed(shown: dict[int, Fact], language: str) -> str:
    if not shown:
        return say(language, "I was told nothing to remember here. Say “remember that …”, and I do.")
    lines = [
        f"{number}. {plain(one.text)} ({plain(one.person.name or one.person.id)}, {one.day})"
        for number, one in shown.items()
    ]
    return "\n".join([say(language, "What I was told to remember here, the newest first:"), *lines])


def _choices(connection: Connection, here: Conversation, page: Page[Fact], numbered: dict[int, Fact]) -> Rows:
    """A button for each fact, those that turn pages, and one for all."""
    each = [
        (Sentence("Delete {number}", number=number), f"one:{one.id}:{page.number}") for number, one in numbered.items()
    ]
    turning = [(label, f"page:0:{number}") for label, number in page.around()]
    all_of_it = [(Sentence("Forget all"), "ask:0:0")] if numbered else []
    rows = [*in_rows(each), [*turning, *all_of_it]]
    return tuple(buttons.row(connection, KIND, here.scope, row, here.language) for row in rows if row)
