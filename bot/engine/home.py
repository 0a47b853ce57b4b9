"""A person's page of the bot: what waits for them, the skills of their direct chat, what to do next."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from bot.domain.chat import ButtonClicked, Conversation, Home, Outgoing, Person
from bot.engine.door import CLOSED
from bot.engine.pages import page_of
from bot.errors import DeliverLater, MaybeDelivered
from bot.ports import ChatAdapter, Clock
from bot.skills import account
from bot.skills.library import Library, Shelved
from bot.store import buttons, forgetting, homes, skills, turns
from bot.store.buttons import Meaning
from bot.store.homes import Piece, Wanted
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.words import Sentence, say

Waiting = Callable[[Conversation, Person], Awaitable[Sequence[Piece]]]
"""What waits for a person, as they may see and decide it in their direct chat."""
MOST = 10
"""Things of one kind that wait on a page; the rest is counted."""
KIND = "home"
"""Of the buttons that turn to other skills; their subject is the direct chat, their action the page's number."""


class Homes:
    """Shows pages to those who are `let_in`. `waiting` are the kinds of what can wait for somebody."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, ChatAdapter],
        library: Library,
        let_in: Callable[[Conversation, Person], Awaitable[bool]],
        waiting: Sequence[Waiting],
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._library = library
        self._let_in = let_in
        self._waiting = waiting

    async def look(self, turn: Turn) -> Effect:
        """Find out what stands on a page now. Raises DeliverLater when the platform cannot tell who may decide."""
        wanted = homes.wanted(turn.payload)
        here, person = wanted.conversation, wanted.person
        if not await self._let_in(here, person):
            return partial(self._publish, turn, wanted, [lambda _: Outgoing(here, CLOSED.told(here.language))])
        waiting = [await kind(here, person) for kind in self._waiting]
        shelf = await self._library.shelf(here.scope)
        return partial(self._publish, turn, wanted, [*_waiting(here, waiting), *_skills(wanted, shelf)])

    async def publish(self, turn: Turn) -> Effect:
        """Show a page; what stood on it is kept nowhere. Raises DeliverLater and Undeliverable."""
        home = homes.home(turn.payload)
        adapter = self._adapters.get(home.conversation.platform)
        try:
            if adapter is not None:
                await adapter.home(home)
        except MaybeDelivered as error:  # shown twice, a page is the same page
            raise DeliverLater(str(error)) from error
        return partial(forgetting.forget_deliveries, ids=[turn.id])

    async def turn_page(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Other skills take the place of those that stand there."""
        page, here = int(meaning.action), click.conversation

        def effect(connection: Connection) -> None:
            look = homes.look(f"home:{click.key}", Wanted(here, click.person, page))
            turns.enqueue(connection, look, self._clock.now().timestamp())

        return say(here.language, "Page {page}", page=page + 1), effect

    def _publish(self, turn: Turn, wanted: Wanted, pieces: Sequence[Piece], connection: Connection) -> None:
        above = (wanted.above,) if wanted.above else ()
        made = (*above, *(piece(connection) for piece in pieces))
        new = homes.publication(f"publish:{turn.key}", Home(wanted.conversation, wanted.person, made))
        turns.enqueue(connection, new, self._clock.now().timestamp())
        forgetting.forget_deliveries(connection, [turn.id])


def _waiting(here: Conversation, kinds: Sequence[Sequence[Piece]]) -> list[Piece]:
    if not any(kinds):
        return [_words(here, Sentence("Nothing waits for you."))]
    pieces = [_words(here, Sentence("## Waiting for you"))]
    for waiting in kinds:
        pieces += waiting[:MOST]
        if len(waiting) > MOST:
            pieces.append(_words(here, Sentence("{count} more wait behind these.", count=len(waiting) - MOST)))
    return pieces


def _skills(wanted: Wanted, shelf: Sequence[Shelved]) -> list[Piece]:
    here = wanted.conversation
    if shelf:
        return [_words(here, Sentence("## My skills in our direct chat")), partial(_page, wanted=wanted, shelf=shelf)]
    next_step = Sentence(
        "I have no skills here yet. Give me work under Messages, or mention me in a channel: when work repeats, "
        "I propose a skill, and its card waits here for your decision."
    )
    return [_words(here, next_step)]


def _page(connection: Connection, wanted: Wanted, shelf: Sequence[Shelved]) -> Outgoing:
    here, page = wanted.conversation, page_of(shelf, wanted.skills)
    lines = [account.line(entry, skills.tally(connection, entry.ref), here.language) for entry in page.shown]
    turning = buttons.row(connection, KIND, here.key, page.around(), here.language)
    return Outgoing(here, "\n".join(lines), (turning,) if turning else ())


def _words(here: Conversation, words: Sentence) -> Piece:
    return lambda _: Outgoing(here, words.told(here.language))
