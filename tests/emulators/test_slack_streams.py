"""Streams and the assistant pane, with the real SDK as the app."""

import asyncio

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.json import JSON
from tests.emulators.conftest import Clock
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_calls import actions, button, refused, section
from tests.emulators.slack_page import page
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Message, Place

FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "good"},
            "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
        }
    ],
}


@pytest.fixture
def asked(ann: Person, room: Place) -> Message:
    return ann.say(room, "tell me")


def drawn(slack: SlackEmulator, place: Place, viewer: Person) -> str:
    return page(place, viewer, slack.users, lambda thread: slack.status(place, thread))


async def test_a_stream_grows_and_ends_with_blocks(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, room: Place, asked: Message
) -> None:
    to = {"recipient_team_id": slack.team, "recipient_user_id": ann.id}
    stream = await client.chat_stream(channel=room.id, thread_ts=asked.ts, buffer_size=1, **to)
    await stream.append(chunks=[{"type": "task_update", "id": "1", "title": "search", "status": "in_progress"}])
    await stream.append(markdown_text="**half")
    answer = room.messages[-1]
    assert (answer.text, answer.thread_ts, answer.tasks["1"]["status"]) == ("**half", asked.ts, "in_progress")
    assert "still writing" in drawn(slack, room, ann)
    assert await refused(client.chat_update(channel=room.id, ts=answer.ts, text="x")) == "streaming_state_conflict"
    await stream.stop(
        markdown_text=" done**",
        chunks=[{"type": "task_update", "id": "1", "title": "search", "status": "complete"}],
        blocks=[FEEDBACK],
    )
    assert [block["type"] for block in answer.blocks] == ["task_card", "markdown", "context_actions"]
    assert (answer.blocks[0]["status"], answer.blocks[1]["text"]) == ("complete", "**half done**")
    assert (answer.buttons, answer.edited) == (["Good", "Bad"], False)
    assert "<strong>half done</strong>" in drawn(slack, room, ann)
    late = client.chat_appendStream(channel=room.id, ts=answer.ts, markdown_text="x")
    assert await refused(late) == "message_not_in_streaming_state"


async def test_a_button_in_a_stream_can_be_pressed_until_an_update_takes_it_away(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, clock: Clock
) -> None:
    root = ann.say(ann.direct, "hi")
    stop: JSON = {"type": "blocks", "blocks": [actions(button("Stop", value="7"))]}
    text: JSON = {"type": "markdown_text", "text": "so far"}
    it: JSON = {"channel": ann.direct.id, "thread_ts": root.ts}
    ts = (await client.chat_startStream(**it, chunks=[stop, text]))["ts"]
    answer = ann.direct.messages[-1]
    assert ann.press(answer, "Stop").payload["actions"][0]["value"] == "7"
    shown = drawn(slack, ann.direct, ann)
    assert shown.index("Stop") < shown.index("so far")
    clock.seconds += 300
    await client.chat_update(channel=ann.direct.id, ts=ts, text="done", blocks=[section("done")])
    assert (answer.buttons, answer.stream) == ([], "")
    assert "still writing" not in drawn(slack, ann.direct, ann)


async def test_slacks_own_stop_button_ends_streams_and_tells_the_app(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person
) -> None:
    root = ann.say(ann.direct, "hi")
    it: JSON = {"channel": ann.direct.id, "thread_ts": root.ts}
    ts = (await client.chat_startStream(**it, markdown_text="a"))["ts"]
    ann.stop_work(ann.direct, root.ts)
    told = slack.outbox.deliveries[-1].payload["event"]
    assert {"type": "agent_session_stopped", "user": ann.id, **it, "streaming_message_ts": [ts]}.items() <= told.items()
    stopped = client.chat_stopStream(channel=ann.direct.id, ts=ts)
    assert await refused(stopped) == "stopped_by_user"
    ann.stop_work(ann.direct, root.ts)
    assert slack.outbox.deliveries[-1].payload["event"]["streaming_message_ts"] == [ts]
    await client.chat_update(channel=ann.direct.id, ts=ts, text="the end")
    ann.stop_work(ann.direct, root.ts)
    assert slack.outbox.deliveries[-1].payload["event"]["streaming_message_ts"] == []


