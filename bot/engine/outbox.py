"""Sending: deliveries leave in the order of their chat, part by part, each part recorded at once.

A crash between the platform's post and our record of it repeats that one part: neither platform offers a key that
would tell (the only window in which a reply can stand twice).
"""

from collections.abc import Callable, Mapping

import structlog

from bot.domain.chat import Outgoing
from bot.engine.journal import Journal
from bot.errors import MaybeDelivered, Undeliverable
from bot.ports import ChatAdapter, Clock
from bot.store.deliveries import outgoing
from bot.store.store import Effect, Store
from bot.store.turns import Turn

log = structlog.get_logger()


class Outbox:
    """Runs deliveries. `probe` is called with `before:send` and `after:send` around what is sent."""

    def __init__(
        self, store: Store, clock: Clock, adapters: Mapping[str, ChatAdapter], probe: Callable[[str], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._probe = probe

    async def __call__(self, turn: Turn) -> Effect:
        """Post or edit a message. Raises DeliverLater and Undeliverable."""
        message = outgoing(turn.payload)
        adapter = self._adapters.get(message.conversation.platform)
        if adapter is None:
            raise Undeliverable(f"No adapter for {message.conversation.platform} is running; set its token.")
        journal = await Journal.open(self._store, self._clock, turn)
        if turn.payload["replaces"]:
            await self._edit(adapter, message, turn.payload["replaces"])
        else:
            await self._post(adapter, message, journal)
        return journal.flush

    async def _edit(self, adapter: ChatAdapter, message: Outgoing, message_id: str) -> None:
        self._probe("before:send")
        try:
            await adapter.edit(message, message_id)
        except MaybeDelivered as error:  # an edit may be made twice, but nobody is missing anything
            log.warning("outbox.ambiguous", conversation=message.conversation.key, error=str(error))
        self._probe("after:send")

    async def _post(self, adapter: ChatAdapter, message: Outgoing, journal: Journal) -> None:
        for part in range(adapter.parts(message)):
            place = f"send:{part}"
            if place not in journal.known:
                await journal.settle()
                journal.sent(place, await self._send(adapter, message, part))

    async def _send(self, adapter: ChatAdapter, message: Outgoing, part: int) -> str:
        self._probe("before:send")
        try:
            message_id = await adapter.send(message, part)
        except MaybeDelivered as error:  # it may stand there already: a missing id is better than a second copy
            log.warning("outbox.ambiguous", conversation=message.conversation.key, error=str(error))
            message_id = ""
        self._probe("after:send")
        return message_id
