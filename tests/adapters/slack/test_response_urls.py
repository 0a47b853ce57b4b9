"""Where the bot may not post, whoever used its command there is answered all the same."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.chat import Button, ButtonClicked, Conversation, MessageReceived, Outgoing
from bot.errors import Undeliverable
from tests.adapters.contract import LONG, Inbox, receiving
from tests.adapters.slack_harness import SlackHarness, shown_text
from tests.emulators.slack_faults import dropped, server_error
from tests.emulators.slack_state import Message, Place
from tests.emulators.telegram_faults import Fault


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def room(harness: SlackHarness, inbox: Inbox) -> AsyncIterator[Place]:
    """A channel of Ann's and Ben's without the bot, where Ann used the command."""
    room = harness.slack.channel("kitchen", harness.ann, harness.slack.person("Ben"), private=True, bot=False)
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        harness.ann.command("/apprentice", "skills", room)
        event = await inbox.take()
        assert isinstance(event, MessageReceived)
        assert event.conversation == place_of(harness, room)
        yield room


def place_of(harness: SlackHarness, room: Place, thread: str = "") -> Conversation:
    return Conversation("slack", f"{harness.slack.team}/{room.id}", thread)


async def send(harness: SlackHarness, place: Conversation, text: str = "**None** yet") -> None:
    message = Outgoing(place, text)
    for part in range(harness.adapter.parts(message)):
        await harness.adapter.send(message, part)


def told(harness: SlackHarness, room: Place) -> list[Message]:
    """What the bot said there; only Ann sees it."""
    said = [message for message in room.messages if message.sender is harness.slack.bot]
    assert {message.only_for for message in said} <= {harness.ann}
    return said


async def test_who_used_the_command_reads_the_answer_alone(harness: SlackHarness, room: Place) -> None:
    await send(harness, place_of(harness, room))
    assert [shown_text(message) for message in told(harness, room)] == ["**None** yet"]
    await send(harness, place_of(harness, room), LONG)
    assert len(told(harness, room)) == 3


async def test_where_the_bot_is_everybody_reads_it(harness: SlackHarness, room: Place) -> None:
    harness.slack.invite_bot(room)
    await send(harness, place_of(harness, room))
    assert room.messages[-1].only_for is None


@pytest.mark.parametrize("fault", [dropped(), server_error()])
async def test_without_an_answer_it_is_undeliverable(harness: SlackHarness, room: Place, fault: Fault) -> None:
    harness.slack.fault("response_url", fault)
    with pytest.raises(Undeliverable):
        await send(harness, place_of(harness, room))


async def test_threads_and_other_channels_get_nothing_of_it(harness: SlackHarness, room: Place) -> None:
    other = harness.slack.channel("cellar", harness.ann, bot=False)
    for place in (place_of(harness, room, "1.5"), place_of(harness, other)):
        with pytest.raises(Undeliverable):
            await send(harness, place)
    assert told(harness, room) == []


async def test_half_an_hour_later_it_is_undeliverable(
    harness: SlackHarness, room: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = harness.clock.now() + timedelta(minutes=30)
    monkeypatch.setattr(harness.clock, "now", lambda: later)
    with pytest.raises(Undeliverable):
        await send(harness, place_of(harness, room))
    assert told(harness, room) == []


async def test_the_newest_command_is_answered(harness: SlackHarness, room: Place) -> None:
    ben = next(member for member in room.members if member.name == "Ben")
    harness.slack.outbox.deliveries.clear()
    ben.command("/apprentice", "skills", room)  # type: ignore[attr-defined] # Ben is a person
    await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    await send(harness, place_of(harness, room))
    assert room.messages[-1].only_for is ben


async def test_a_button_under_such_an_answer_works(harness: SlackHarness, room: Place, inbox: Inbox) -> None:
    """Slack tells of no message in that click, and only the click's own URL can replace it."""
    place = place_of(harness, room)
    await harness.adapter.send(Outgoing(place, "Delete it?", ((Button("Delete", "b1"),),)), 0)
    harness.ann.press(told(harness, room)[0], "Delete")
    click = await inbox.take()
    assert isinstance(click, ButtonClicked)
    assert (click.button, click.conversation) == ("b1", place)
    await harness.adapter.answer(click, "Only others decide.")
    await harness.adapter.edit(Outgoing(place, "Deleted."), click.message_id)
    assert [shown_text(message) for message in told(harness, room)] == ["Deleted.", "Only others decide."]
    assert not any(message.buttons for message in told(harness, room))
