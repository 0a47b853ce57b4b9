"""Thrown out of a chat the bot rests without a word; let in again, it is back where it was."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.chat import Conversation, MembershipChanged, Outgoing, Person
from bot.errors import Gone
from bot.store import chats, tasks
from bot.store.commits import Commit
from bot.store.deliveries import deliver
from bot.store.store import Store
from tests.engine.desk import Desk, endless, words
from tests.engine.made import ANA, BOB, GROUP, ROOM

THREAD = Conversation("telegram", GROUP.chat, "5", direct=False)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def change(desk: Desk, *, member: bool, where: Conversation = GROUP, by: Person = BOB) -> None:
    key = f"membership:{next(desk.numbers)}"
    await desk.intake.accept(MembershipChanged(key, where, by, member, desk.clock.now()))


async def is_gone(desk: Desk, where: Conversation = GROUP) -> bool:
    return await desk.store.read(lambda connection: chats.gone(connection, where))


def texts(desk: Desk) -> list[str]:
    return [message.text for message in desk.chat.sent]


@pytest.mark.parametrize("where", [GROUP, THREAD])
async def test_what_runs_and_waits_in_the_chat_ends_without_a_word(desk: Desk, where: Conversation) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun)]
    await desk.hear("work", BOB, where)
    await desk.hear("mine too", ANA, where)
    working = asyncio.create_task(desk.lanes.drain(where.lane))
    await begun.wait()
    await change(desk, member=False)
    await desk.lanes.drain(f"membership:{GROUP.scope}")
    await working
    await desk.work()
    assert (desk.chat.sent, len(desk.model.requests)) == ([], 1)
    desk.model.script = [words("Here.")]
    assert await desk.say("elsewhere", ANA, ROOM) == ["Here."]


async def test_that_it_was_thrown_out_is_no_failure_of_its_work(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun)]
    await desk.hear("work", BOB, GROUP)
    working = asyncio.create_task(desk.lanes.drain(GROUP.lane))
    await begun.wait()
    await change(desk, member=False)
    await desk.lanes.drain(f"membership:{GROUP.scope}")
    await working
    await desk.clock.sleep(1000)
    await desk.work()
    [task] = await desk.store.read(lambda connection: tasks.closed_tasks(connection, GROUP.scope, 9))
    assert task.outcome.status == "unknown"
    assert await desk.store.read(tasks.unmined) == {}
    await change(desk, member=True)
    await desk.work()
    assert await desk.store.read(tasks.unmined) == {GROUP.scope: 1}


async def test_back_in_it_goes_on_where_it_was(desk: Desk) -> None:
    desk.model.script = [words("One."), words("Two.")]
    await desk.say("first", BOB, GROUP)
    await change(desk, member=False)
    await desk.work()
    await change(desk, member=True)
    assert await desk.say("second", BOB, GROUP) == ["Two."]
    assert [message["content"] for message in desk.model.requests[-1].messages[1:]] == ["first", "One.", "second"]


async def post(desk: Desk, text: str) -> None:
    """Something of the bot's own, as a card or a reminder is."""
    now = desk.clock.now().timestamp()
    await desk.store.write(Commit.SUBMIT, lambda connection: deliver(connection, Outgoing(GROUP, text), text, now))
    await desk.work()


@pytest.mark.parametrize("told", [True, False])
async def test_what_was_to_be_posted_waits_for_a_day(desk: Desk, *, told: bool) -> None:
    """Whether the platform tells that the bot was thrown out, or refuses what is posted then."""
    if told:
        await change(desk, member=False)
        await desk.work()
    else:
        desk.chat.faults = [Gone("Thrown out.")]
    await post(desk, "old")
    await desk.clock.sleep(60)
    await post(desk, "young")
    await desk.clock.sleep(timedelta(days=1).total_seconds() - 30)
    assert await is_gone(desk)
    assert desk.chat.sent == []
    await change(desk, member=True)
    with capture_logs() as logs:
        await desk.work()
    assert texts(desk) == ["young"]
    [dropped] = [line for line in logs if line["event"] == "chat.deliveries_dropped"]
    assert (dropped["chat"], dropped["count"]) == (GROUP.scope, 1)
    await post(desk, "now")
    assert texts(desk) == ["young", "now"]


async def test_what_waited_is_sent_at_once_on_the_return(desk: Desk) -> None:
    await change(desk, member=False)
    await desk.work()
    woken: set[str] = set()
    desk.store.woken = woken.update
    await change(desk, member=True)
    await desk.lanes.drain(f"membership:{GROUP.scope}")
    assert GROUP.out_lane in woken


async def test_it_is_tried_once_and_not_again_and_again(desk: Desk) -> None:
    desk.chat.faults = [Gone("Blocked.")] * 9
    desk.model.script = [words("One.")]
    await desk.say("first")
    for _ in range(5):
        await desk.clock.sleep(10_000)
        await desk.work()
    assert (desk.chat.sent, len(desk.chat.faults)) == ([], 8)


async def test_who_writes_has_let_the_bot_in_again(desk: Desk) -> None:
    desk.chat.faults = [Gone("Blocked.")]
    desk.model.script = [words("One."), words("Two.")]
    await desk.say("first")
    assert texts(desk) == []
    await desk.say("second")
    assert texts(desk) == ["One.", "Two."]
    assert not await is_gone(desk, ROOM)


async def test_a_chat_that_is_closed_stops_the_work_that_goes_on_for_it(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [words("One."), endless(begun)]
    await desk.hear("first", BOB, THREAD)
    await desk.lanes.drain(THREAD.lane)
    await desk.hear("second", BOB, GROUP)
    working = asyncio.create_task(desk.lanes.drain(GROUP.lane))
    await begun.wait()
    desk.chat.faults = [Gone("Thrown out.")]
    await desk.lanes.drain(GROUP.out_lane)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    desk.open()
    await desk.work()
    assert (desk.chat.sent, len(desk.model.requests)) == ([], 2)


async def test_a_chat_in_which_it_always_was_is_none_to_come_back_to(desk: Desk) -> None:
    await change(desk, member=True)
    await desk.work()
    assert not await is_gone(desk)
    assert len(desk.chat.sent) == 1


async def test_it_says_hello_once_and_that_it_learns(desk: Desk) -> None:
    await change(desk, member=True)
    await change(desk, member=True, where=ROOM)
    await desk.work()
    [hello] = desk.chat.sent
    assert hello.conversation == GROUP
    assert "`/learn off`" in hello.text
    assert "nothing learned runs before a person approved it" in hello.text
    await change(desk, member=False)
    await change(desk, member=True)
    await desk.work()
    assert desk.chat.sent == [hello]


async def test_it_says_nothing_where_it_works_for_nobody(desk: Desk) -> None:
    desk.open_to = ANA
    await change(desk, member=True, by=BOB)
    await desk.work()
    assert desk.chat.sent == []
    await change(desk, member=True, by=ANA, where=Conversation("telegram", "-200", direct=False))
    await desk.work()
    assert len(desk.chat.sent) == 1
