"""Reactions: what they say, and that they are about the task whose answer they stand under."""

from collections.abc import Sequence

import pytest

from bot.domain.chat import Conversation, Outgoing, Person, Reacted
from bot.domain.trace import Outcome
from bot.engine.intake import Intake
from bot.learning.outcomes import Outcomes
from bot.learning.outcomes.reactions import verdict
from bot.store import journal, tasks, turns
from bot.store.commits import Commit
from bot.store.deliveries import deliver
from bot.store.journal import Entry
from bot.store.store import Connection, Store
from bot.store.turns import Turn
from tests.engine.made import ANA, BOB, GROUP, ROOM, HandClock
from tests.learning.lived import NOW, claim, finished, worked


@pytest.mark.parametrize(
    ("emoji", "said"),
    [
        (["👍"], "success"),
        (["👍🏽"], "success"),
        (["❤️"], "success"),
        (["+1::skin-tone-2", "eyes"], "success"),
        (["👎", "😢"], "failure"),
        (["-1"], "failure"),
        (["👍", "👎"], None),
        (["😁"], None),
        ([], None),
    ],
)
def test_what_reactions_say(emoji: Sequence[str], said: str | None) -> None:
    assert verdict(emoji) == said


async def answered(store: Store, number: int) -> str:
    """A task whose answer was posted as the messages m1.0 and m1.1 (for number 1)."""
    task = await worked(store, number, f"do {number}")

    def work(connection: Connection) -> None:
        turn = tasks.task(connection, task).last_turn
        deliver(connection, Outgoing(ROOM, "Done."), f"reply:{turn}", NOW)
        delivery = turns.claim(connection, ROOM.out_lane, NOW)
        assert isinstance(delivery, Turn)
        for part in range(2):
            entry = Entry(f"send:{part}", "", None, once=False)
            journal.start(connection, delivery.id, entry, NOW)
            journal.end(connection, delivery.id, journal.ended(entry, f"m{number}.{part}"), NOW)
        turns.finish(connection, delivery, NOW)
        tasks.close(connection, task, Outcome(), NOW)

    await store.write(Commit.FINISH, work)
    return task


async def reacted(
    store: Store, message: str, *emoji: str, person: Person = ANA, number: int = 1, room: Conversation = ROOM
) -> None:
    """A reaction comes in, and what follows from it is done."""
    event = Reacted(f"reaction:{room.key}:{message}:{number}", room, person, message, emoji, HandClock().now())
    await Intake(store, HandClock()).accept(event)
    outcomes = Outcomes(store, HandClock(), 0)
    lane = f"reaction:{room.out_lane}:{message}"
    turn = await claim(store, lane)
    await finished(store, turn, await outcomes.reacted(turn))
    due = await store.read(lambda connection: turns.due_lanes(connection, NOW))
    for closing in [lane for lane in due if lane.startswith("close:")]:
        turn = await claim(store, closing)
        await finished(store, turn, await outcomes.close(turn))


async def outcome(store: Store, task: str) -> tuple[str, str]:
    found = (await store.read(lambda connection: tasks.task(connection, task))).outcome
    return found.status, found.detail


async def test_a_reaction_is_about_the_task_it_stands_under(store: Store) -> None:
    one, other = await answered(store, 1), await answered(store, 2)
    await reacted(store, "m1.1", "👎")
    assert await outcome(store, one) == ("failure", "Ana reacted with 👎.")
    assert await outcome(store, other) == ("unknown", "")
    await reacted(store, "m2.0", "👎", room=GROUP)
    assert await outcome(store, other) == ("unknown", "")
    await reacted(store, "m2.0", "👍", person=BOB)
    assert await outcome(store, other) == ("success", "Bob reacted with 👍.")
    await reacted(store, "m3.0", "👍")
    assert await outcome(store, one) == ("failure", "Ana reacted with 👎.")


async def test_a_reaction_can_be_changed_and_taken_back(store: Store) -> None:
    task = await answered(store, 1)
    told = []
    for number, emoji in enumerate((["👎"], ["👍"], ["👍", "👎"]), 1):
        await reacted(store, "m1.0", *emoji, number=number)
        told.append((await outcome(store, task))[0])
    assert told == ["failure", "success", "unknown"]