async def test_an_agents_prompts_need_no_thread(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    prompts = [{"title": "Sum up", "message": "Sum up the week"}]
    await client.assistant_threads_setSuggestedPrompts(channel_id=ann.direct.id, prompts=prompts)
    assert "<button>Sum up</button>" in drawn(slack, ann.direct, ann)
    assert ann.choose("Sum up").text == "Sum up the week"
    with pytest.raises(LookupError, match="No prompt 'Add up'"):
        ann.choose("Add up")


@pytest.mark.parametrize(
    ("left_out", "error"),
    [
        ("recipient_user_id", "missing_recipient_user_id"),
        ("recipient_team_id", "missing_recipient_team_id"),
        ("thread_ts", "invalid_arguments"),
    ],
)
async def test_a_stream_in_a_channel_is_for_somebody_in_a_thread(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, room: Place, asked: Message, left_out: str, error: str
) -> None:
    given = {"channel": room.id, "thread_ts": asked.ts, "recipient_user_id": ann.id, "recipient_team_id": slack.team}
    del given[left_out]
    assert await refused(client.api_call("chat.startStream", json=given)) == error


async def test_streams_keep_their_mode_their_limits_and_five_minutes(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, clock: Clock
) -> None:
    place, root = ann.direct.id, ann.say(ann.direct, "hi")

    async def begun() -> JSON:
        ts = (await client.chat_startStream(channel=place, thread_ts=root.ts, markdown_text="a"))["ts"]
        return {"channel": place, "ts": ts}

    it = await begun()
    chunks = [{"type": "markdown_text", "text": "b"}]
    assert await refused(client.chat_appendStream(**it, chunks=chunks)) == "streaming_mode_mismatch"
    assert await refused(client.chat_appendStream(**it)) == "markdown_text_or_chunks_required"
    both = client.chat_appendStream(**it, markdown_text="b", chunks=chunks)
    assert await refused(both) == "cannot_provide_both_markdown_text_and_chunks"
    assert await refused(client.chat_appendStream(**it, markdown_text="b" * 12_001)) == "msg_too_long"
    await client.chat_appendStream(**it, markdown_text="b" * 12_000)
    assert await refused(client.chat_appendStream(**it, markdown_text="b" * 1_200)) == "msg_blocks_too_long"
    clock.seconds += 300
    assert await refused(client.chat_appendStream(**it, markdown_text="b")) == "message_not_in_streaming_state"
    await client.chat_update(**it, text="the way back")
    other = await begun()
    ann.stop_work(ann.direct, root.ts)
    assert await refused(client.chat_appendStream(**other, markdown_text="b")) == "stopped_by_user"
    assert await refused(client.chat_appendStream(channel=place, ts=root.ts, markdown_text="b")) == (
        "message_not_owned_by_app"
    )


@pytest.mark.parametrize(
    "chunk",
    [
        {"type": "song"},
        {"type": "markdown_text"},
        {"type": "task_update", "id": "1"},
        {"type": "task_update", "id": "1", "title": "x", "status": "done"},
        {"type": "task_update", "id": "1", "title": "x", "details": "x" * 257},
    ],
)
async def test_chunks_that_slack_does_not_take(client: AsyncWebClient, ann: Person, chunk: JSON) -> None:
    root = ann.say(ann.direct, "hi")
    started = client.chat_startStream(channel=ann.direct.id, thread_ts=root.ts, chunks=[chunk])
    assert await refused(started) == "invalid_chunks"


async def test_the_assistant_pane(slack: SlackEmulator, client: AsyncWebClient, ann: Person, clock: Clock) -> None:
    thread = ann.open_assistant()
    here: JSON = {"channel_id": ann.direct.id, "thread_ts": thread}
    prompts = [{"title": "Sum up", "message": "Sum up the week"}]
    await client.assistant_threads_setSuggestedPrompts(**here, prompts=prompts)
    await client.assistant_threads_setStatus(**here, status="is thinking")
    await client.assistant_threads_setTitle(**here, title="The week")
    (told,) = (sent.payload["event"] for sent in slack.outbox.deliveries[1:])
    assert (told["subtype"], told["message"]["subtype"]) == ("message_changed", "assistant_app_thread")
    asked = ann.say(ann.direct, "no pane")
    await client.assistant_threads_setTitle(channel_id=ann.direct.id, thread_ts=asked.ts, title="Other")
    assert asked.text == "no pane"
    shown = drawn(slack, ann.direct, ann)
    assert all(text in shown for text in ("Apprentice is thinking", "<h3>The week</h3>", "<button>Sum up</button>"))
    clock.seconds += 120
    assert slack.status(ann.direct, thread) == ""
    waiting = asyncio.create_task(slack.wait_for(lambda: slack.status(ann.direct, thread) == "is writing"))
    await client.assistant_threads_setStatus(**here, status="is writing")
    assert await waiting
    await client.chat_postMessage(channel=ann.direct.id, thread_ts=thread, text="hi")
    assert slack.status(ann.direct, thread) == ""
    many = client.assistant_threads_setSuggestedPrompts(**here, prompts=prompts * 5)
    assert await refused(many) == "invalid_arguments"
    await client.assistant_threads_setStatus(**here, status="x", loading_messages=["y"] * 10)
    many = client.assistant_threads_setStatus(**here, status="x", loading_messages=["y"] * 11)
    assert await refused(many) == "invalid_arguments"
    gone = client.assistant_threads_setStatus(channel_id=ann.direct.id, thread_ts="1.2", status="x")
    assert await refused(gone) == "invalid_thread_ts"
