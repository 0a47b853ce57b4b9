"""A turn shows what it does while it works, natively where Slack lets it, and ends as one message in its place."""

from collections.abc import Callable

import pytest

from adapters.slack.live import LINES, TASKS
from adapters.slack.text import PART_CHARACTERS
from bot.domain.chat import Activity, ButtonClicked, MessageReceived
from tests.adapters.contract import BUTTONS, Inbox, Shown, receiving
from tests.adapters.slack.turn import FAILED, READ, READS, STREAM, Turn
from tests.adapters.slack_harness import SlackHarness, button_rows, shown_text


async def test_a_thread_gets_a_native_stream_that_grows(threaded: Turn) -> None:
    message = await threaded.shows("", READS)
    assert (message.stream, message.text) == ("chunks", "")
    assert [(task["title"], task["status"]) for task in message.tasks.values()] == [(READS.title, "in_progress")]
    assert button_rows(message) == (("Stop",),)
    await threaded.shows("**Two", READ, FAILED)
    await threaded.shows("**Two** orders", READ, FAILED)
    assert message.text == "**Two** orders"
    assert [task["status"] for task in message.tasks.values()] == ["complete", "error"]
    assert len(threaded.calls("chat.appendStream")) == 2
    await threaded.shows("**Two** orders", READ, FAILED)
    assert len(threaded.calls("chat.appendStream")) == 2, "nothing was new"
    told = threaded.harness.slack.called("chat.appendStream")
    assert [len(call["chunks"]) for call in told] == [3, 1], "only what is new is told"


async def test_the_answer_stands_in_its_place_and_nothing_else_is_left(threaded: Turn) -> None:
    await threaded.shows("Tw", READS)
    await threaded.ends("**Two** orders", BUTTONS)
    message = threaded.message
    assert (message.stream, shown_text(message)) == ("", "**Two** orders")
    assert button_rows(message) == (("Approve", "Reject"), ("Details",))
    assert [block["type"] for block in message.blocks] == ["markdown", "actions", "actions"]
    assert not message.edited
    assert threaded.calls(*STREAM, "chat.update") == ["chat.startStream", "chat.stopStream", "chat.update"]


async def test_without_a_thread_one_message_is_edited(flat: Turn) -> None:
    message = await flat.shows("", READS)
    assert message.blocks[0]["elements"][0]["text"] == f"◐ {READS.title}"
    assert button_rows(message) == (("Stop",),)
    await flat.shows("**Two** orders", READ, FAILED)
    assert shown_text(message) == "**Two** orders"
    assert message.blocks[1]["elements"][0]["text"] == f"✓ {READ.title}\n✗ {FAILED.title}"
    await flat.ends("All of **two**")
    assert flat.harness.shown() == [Shown("All of **two**")]
    assert flat.calls(*STREAM) == []
    assert not message.edited


async def test_with_nothing_to_show_yet_there_is_something_to_stop(flat: Turn) -> None:
    message = await flat.shows("")
    assert (shown_text(message), button_rows(message)) == ("…", (("Stop",),))


@pytest.mark.parametrize("kind", ["stream", "edits"])
async def test_a_press_of_stop_is_a_click(harness: SlackHarness, kind: str) -> None:
    thread = harness.ann.say(harness.ann.direct, "hello").ts if kind == "stream" else ""
    turn, inbox = Turn(harness, harness.ann.direct, thread), Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        if thread:
            await inbox.hears("hello")
        message = await turn.shows("Tw", READS)
        harness.ann.press(message, "Stop")
        click = await inbox.take()
    assert isinstance(click, ButtonClicked)
    assert (click.button, click.message_id, click.conversation) == ("s1", turn.id, turn.conversation)


async def test_slacks_own_stop_button_says_the_command(threaded: Turn) -> None:
    harness, inbox = threaded.harness, Inbox()
    await threaded.shows("Tw", READS)
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        harness.ann.stop_work(threaded.place, threaded.conversation.thread)
        event = await inbox.take()
        while not (isinstance(event, MessageReceived) and event.text == "/stop"):
            event = await inbox.take()
        assert (event.conversation, event.person) == (threaded.conversation, harness.person)
        cleared = {"channel_id": threaded.place.id, "thread_ts": threaded.conversation.thread, "status": ""}
        await harness.slack.wait_for(lambda: cleared in harness.slack.called("assistant.threads.setStatus"))
    await threaded.shows("Two", READ)
    assert shown_text(threaded.message) == "Two"
    await threaded.ends("Stopped.")
    assert (shown_text(threaded.message), button_rows(threaded.message)) == ("Stopped.", ())


async def test_what_began_anew_follows_what_was_said(threaded: Turn) -> None:
    await threaded.shows("Let me look.", READS)
    await threaded.shows("", READ)
    await threaded.shows("Two", READ)
    await threaded.shows("Two orders", READ)
    assert threaded.message.text == "Let me look.\n\nTwo orders"


async def test_nobody_is_called_by_what_comes_in_pieces(threaded: Turn) -> None:
    text = f"Ask {threaded.harness.ann.mention} or <!channel>, 1 < 2"
    for end in range(1, len(text) + 1):
        await threaded.shows(text[:end])
    shown = threaded.message.text
    assert shown.replace("\u2060", "") == text
    assert threaded.harness.ann.mention not in shown
    assert "<!channel" not in shown


async def test_more_than_a_message_holds_is_not_shown_yet(threaded: Turn) -> None:
    titles = [Activity(f"{place}: {'long ' * 100}", "done") for place in range(TASKS + 10)]
    await threaded.shows("word " * 1000, *titles)
    await threaded.shows("word " * 3000, *titles)
    await threaded.shows("word " * 3001, *titles)
    assert threaded.message.text == ("word " * 3000)[:PART_CHARACTERS]
    assert len(threaded.message.tasks) == TASKS
    assert threaded.calls("chat.update") == []


async def test_an_edited_message_shows_the_beginning_and_the_newest_activities(flat: Turn) -> None:
    titles = [Activity(f"{place}: {'long ' * 100}\n", "done") for place in range(20)]
    message = await flat.shows("& word " * 3000, *titles)
    assert 0.9 * PART_CHARACTERS < len(shown_text(message)) <= PART_CHARACTERS
    lines = message.blocks[1]["elements"][0]["text"].split("\n")
    assert [line.split(":")[0] for line in lines] == [f"✓ {place}" for place in range(20 - LINES, 20)]


async def test_a_live_message_takes_the_place_of_the_sign_of_work(threaded: Turn) -> None:
    harness, place, thread = threaded.harness, threaded.place, threaded.conversation.thread
    status: Callable[[], str] = lambda: harness.slack.status(place, thread)  # noqa: E731 - a word for it
    await harness.adapter.working(threaded.conversation)
    assert status()
    await threaded.shows("Tw")
    await harness.adapter.working(threaded.conversation)
    assert not status()
    await threaded.ends()
    await harness.adapter.working(threaded.conversation)
    assert status()
    calls = len(harness.slack.called("assistant.threads.setStatus"))
    await harness.adapter.working(threaded.conversation)
    assert len(harness.slack.called("assistant.threads.setStatus")) == calls, "it stands there already"
    await threaded.ends()
    assert not status(), "an edit takes it away, where no message did"
    await threaded.ends()
    assert len(harness.slack.called("assistant.threads.setStatus")) == calls + 1
