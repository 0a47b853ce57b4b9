"""Sending: deliveries leave in the order of their chat, part by part, each part recorded at once.

A post whose answer was lost, or that a crash kept from being recorded, is looked for and sent again if it is not there.
Where the platform cannot be asked, a lost answer counts as posted, and a crash between the post and our record of it
repeats that one part (the only window in which a reply can stand twice).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from bot.domain.chat import Outgoing
from bot.engine.journal import Journal
from bot.errors import DeliverLater, MaybeDelivered, Undeliverable
from bot.ports import ChatAdapter, Clock
from bot.store.deliveries import outgoing
from bot.store.store import Effect, Store
from bot.store.turns import Turn

log = structlog.get_logger()
LAST_SECONDS = 5.0
"""How long a stop waits for a post that is under way."""


class Outbox:
    """Runs deliveries. `probe` is called with `before:send` and `after:send` around what is sent."""

    def __init__(
        self, store: Store, clock: Clock, adapters: Mapping[str, ChatAdapter], probe: Callable[[str], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._probe = probe
        self._posted: dict[str, tuple[int, dict[str, str]]] = {}
        """Of each lane the delivery that ran last, and the ids of its parts: a database may refuse to record them."""

    async def __call__(self, turn: Turn) -> Effect:
        """Post or edit a message. Raises DeliverLater, Undeliverable and Gone."""
        message = _addressed(turn)
        adapter = self._adapters.get(message.conversation.platform)
        if adapter is None:
            platform = message.conversation.platform
            raise Undeliverable("No adapter for {platform} is running; set its token.", platform=platform)
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
        except MaybeDelivered as error:  # made twice, an edit is the same edit
            raise DeliverLater(str(error)) from error
        self._probe("after:send")

    async def _post(self, adapter: ChatAdapter, message: Outgoing, journal: Journal) -> None:
        turn = journal.turn
        last, posted = self._posted.get(turn.lane, (turn.id, {}))
        posted = posted if last == turn.id else {}
        self._posted[turn.lane] = turn.id, posted
        for part in range(adapter.parts(message)):
            place = f"send:{part}"
            known = journal.known.get(place)
            if known is None or known.status == "started":
                await journal.settle()
                if place not in posted:
                    posted[place] = await self._part(adapter, message, part, journal)
                journal.sent(place, posted[place])

    async def _part(self, adapter: ChatAdapter, message: Outgoing, part: int, journal: Journal) -> str:
        """The id of the part that stands there in the end, empty where nobody knows it."""
        turn, place = journal.turn, f"send:{part}"
        unsure, cut_off = place in journal.known, turn.epoch > turn.failures + 1
        if not unsure and part == 0 and await self._replaced(adapter, message, turn.payload.get("live", "")):
            return str(turn.payload["live"])
        if (unsure or cut_off) and (found := await _found(adapter, message, part, "" if unsure else None)) is not None:
            return found
        sending = asyncio.ensure_future(self._send(adapter, message, part))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await self._record_before_stop(sending, place, journal)
            raise
        except MaybeDelivered as error:
            log.warning("outbox.ambiguous", conversation=message.conversation.key, error=str(error))
            await journal.unsure(place)
            found = await _found(adapter, message, part, "")
            if found is None:
                raise DeliverLater(f"{error} It is not there yet.") from error
            return found

    async def _record_before_stop(self, sending: asyncio.Task[str], place: str, journal: Journal) -> None:
        """Let a post end that is under way when the process is told to stop: else it would be posted again."""
        done, _ = await asyncio.wait([sending], timeout=LAST_SECONDS)
        if done and sending.exception() is None:
            journal.sent(place, sending.result())
            await journal.settle()
        sending.cancel()

    async def _replaced(self, adapter: ChatAdapter, message: Outgoing, live: str) -> bool:
        """Put the first part in the place of a live message; False where none stands, or somebody deleted it."""
        if not live:
            return False
        first = message if adapter.parts(message) == 1 else replace(message, buttons=())
        try:
            await self._edit(adapter, first, live)
        except Undeliverable as error:
            log.info("outbox.live_gone", conversation=message.conversation.key, reason=str(error))
            return False
        return True

    async def _send(self, adapter: ChatAdapter, message: Outgoing, part: int) -> str:
        self._probe("before:send")
        message_id = await adapter.send(message, part)
        self._probe("after:send")
        return message_id


def _addressed(turn: Turn) -> Outgoing:
    """The message of a delivery, with the name by which it can be found, to where its chat is now."""
    message = outgoing(turn.payload)
    there = message.conversation
    if turn.moved:
        there = replace(there, chat=turn.moved, formerly=there.formerly or there.chat)
    return replace(message, conversation=there, key=f"{turn.key}@{turn.created:.3f}")


async def _found(adapter: ChatAdapter, message: Outgoing, part: int, untold: str | None) -> str | None:
    """The id of a part that was posted; None if it is not there; `untold` where the platform cannot be asked."""
    try:
        return await adapter.posted(message, part)
    except MaybeDelivered:
        return untold
