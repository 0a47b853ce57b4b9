"""Clicks: each runs in the lane of what it decides on, so two clicks on one thing never race."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.domain.chat import ButtonClicked, Outgoing
from bot.ports import ChatAdapter, Clock
from bot.store import buttons, homes
from bot.store.buttons import Meaning
from bot.store.deliveries import event
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.words import Sentence

Decide = Callable[[ButtonClicked, Meaning], Awaitable[tuple[str, Effect]]]
"""What a click comes to: the words for the person who clicked, and what is written."""
STALE = Sentence("This button is from another time: I do not know it any more.")


class Clicks:
    """Routes clicks by the kind of what they decide on."""

    def __init__(
        self, store: Store, clock: Clock, adapters: Mapping[str, ChatAdapter], decisions: Mapping[str, Decide]
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._decisions = decisions

    async def __call__(self, turn: Turn) -> Effect:
        """Decide, and answer the click."""
        click = event(turn.payload)
        if not isinstance(click, ButtonClicked):
            raise TypeError(f"turn {turn.id} is no click")
        meaning = await self._store.read(lambda connection: buttons.meaning(connection, click.button))
        if meaning is None:
            words = STALE.told(click.conversation.language)
            effect: Effect = _nothing
        else:
            words, effect = await self._decisions[meaning.kind](click, meaning)
        adapter = self._adapters.get(click.conversation.platform)
        if adapter is not None and (click.message_id or click.token):
            await adapter.answer(click, words)
        return effect if click.message_id else partial(self._on_page, click, words, effect)

    def _on_page(self, click: ButtonClicked, words: str, effect: Effect, connection: Connection) -> None:
        """A click on a person's page shows it anew, with the words on top where nothing else is."""
        effect(connection)
        above = Outgoing(click.conversation, words) if words and not click.token else None
        homes.show_again(connection, click, self._clock.now().timestamp(), above)


def _nothing(_: Connection) -> None:
    """A click that changes nothing."""
