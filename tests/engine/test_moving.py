"""A chat that gets another id stays the chat it was: its history, its scope and its lanes."""

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.chat import ChatMoved, Conversation, MembershipChanged, Outgoing, Person
from bot.domain.skill import Procedure, Step
from bot.engine.door import Door
from bot.engine.guests import Guests
from bot.store import chats, conversations
from bot.store.commits import Commit
from bot.store.deliveries import deliver
from bot.store.store import Connection, Store
from tests.engine.desk import Desk, wishes, words
from tests.engine.made import ANA, BOB, GROUP

NEW = Conversation("telegram", "-1007", direct=False)
HERE = replace(NEW, formerly=GROUP.chat)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def move(desk: Desk, old: Conversation = GROUP, new: Conversation = NEW) -> None:
    await desk.intake.accept(ChatMoved(f"moved:{old.chat}:{new.chat}", old, ANA, new.chat, desk.clock.now()))


def places(desk: Desk) -> list[tuple[str, str]]:
    return [(message.conversation.chat, message.text) for message in desk.chat.sent]


async def test_its_history_its_skills_and_its_tasks_go_on(desk: Desk) -> None:
    await desk.learn("order-city", Procedure((Step("order", "get_order", {"id": "1"}),)), GROUP.scope)
    desk.model.script = [words("One."), wishes(("skill_order_city", {})), words("Rome.")]
    await desk.say("first", BOB, GROUP)
    await move(desk)
    await desk.say("second", BOB, NEW)
    assert places(desk) == [(GROUP.chat, "One."), (NEW.chat, "Rome.")]
    told = [message["content"] for message in desk.model.requests[1].messages[1:]]
    assert told == ["first", "One.", "second"]
    assert await desk.press("👍", BOB) == "Thank you: I count that."
    assert "- **order-city**" in (await desk.say("/skills", BOB, NEW))[0]


async def test_a_thread_moves_with_its_chat(desk: Desk) -> None:
    desk.model.script = [words("One."), words("Two.")]
    await desk.say("first", BOB, replace(GROUP, thread="5"))
    await move(desk)
    await desk.say("second", BOB, replace(NEW, thread="5"))
    assert [message["content"] for message in desk.model.requests[-1].messages[1:]] == ["first", "One.", "second"]


async def test_what_waits_to_be_sent_goes_where_the_chat_is_now(desk: Desk) -> None:
    def work(connection: Connection) -> None:
        deliver(connection, Outgoing(GROUP, "waiting"), "waiting", 1.0)

    await desk.store.write(Commit.SUBMIT, work)
    await move(desk)
    await desk.work()
    [sent] = desk.chat.sent
    assert (sent.conversation, sent.conversation.key) == (HERE, GROUP.key)


async def test_it_is_told_twice_and_moves_on(desk: Desk) -> None:
    newest = replace(NEW, chat="-1008")
    await desk.hear("first", BOB, GROUP)
    for _ in range(2):
        await move(desk)
    await move(desk, NEW, newest)
    desk.model.script = [words("One."), words("Two.")]
    await desk.work()
    await desk.say("second", BOB, newest)
    assert places(desk) == [("-1008", "One."), ("-1008", "Two.")]
    found = await desk.store.read(lambda connection: conversations.find(connection, GROUP.key))
    assert found == replace(newest, formerly=GROUP.chat)


async def test_that_the_bot_is_not_in_the_old_one_is_no_news(desk: Desk) -> None:
    await desk.hear("/help", BOB, GROUP)
    await move(desk)
    await desk.intake.accept(MembershipChanged("left", GROUP, BOB, member=False, at=desk.clock.now()))
    await desk.work()
    assert len(desk.chat.sent) == 1
    await desk.intake.accept(MembershipChanged("out", NEW, BOB, member=False, at=desk.clock.now()))
    await desk.work()
    assert await desk.store.read(lambda connection: chats.gone(connection, GROUP))


async def test_a_chat_of_which_something_is_known_can_be_moved_to(desk: Desk) -> None:
    desk.model.script = [words("One."), words("Two.")]
    await desk.say("first", BOB, GROUP)
    await desk.intake.accept(MembershipChanged("out", NEW, BOB, member=False, at=desk.clock.now()))
    await desk.work()
    await move(desk)
    assert await desk.say("second", BOB, NEW) == ["Two."]
    assert [message["content"] for message in desk.model.requests[-1].messages[1:]] == ["first", "One.", "second"]


@pytest.mark.parametrize("allowed", [GROUP.scope, NEW.scope])
async def test_who_was_let_in_by_either_id_is_in(desk: Desk, allowed: str) -> None:
    guests = Guests(desk.store, desk.clock, ())
    door = Door(desk.store, desk.clock, [allowed], lambda _: None, guests)
    with capture_logs():
        assert await door.open_to(HERE, Person("telegram:99"))
        assert not await door.open_to(Conversation("telegram", "-5"), Person("telegram:99"))
