"""A turn shows what it does while it works, natively where Slack lets it, and ends as one message in its place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.live import APPENDS, LINES, SHARE, STREAMS, TASKS, UPDATES
from adapters.slack.text import PART_CHARACTERS
from bot.domain.chat import Activity, Button, ButtonClicked, Conversation, MessageReceived, Outgoing, Progress
from bot.errors import DeliverLater, DeliveryError, MaybeDelivered, Undeliverable
from tests.adapters.contract import BUTTONS, Inbox, Shown, receiving
from tests.adapters.slack_harness import SlackHarness, button_rows, shown_text
from tests.emulators.slack_faults import dropped, flood, garbled, lost_answer, refused, server_error
from tests.emulators.slack_state import Message, Place
from tests.emulators.telegram_faults import Fault

READS = Activity("Reads notes/a.txt", "running")
READ = replace(READS, state="done")
FAILED = Activity("Asks the shop", "failed")
STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream")


class Turn:
    """A turn that works for Ann in one conversation, and its message there."""

    def __init__(self, harness: SlackHarness, place: Place, thread: str) -> None:
        self.harness, self.place = harness, place
        self.conversation = Conversation("slack", f"{harness.slack.team}/{place.id}", thread, place.kind == "im")
        self.id = ""

    async def shows(self, text: str, *activities: Activity) -> Message:
        """Show how far it has come; the live message as it stands then."""
        stop = Button("Stop", "s1")
        progress = Progress(self.conversation, self.harness.person, "1.1", text, activities, stop)
        self.id = await self.harness.adapter.progress(progress, self.id)
        return self.message

    async def ends(self, text: str = "**Done**", buttons: tuple[tuple[Button, ...], ...] = ()) -> None:
        await self.harness.adapter.edit(Outgoing(self.conversation, text, buttons), self.id)

    @property
    def message(self) -> Message:
        """The one message of the bot in that thread."""
        (message,) = (
            message
            for message in self.place.messages
            if message.sender is self.harness.slack.bot and message.thread_ts == self.conversation.thread
        )
        assert message.ts == self.id
        return message

    def calls(self, *methods: str) -> list[str]:
        """The calls that were made, in their order."""
        return [call.method for call in self.harness.slack.calls if call.method in methods]


@pytest.fixture(params=["channel", "direct"])
def threaded(request: pytest.FixtureRequest, harness: SlackHarness) -> Turn:
    """In a thread, where Slack has streams."""
    place = harness.ann.direct if request.param == "direct" else harness.slack.channel("kitchen", harness.ann)
    return Turn(harness, place, harness.ann.say(place, "hello").ts)


@pytest.fixture
def flat(harness: SlackHarness) -> Turn:
    """In a direct conversation without threads, where Slack has none."""
    return Turn(harness, harness.ann.direct, "")


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


@pytest.mark.parametrize("ended", ["message_not_in_streaming_state", "stopped_by_user", "invalid_chunks"])
async def test_a_stream_that_takes_no_more_goes_on_by_edits(threaded: Turn, ended: str) -> None:
    await threaded.shows("Tw", READS)
    threaded.harness.slack.fault("chat.appendStream", refused(ended))
    await threaded.shows("Two", READ)
    assert (shown_text(threaded.message), button_rows(threaded.message)) == ("Two", (("Stop",),))
    await threaded.shows("Two orders", READ)
    assert threaded.calls("chat.appendStream") == ["chat.appendStream"], "it was tried again"
    await threaded.ends()
    assert (shown_text(threaded.message), button_rows(threaded.message)) == ("**Done**", ())


async def test_a_stream_that_outlived_its_five_minutes_goes_on_by_edits(
    threaded: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await threaded.shows("Tw", READS)
    clock, now = threaded.harness.slack.clock, threaded.harness.slack.clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 301)
    await threaded.shows("Two", READ)
    await threaded.ends()
    assert shown_text(threaded.message) == "**Done**"


@pytest.mark.parametrize("with_text", [False, True])
async def test_after_a_restart_an_open_stream_is_ended(threaded: Turn, with_text: bool) -> None:
    await threaded.shows("Tw", READS)
    harness = threaded.harness
    async with SlackAdapter(harness.adapter._credentials, harness.slack.api_url, (), harness.clock) as harness.adapter:
        if with_text:
            await threaded.shows("Two", READ)
            assert shown_text(threaded.message) == "Two"
        await threaded.ends()
    assert (threaded.message.stream, shown_text(threaded.message)) == ("", "**Done**")


@pytest.mark.parametrize("why", ["not_allowed", "invalid_chunks", "channel_type_not_supported", "unknown_method"])
async def test_where_slack_begins_no_stream_a_message_is_edited_from_then_on(threaded: Turn, why: str) -> None:
    threaded.harness.slack.fault("chat.startStream", refused(why))
    await threaded.shows("Tw", READS)
    assert (threaded.message.stream, shown_text(threaded.message)) == ("", "Tw")
    assert button_rows(threaded.message) == (("Stop",),)
    await threaded.ends()
    slow = threaded.harness.adapter.pace(threaded.conversation)
    assert slow == 60 / (SHARE * UPDATES)
    again = Turn(threaded.harness, threaded.place, threaded.harness.ann.say(threaded.place, "again").ts)
    await again.shows("Tw")
    assert threaded.calls("chat.startStream") == ["chat.startStream"]


@pytest.mark.parametrize("fault", [flood(7), server_error(), refused("internal_error")])
async def test_where_slack_begins_no_stream_now_it_may_later(threaded: Turn, fault: Fault) -> None:
    threaded.harness.slack.fault("chat.startStream", fault)
    await threaded.shows("Tw", READS)
    assert threaded.message.stream == ""
    again = Turn(threaded.harness, threaded.place, threaded.harness.ann.say(threaded.place, "again").ts)
    assert (await again.shows("Tw")).stream == "chunks"


async def test_no_more_streams_are_begun_than_slack_takes_in_a_minute(
    harness: SlackHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = harness.clock.now()

    async def begun(seconds: float) -> str:
        monkeypatch.setattr(harness.clock, "now", lambda: start + timedelta(seconds=seconds))
        turn = Turn(harness, harness.ann.direct, harness.ann.say(harness.ann.direct, "hello").ts)
        return (await turn.shows("Tw")).stream

    assert [await begun(place) for place in range(STREAMS)] == ["chunks"] * STREAMS
    assert [await begun(59), await begun(60.5), await begun(60.5)] == ["", "chunks", ""]


async def test_the_more_live_messages_the_slower_each(harness: SlackHarness) -> None:
    async def live(threaded: bool) -> float:
        thread = harness.ann.say(harness.ann.direct, "hello").ts if threaded else ""
        harness.ann.direct.messages = [message for message in harness.ann.direct.messages if message.ts == thread]
        turn = Turn(harness, harness.ann.direct, thread)
        await turn.shows("Tw")
        turns.append(turn)
        return harness.adapter.pace(turn.conversation)

    turns: list[Turn] = []
    one, two = await live(True), await live(True)
    assert (one, two) == (60 / (SHARE * APPENDS), 120 / (SHARE * APPENDS))
    assert [await live(False), await live(False)] == [60 / (SHARE * UPDATES), 120 / (SHARE * UPDATES)]
    assert one >= 1
    harness.ann.direct.messages.clear()
    for turn in turns:
        with pytest.raises(Undeliverable):
            await turn.ends()
    assert harness.adapter.pace(turns[0].conversation) == one


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


FAULTS: list[tuple[Fault, type[DeliveryError]]] = [
    (flood(7), DeliverLater),
    (server_error(), DeliverLater),
    (dropped(), MaybeDelivered),
    (lost_answer(), MaybeDelivered),
    (garbled(), MaybeDelivered),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS, ids=str)
async def test_a_failure_to_add_is_told_and_nothing_is_missing_in_the_end(
    threaded: Turn, fault: Fault, error: type[DeliveryError]
) -> None:
    await threaded.shows("One", READS)
    threaded.harness.slack.fault("chat.appendStream", fault)
    with pytest.raises(error) as raised:
        await threaded.shows("One two", READ)
    if fault == flood(7):
        assert isinstance(raised.value, DeliverLater)
        assert raised.value.after == 7
    await threaded.shows("One two three", READ)
    assert threaded.message.text in ("One two three", "One three")
    assert (threaded.message.text == "One three") == (fault.kind == "drop"), "what may stand there is not said twice"
    await threaded.ends()
    assert shown_text(threaded.message) == "**Done**"


@pytest.mark.parametrize("fault", [refused("message_not_in_streaming_state"), dropped(), lost_answer(), server_error()])
async def test_however_the_stream_ends_the_answer_stands_there(threaded: Turn, fault: Fault) -> None:
    await threaded.shows("One", READS)
    threaded.harness.slack.fault("chat.stopStream", fault)
    await threaded.ends()
    assert (threaded.message.stream, shown_text(threaded.message)) == ("", "**Done**")


async def test_a_flood_at_the_end_is_waited_for(threaded: Turn) -> None:
    await threaded.shows("One", READS)
    threaded.harness.slack.fault("chat.stopStream", flood(7))
    with pytest.raises(DeliverLater) as raised:
        await threaded.ends()
    assert raised.value.after == 7
    threaded.harness.slack.fault("chat.update", server_error())
    with pytest.raises(DeliverLater):
        await threaded.ends()
    await threaded.ends()
    assert shown_text(threaded.message) == "**Done**"


async def test_a_chat_without_the_bot_is_undeliverable_and_streams_again_when_it_is_back(harness: SlackHarness) -> None:
    room = harness.slack.channel("kitchen", harness.ann)
    turn = Turn(harness, room, harness.ann.say(room, "hello").ts)
    harness.slack.remove_bot(room)
    with pytest.raises(Undeliverable, match="/invite"):
        await turn.shows("Tw")
    harness.slack.invite_bot(room)
    assert (await turn.shows("Tw")).stream == "chunks"


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
