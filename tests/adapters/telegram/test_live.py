"""People see how far a turn has come: in drafts when they are alone with the bot, else in a message that is edited."""

from dataclasses import replace

import pytest

from adapters.telegram.live import ACTIVITIES, DRAFT_SECONDS, EDIT_SECONDS, shown
from adapters.telegram.rates import LIMITS
from bot.domain.chat import Activity, Button, Conversation, Outgoing, Person, Progress
from bot.errors import DeliverLater, DeliveryError, MaybeDelivered, Undeliverable
from tests.adapters.contract import Inbox, receiving
from tests.adapters.telegram_harness import MovingClock, TelegramHarness, telegram_harness
from tests.emulators.telegram_faults import Fault, flood
from tests.emulators.telegram_rates import Rates
from tests.emulators.telegram_state import Chat, Draft, Message, utf16

READS = Activity("Reads notes/a.txt", "done")
LOOKS = Activity("Looks for *orders*\nof _ana_", "running")
STOP = Button("Stop", "s1")


def at_work(conversation: Conversation, text: str = "", *activities: Activity, reply_to: str = "") -> Progress:
    return Progress(conversation, Person("telegram:1"), reply_to, text, activities, STOP)


def drafts(harness: TelegramHarness) -> list[Draft]:
    return list(harness.telegram.drafts(harness.ann.direct).values())


def by_bot(chat: Chat) -> list[Message]:
    return [message for message in chat.messages if message.sender.is_bot]


@pytest.fixture
def group(harness: TelegramHarness) -> Chat:
    return harness.telegram.group("Ops", harness.ann)


@pytest.fixture
def room(group: Chat) -> Conversation:
    return Conversation("telegram", str(group.id), direct=False)


async def test_in_a_direct_chat_a_draft_changes_until_the_message_comes(harness: TelegramHarness) -> None:
    place = harness.conversation
    for text in ("", "I **lo", "I **looked** at it"):
        assert await harness.adapter.progress(at_work(place, text, READS), "") == ""
    (draft,) = drafts(harness)
    assert (draft.text, draft.shows) == ("✓ Reads notes/a.txt\n\nI looked at it", 3)
    assert draft.entities == [{"type": "bold", "offset": 23, "length": 6}]
    assert by_bot(harness.ann.direct) == []
    await harness.adapter.send(Outgoing(place, "I **looked** at it, done."), 0)
    assert drafts(harness) == []


async def test_each_turn_has_a_draft_of_its_own(harness: TelegramHarness) -> None:
    for stop in ("s1", "s2"):
        progress = replace(at_work(harness.conversation, "Hm"), stop=Button("Stop", stop))
        await harness.adapter.progress(progress, "")
    first, second = (call["draft_id"] for call in harness.telegram.called("sendMessageDraft"))
    assert first != second
    assert all(0 < int(id) < 2**31 for id in (first, second))


async def test_in_a_group_a_message_with_a_stop_button_is_edited(
    harness: TelegramHarness, group: Chat, room: Conversation
) -> None:
    asked = harness.ann.say("@apprentice_bot look", group)
    message_id = await harness.adapter.progress(at_work(room, "", LOOKS, reply_to=str(asked.id)), "")
    (message,) = by_bot(group)
    assert (message.text, message.buttons, message.reply_to) == ("⏳ Looks for *orders* of _ana_", [["Stop"]], asked)
    later = await harness.adapter.progress(at_work(room, "**So", replace(LOOKS, state="failed")), message_id)
    assert later == message_id == str(message.id)
    assert (message.text, message.buttons) == ("✗ Looks for *orders* of _ana_\n\n**So", [["Stop"]])
    await harness.adapter.edit(Outgoing(room, "**So** it is."), message_id)
    assert (message.text, message.buttons, len(by_bot(group))) == ("So it is.", [], 1)


@pytest.mark.parametrize("refusal", [(400, "Bad Request: TEXTDRAFT_PEER_INVALID"), (404, "Not Found")], ids=str)
async def test_where_drafts_are_refused_a_message_does(harness: TelegramHarness, refusal: tuple[int, str]) -> None:
    place = harness.conversation
    harness.telegram.fault("sendMessageDraft", Fault("refuse", *refusal))
    message_id = await harness.adapter.progress(at_work(place, "Well"), "")
    (message,) = by_bot(harness.ann.direct)
    assert (message_id, message.text, message.buttons) == (str(message.id), "…", [["Stop"]])
    assert await harness.adapter.progress(at_work(place, "Well, then"), message_id) == message_id
    assert (message.text, drafts(harness)) == ("Well, then", [])
    assert harness.adapter.pace(place) == EDIT_SECONDS
    await harness.adapter.progress(at_work(place, "Now a draft again"), "")
    assert harness.adapter.pace(place) == DRAFT_SECONDS


