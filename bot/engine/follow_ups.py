"""What a person says while the bot works for them joins the next call of the model."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import takewhile

from bot.domain.chat import Conversation
from bot.ports import ChatAdapter
from bot.store import journal, transcript, turns
from bot.store.journal import Entry
from bot.store.store import Connection
from bot.store.turns import Behind, Turn

MOST = 20
"""Messages that join one call."""
PATIENCE_SECONDS = 2.0
"""How long an answer waits for the platform to show that a message was heard."""


class FollowUps:
    """Takes messages in that wait right behind a running turn of the same person.

    `apart` says of which texts they are answered by themselves; so are messages with files, those during work that was
    scheduled, and on the console, where each line of a pipe is answered.
    """

    def __init__(self, adapters: Mapping[str, ChatAdapter], apart: Callable[[str], bool]) -> None:
        self._adapters = adapters
        self._apart = apart

    def waiting(self, connection: Connection, turn: Turn) -> list[Behind]:
        """The messages that may join a turn now, oldest first."""
        if turn.lane.startswith("chat:console:") or turn.kind == "scheduled":
            return []
        person = turn.payload["person"]["id"]
        return [*takewhile(lambda one: self._joins(one, person), turns.behind(connection, turn, MOST))]

    def take(self, connection: Connection, turn: Turn, round: int, now: float) -> Entry | None:
        """Take what waits into a round; what was said stays in the turn's journal."""
        heard = self.waiting(connection, turn)
        if not heard:
            return None
        said = [one.payload["message_id"] for one in heard]
        entry = Entry(f"said:{round}", "", said, once=False)
        journal.start(connection, turn.id, entry, now)
        ended = journal.ended(entry, [transcript.text_of(one.payload) for one in heard])
        journal.end(connection, turn.id, ended, now)
        turns.join(connection, turn, [one.id for one in heard], now)
        return ended

    @asynccontextmanager
    async def shown(self, conversation: Conversation, said: Entry | None) -> AsyncIterator[None]:
        """Show under the messages that were taken in that they were heard, while the context is open."""
        adapter = self._adapters.get(conversation.platform)
        if said is None or adapter is None:
            yield
            return
        showing = asyncio.create_task(_show(adapter, conversation, said.request))
        try:
            yield
            await asyncio.wait([showing], timeout=PATIENCE_SECONDS)
        finally:
            showing.cancel()

    def _joins(self, one: Behind, person: str) -> bool:
        said = one.payload
        return (
            one.kind == "message"
            and said["person"]["id"] == person
            and not said.get("attachments")
            and not self._apart(transcript.text_of(said))
        )


async def _show(adapter: ChatAdapter, conversation: Conversation, messages: Iterable[str]) -> None:
    async with asyncio.TaskGroup() as group:
        for message in messages:
            group.create_task(adapter.seen(conversation, message))
