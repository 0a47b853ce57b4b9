"""Turns that end otherwise than by an answer: the person reads why, and the task comes to its end all the same."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.chat import Outgoing
from bot.domain.trace import Outcome
from bot.engine.lanes import BROKE
from bot.errors import ModelRefused, Undeliverable
from bot.ports import ModelReply, ModelRequest
from bot.store import tasks
from bot.store.commits import Commit
from bot.store.deliveries import deliver
from bot.store.store import Connection, Store
from bot.store.tasks import Task
from tests.engine.desk import Desk, endless, words
from tests.engine.made import BOB, GROUP, ROOM


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def closed(desk: Desk) -> list[Task]:
    """The tasks that are closed after a quiet time."""
    await desk.clock.sleep(901)
    await desk.work()
    return [*await desk.store.read(lambda connection: tasks.closed_tasks(connection, ROOM.scope, 9))]


async def stopped(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun)]
    await desk.hear("work")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await begun.wait()
    await desk.hear("/stop")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await working
    await desk.work()


async def test_a_failure_is_told_and_counted_and_its_task_ends(desk: Desk) -> None:
    desk.model.script = [ModelRefused("Set OPENAI_API_KEY.")]
    assert await desk.say("Work") == ["Set OPENAI_API_KEY."]
    [task] = await closed(desk)
    reason = "The work ended without an answer: Set OPENAI_API_KEY."
    assert task.outcome == Outcome("failure", "behaviour", reason)


async def test_what_a_person_stopped_is_counted_and_its_task_ends(desk: Desk) -> None:
    await stopped(desk)
    [task] = await closed(desk)
    assert task.outcome == Outcome("failure", "behaviour", "A person stopped the work.")
    assert len(desk.chat.sent) == 1


async def test_a_task_goes_on_after_a_failure(desk: Desk) -> None:
    await stopped(desk)
    desk.model.script = [words("Yes.")]
    await desk.clock.sleep(600)
    await desk.say("again")
    await desk.clock.sleep(600)
    await desk.work()
    assert await desk.store.read(lambda connection: tasks.open_task(connection, ROOM.key)) is not None
    assert len(await closed(desk)) == 1


async def test_a_bug_is_told_without_its_words_and_quoted(desk: Desk) -> None:
    async def broken(request: ModelRequest) -> ModelReply:
        raise ZeroDivisionError("secret")

    desk.model.script = [broken] * 9
    await desk.say("Work", BOB, GROUP)
    for _ in range(5):
        await desk.clock.sleep(60)
        await desk.work()
    assert [(message.text, message.reply_to) for message in desk.chat.sent] == [(BROKE, "1")]


async def test_a_file_that_a_chat_does_not_take_is_told_of_in_a_line(desk: Desk) -> None:
    def work(connection: Connection) -> None:
        for name, message in (("a", Outgoing(ROOM, "", file="/kept/1/sales_may.csv")), ("b", Outgoing(ROOM, "Words."))):
            deliver(connection, message, name, 1.0)

    desk.chat.faults = [Undeliverable("The chat takes no files."), Undeliverable("Nor words.")]
    await desk.store.write(Commit.FINISH, work)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == [
        "I could not send sales\\_may.csv: this chat did not take it."
    ]
