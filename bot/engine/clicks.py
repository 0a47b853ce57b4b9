"""Clicks: each runs in the lane of what it decides on, so two clicks on one thing never race."""

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.chat import ButtonClicked
from bot.ports import ChatAdapter
from bot.store import buttons
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

    def __init__(self, store: Store, adapters: Mapping[str, ChatAdapter], decisions: Mapping[str, Decide]) -> None:
        self._store = store
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
        if adapter is not None:
            await adapter.answer(click, words)
        return effect


def _nothing(_: Connection) -> None:
    """A click that changes nothing."""
