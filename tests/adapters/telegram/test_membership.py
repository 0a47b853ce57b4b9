"""The bot hears where it comes in and where it is thrown out, and follows groups that get another id."""

import pytest

from bot.domain.chat import (
    Button,
    ChatMoved,
    Conversation,
    Event,
    MembershipChanged,
    MessageReceived,
    Outgoing,
    Progress,
)
from bot.errors import DeliverLater, StoreError, Undeliverable
from tests.adapters.contract import Inbox, receiving
from tests.adapters.telegram_harness import InstantClock, TelegramHarness
from tests.emulators.telegram_faults import Fault
from tests.emulators.telegram_members import change_bot
from tests.emulators.telegram_state import Chat, Message


@pytest.fixture
def group(harness: TelegramHarness) -> Chat:
    return harness.telegram.group("Ops", harness.ann)


def room(chat: Chat) -> Conversation:
    return Conversation("telegram", str(chat.id), direct=False)


def by_bot(chat: Chat) -> list[Message]:
    return [message for message in chat.messages if message.sender.is_bot]


async def events(harness: TelegramHarness) -> list[Event]:
    """All that came, when what happened before this call has come through."""
    inbox, heard = Inbox(), list[Event]()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("that is all")
        while not isinstance(event := await inbox.take(), MessageReceived):
            heard.append(event)
    return heard


async def test_thrown_out_and_taken_in_again(harness: TelegramHarness, group: Chat) -> None:
    harness.ann.throw_out(group)
    harness.ann.take_in(group)
    out, back = await events(harness)
    assert isinstance(out, MembershipChanged)
    assert isinstance(back, MembershipChanged)
    assert (out.member, back.member) == (False, True)
    assert out.key != back.key
    for event in (out, back):
        assert (event.conversation, event.conversation.direct) == (room(group), False)
        assert (event.person.id, event.person.name) == (f"telegram:{harness.ann.id}", "Ann")


async def test_blocked_and_let_write_again(harness: TelegramHarness) -> None:
    harness.ann.block()
    harness.ann.block(False)
    out, back = await events(harness)
    assert isinstance(out, MembershipChanged)
    assert isinstance(back, MembershipChanged)
    assert (out.member, back.member) == (False, True)
    assert out.conversation == harness.conversation
    assert out.conversation.direct


async def test_another_rank_is_no_coming_or_going(harness: TelegramHarness, group: Chat) -> None:
    for status in ("administrator", "member", "restricted"):
        change_bot(harness.telegram, group, status, harness.ann)
    assert await events(harness) == []


async def test_who_is_restricted_may_be_outside(harness: TelegramHarness, group: Chat) -> None:
    change_bot(harness.telegram, group, "restricted", harness.ann, is_member=False)
    (out,) = await events(harness)
    assert isinstance(out, MembershipChanged)
    assert not out.member


async def test_a_group_that_moves_tells_it_twice_as_one_event(harness: TelegramHarness, group: Chat) -> None:
    new = harness.telegram.migrate(group, harness.ann)
    first, second = await events(harness)
    for event in (first, second):
        assert isinstance(event, ChatMoved)
        assert (event.conversation, event.chat) == (room(group), str(new.id))
        assert event.person.id == f"telegram:{harness.ann.id}"
    assert first.key == second.key


async def test_what_is_written_to_a_group_that_moved_arrives_where_it_is(harness: TelegramHarness, group: Chat) -> None:
    new = harness.telegram.migrate(group, harness.ann, told=False)
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("hi")
        await inbox.hears("hi")
        await harness.adapter.send(Outgoing(room(group), "After"), 0)
        moved = await inbox.take()
        live = Progress(room(group), moved.person, "", "", (), Button("Stop", "s1"))
        await harness.adapter.progress(live, "")
        with pytest.raises(Undeliverable, match=r"(?i)message to edit not found"):
            await harness.adapter.edit(Outgoing(room(group), "Changed"), "77")
    assert [message.text for message in by_bot(new)] == ["After", "…"]
    assert isinstance(moved, ChatMoved)
    assert (moved.conversation, moved.chat, moved.at) == (room(group), str(new.id), InstantClock().now())
    assert moved.key == f"telegram:{harness.telegram.bot.id}:moved:{group.id}:{new.id}"


async def test_nothing_is_written_before_the_move_is_on_record(harness: TelegramHarness, group: Chat) -> None:
    new = harness.telegram.migrate(group, harness.ann, told=False)
    inbox = Inbox(refusals=1)
    async with receiving(harness.adapter, inbox.accept):
        await harness.telegram.wait_for(lambda: harness.telegram.called("getUpdates"))
        with pytest.raises(StoreError):
            await harness.adapter.send(Outgoing(room(group), "Hello"), 0)
        assert by_bot(new) == []
        await harness.adapter.send(Outgoing(room(group), "Hello"), 0)
    assert [message.text for message in by_bot(new)] == ["Hello"]
    assert inbox.offered[0] == inbox.offered[1]


async def test_who_only_sends_follows_too(harness: TelegramHarness, group: Chat) -> None:
    new = harness.telegram.migrate(group, harness.ann, told=False)
    await harness.adapter.send(Outgoing(room(group), "Hello"), 0)
    assert [message.text for message in by_bot(new)] == ["Hello"]


async def test_a_group_that_moves_again_meanwhile_is_asked_later(harness: TelegramHarness, group: Chat) -> None:
    moves = Fault("refuse", 400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": group.id})
    harness.telegram.fault("sendMessage", moves, times=2)
    with pytest.raises(DeliverLater):
        await harness.adapter.send(Outgoing(room(group), "Hello"), 0)
    assert by_bot(group) == []
