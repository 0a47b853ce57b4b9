"""Tasks as the engine leaves them: turns, journals and closings in a real database."""

from dataclasses import dataclass
from typing import Any

from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.store import conversations, journal, tasks, turns
from bot.store.commits import Commit
from bot.store.deliveries import event_payload, outgoing
from bot.store.journal import Entry
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from tests.engine.made import ANA, ROOM, said

NOW = 1_000.0


@dataclass(frozen=True)
class Made:
    """A call that was made."""

    tool: str
    arguments: JSON
    result: JSON
    failed: bool = False
    place: str = ""


async def worked(
    store: Store, number: int, text: str, *made: Made, conversation: Conversation = ROOM, person: Person = ANA
) -> str:
    """A finished turn with these calls; its task's id."""
    event = said(text, number, conversation, person)

    def work(connection: Connection) -> str:
        conversations.remember(connection, conversation)
        new = NewTurn(event.key, conversation.lane, "message", event_payload(event), conversation.key)
        turns.enqueue(connection, new, NOW)
        turn = turns.claim(connection, conversation.lane, NOW)
        assert isinstance(turn, Turn)
        for index, call in enumerate(made):
            entry = Entry(call.place or f"tool:{index}.0", call.tool, call.arguments, once=False)
            journal.start(connection, turn.id, entry, NOW)
            journal.end(connection, turn.id, journal.ended(entry, call.result, failed=call.failed), NOW)
        turns.finish(connection, turn, NOW)
        return tasks.attach(connection, turn.id, conversation.key, person.id, NOW).id

    return await store.write(Commit.FINISH, work)


async def finished(store: Store, turn: Turn, effect: Effect) -> None:
    """End a claimed turn with its effect."""

    def work(connection: Connection) -> None:
        turns.finish(connection, turn, NOW)
        effect(connection)

    await store.write(Commit.FINISH, work)


async def claim(store: Store, lane: str) -> Turn:
    """The lane's next turn."""
    turn = await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, lane, NOW))
    assert isinstance(turn, Turn)
    return turn


async def deliveries(store: Store, conversation: Conversation = ROOM) -> list[Any]:
    """The messages that wait to be sent to a chat, oldest first; with each the id of the one it replaces."""
    found: list[Any] = []
    while True:
        turn = await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, conversation.out_lane, NOW))
        if not isinstance(turn, Turn):
            return found
        found.append((outgoing(turn.payload), turn.payload["replaces"]))
        await finished(store, turn, lambda _: None)
