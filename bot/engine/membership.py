"""The bot comes into a chat, is thrown out of it, and comes back where it was."""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from bot.domain.chat import Conversation, MembershipChanged, Person
from bot.engine.stopping import Stopping
from bot.ports import Clock
from bot.skills.introduction import introduce
from bot.store import chats
from bot.store.deliveries import event
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn

log = structlog.get_logger()


class Membership:
    """Ends what goes on in a chat that the bot is thrown out of, without a word; its rows stay for the return.

    It introduces itself where it is new and may be talked to (`open_to`).
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        stop: Stopping,
        open_to: Callable[[Conversation, Person], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._stop = stop
        self._open_to = open_to

    async def __call__(self, turn: Turn) -> Effect:
        """Rest, or go on: history, tasks and skills are where they were."""
        change = event(turn.payload)
        if not isinstance(change, MembershipChanged):
            raise TypeError(f"turn {turn.id} is no change of membership")
        here, now = change.conversation, self._clock.now().timestamp()
        log.info("chat.entered" if change.member else "chat.left", chat=here.scope, by=change.person.id)
        if change.member:
            welcome = await self._open_to(here, change.person)
            return partial(self._come_back, change, now, welcome)
        lanes = await self._store.read(lambda connection: chats.lanes(connection, here))
        await self._stop(turn, lanes, lambda connection: chats.leave(connection, here, now))
        return lambda _: None

    def _come_back(self, change: MembershipChanged, now: float, welcome: bool, connection: Connection) -> None:
        first = chats.find(connection, change.conversation) is None
        dropped = chats.come_back(connection, change.conversation, now)
        if dropped:
            log.warning("chat.deliveries_dropped", chat=change.conversation.scope, count=dropped)
        if first and welcome:
            introduce(connection, change.conversation, now)