@pytest.mark.parametrize(
    ("fault", "error"),
    [(flood(7), DeliverLater), (Fault("refuse", 502, "Bad Gateway"), DeliverLater), (Fault("lose"), MaybeDelivered)],
    ids=str,
)
async def test_a_failure_is_said_as_for_answers(
    harness: TelegramHarness, room: Conversation, fault: Fault, error: type[DeliveryError]
) -> None:
    for method, place in (("sendMessageDraft", harness.conversation), ("sendMessage", room)):
        harness.telegram.fault(method, fault)
        with pytest.raises(error) as raised:
            await harness.adapter.progress(at_work(place, "Well"), "")
        if fault.parameters:
            assert isinstance(raised.value, DeliverLater)
            assert raised.value.after == 7
    assert by_bot(harness.ann.direct) == []


async def test_who_blocked_the_bot_sees_nothing(harness: TelegramHarness) -> None:
    harness.ann.block()
    with pytest.raises(Undeliverable):
        await harness.adapter.progress(at_work(harness.conversation, "Well"), "")


async def test_a_live_message_that_was_deleted_is_said_to_be_gone(
    harness: TelegramHarness, group: Chat, room: Conversation
) -> None:
    message_id = await harness.adapter.progress(at_work(room, "Well"), "")
    group.messages.clear()
    with pytest.raises(Undeliverable, match=r"(?i)not found"):
        await harness.adapter.progress(at_work(room, "Well, then"), message_id)
    with pytest.raises(Undeliverable, match=r"(?i)not found"):
        await harness.adapter.edit(Outgoing(room, "Done"), message_id)


async def test_what_changes_nothing_is_a_success(harness: TelegramHarness, room: Conversation) -> None:
    message_id = await harness.adapter.progress(at_work(room, "Well"), "")
    assert await harness.adapter.progress(at_work(room, "Well"), message_id) == message_id


async def test_a_draft_is_shown_again_before_it_vanishes() -> None:
    clock = MovingClock()
    async with telegram_harness(clock=clock) as harness:
        harness.telegram.now = lambda: clock.now().timestamp()
        place = harness.conversation
        await harness.adapter.progress(at_work(place, "Well"), "")
        for _ in range(30):
            clock.pass_by(4)
            await harness.adapter.working(place)
            assert [draft.text for draft in drafts(harness)] == ["Well"]
        assert len(harness.telegram.called("sendMessageDraft")) == 7
        await harness.adapter.send(Outgoing(place, "Done."), 0)
        clock.pass_by(24)
        await harness.adapter.working(place)
        assert drafts(harness) == []


async def test_a_draft_that_vanished_with_its_turn_does_not_come_back() -> None:
    clock = MovingClock()
    async with telegram_harness(clock=clock) as harness:
        await harness.adapter.progress(at_work(harness.conversation, "Well"), "")
        clock.pass_by(31)
        await harness.adapter.working(harness.conversation)
        assert len(harness.telegram.called("sendMessageDraft")) == 1


async def test_a_draft_that_cannot_be_shown_again_disturbs_nothing() -> None:
    clock = MovingClock()
    async with telegram_harness(clock=clock) as harness:
        await harness.adapter.progress(at_work(harness.conversation, "Well"), "")
        harness.telegram.fault("sendMessageDraft", Fault("lose"))
        clock.pass_by(24)
        await harness.adapter.working(harness.conversation)


