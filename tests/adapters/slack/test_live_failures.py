"""Where Slack begins no stream, ends it, or loses an answer, the turn goes on to show itself, and its answer stands."""

from datetime import timedelta

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.live import APPENDS, LOOKS, SHARE, STREAMS, UPDATES
from bot.errors import DeliverLater, DeliveryError, MaybeDelivered, Undeliverable
from tests.adapters.slack.turn import READ, READS, Turn
from tests.adapters.slack_harness import SlackHarness, button_rows, shown_text
from tests.emulators.slack_faults import dropped, flood, garbled, lost_answer, refused, server_error
from tests.emulators.telegram_faults import Fault


@pytest.mark.parametrize("ended", ["message_not_in_streaming_state", "stopped_by_user", "invalid_chunks"])
async def test_a_stream_that_takes_no_more_goes_on_by_edits(threaded: Turn, ended: str) -> None:
    await threaded.shows("Tw", READS)
    threaded.harness.slack.fault("chat.appendStream", refused(ended))
    await threaded.shows("Two", READ)
    assert (shown_text(threaded.message), button_rows(threaded.message)) == ("Two", (("Stop",),))
    await threaded.shows("Two orders", READ)
    assert threaded.calls("chat.appendStream") == ["chat.appendStream"], "it was tried again"
    assert threaded.harness.adapter.pace(threaded.conversation) == 60 / (SHARE * UPDATES)
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


@pytest.mark.parametrize("fault", [dropped(), lost_answer(), garbled()], ids=lambda fault: fault.kind)
@pytest.mark.parametrize("kind", ["stream", "edits"])
async def test_a_beginning_whose_answer_is_lost_gives_no_second_message(
    harness: SlackHarness, kind: str, fault: Fault
) -> None:
    thread = harness.ann.say(harness.ann.direct, "hello").ts if kind == "stream" else ""
    turn = Turn(harness, harness.ann.direct, thread)
    harness.slack.fault("chat.startStream" if thread else "chat.postMessage", fault)
    harness.slack.fault("conversations.replies" if thread else "conversations.history", server_error(), len(LOOKS))
    if fault.kind == "drop":
        with pytest.raises(DeliverLater):
            await turn.shows("One", READS)
    await turn.shows("One", READS)
    await turn.shows("One two", READ)
    assert "One two" in (shown_text(turn.message), turn.message.text)
    await turn.ends()
    assert (turn.message.stream, shown_text(turn.message)) == ("", "**Done**")


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


async def test_a_stream_that_does_not_end_is_waited_for(threaded: Turn) -> None:
    await threaded.shows("One", READS)
    threaded.harness.slack.fault("chat.update", refused("streaming_state_conflict"), times=2)
    with pytest.raises(DeliverLater):
        await threaded.ends()
    await threaded.ends()
    assert shown_text(threaded.message) == "**Done**"


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