async def test_a_turn_in_a_group_never_makes_telegram_refuse() -> None:
    """Two topics stream at once for minutes, and the answers of both come in time."""
    clock = MovingClock()
    async with telegram_harness(clock=clock, limits=LIMITS) as harness:
        harness.telegram.rates = Rates(now=lambda: clock.now().timestamp())
        group = harness.telegram.group("Ops", harness.ann)
        rooms = [Conversation("telegram", str(group.id), str(group.topic()["message_thread_id"])) for _ in range(2)]
        rooms = [replace(room, direct=False) for room in rooms]
        pace = harness.adapter.pace(rooms[0])
        live = ["", ""]
        put_off = 0
        for round in range(60):
            for number, room in enumerate(rooms):
                try:
                    live[number] = await harness.adapter.progress(at_work(room, f"Step {round}"), live[number])
                except DeliverLater:
                    put_off += 1
                clock.pass_by(pace / 4)
        before = sum(clock.pauses)
        for number, room in enumerate(rooms):
            await harness.adapter.edit(Outgoing(room, "Done."), live[number])
        assert sum(clock.pauses) - before <= 2
        assert harness.telegram.rates.refused == 0
        assert put_off > 0
        assert [message.text for message in by_bot(group)] == ["Done."] * 2
        assert sum(message.edits for message in by_bot(group)) > LIMITS.group


async def test_progress_waits_out_what_telegram_asked_and_answers_in_other_chats_do_not(
    harness: TelegramHarness, room: Conversation
) -> None:
    harness.telegram.fault("sendMessage", flood(30))
    with pytest.raises(DeliverLater):
        await harness.adapter.progress(at_work(room, "Well"), "")
    with pytest.raises(DeliverLater):
        await harness.adapter.progress(at_work(room, "Well"), "")
    assert len(harness.telegram.called("sendMessage")) == 1
    await harness.adapter.send(Outgoing(harness.conversation, "Hello"), 0)
    assert [message.text for message in by_bot(harness.ann.direct)] == ["Hello"]


async def test_a_flood_of_drafts_holds_up_no_answer(harness: TelegramHarness) -> None:
    harness.telegram.fault("sendMessageDraft", flood(30))
    with pytest.raises(DeliverLater):
        await harness.adapter.progress(at_work(harness.conversation, "Well"), "")
    await harness.adapter.send(Outgoing(harness.conversation, "Hello"), 0)
    assert [message.text for message in by_bot(harness.ann.direct)] == ["Hello"]


async def test_drafts_give_way_when_many_are_answered_at_once() -> None:
    async with telegram_harness(limits=replace(LIMITS, chat=9, everywhere=4)) as harness:
        for name in ("Ben", "Cleo", "Dan"):
            there = Conversation("telegram", str(harness.telegram.person(name).id))
            await harness.adapter.send(Outgoing(there, "Hello"), 0)
        with pytest.raises(DeliverLater):
            await harness.adapter.progress(at_work(harness.conversation, "Well"), "")
        await harness.adapter.send(Outgoing(harness.conversation, "Hello"), 0)
    assert drafts(harness) == []


async def test_the_stop_button_says_which_turn(harness: TelegramHarness, group: Chat, room: Conversation) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.adapter.progress(at_work(room, "Well"), "")
        harness.ann.press("Stop", by_bot(group)[0])
        click = await inbox.take()
    assert click.button == "s1"


def test_what_is_longer_than_a_message_shows_what_is_being_written() -> None:
    place = Conversation("telegram", "42")
    part = shown(at_work(place, "word " * 2000 + "**the end**", READS))
    assert part.text.startswith("✓ Reads notes/a.txt\n\nword")
    assert part.text.endswith("the end")
    assert utf16(part.text) <= 4096
    (bold,) = part.entities
    assert (
        part.text.encode("utf-16-le")[2 * bold.offset : 2 * (bold.offset + bold.length)].decode("utf-16-le")
        == "the end"
    )


@pytest.mark.parametrize("length", [4000, 4096, 5000])
def test_what_is_shown_is_never_longer_than_a_message(length: int) -> None:
    part = shown(at_work(Conversation("telegram", "42"), "😀" * (length // 2), *[READS] * 9))
    assert utf16(part.text) <= 4096


def test_the_newest_activities_are_shown_each_in_a_short_line() -> None:
    activities = [Activity(f"{number} " + "😀" * 500, "done") for number in range(40)]
    part = shown(at_work(Conversation("telegram", "42"), "", *activities))
    lines = part.text.splitlines()
    assert [line.split()[1] for line in lines] == [f"{number}" for number in range(40 - ACTIVITIES, 40)]
    assert all(len(line) <= 102 for line in lines)


def test_before_the_first_word_something_stands() -> None:
    assert shown(at_work(Conversation("telegram", "42"), " \n")).text == "…"
