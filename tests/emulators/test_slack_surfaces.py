"""Files, response URLs and the page, with the real SDK as the app."""

import json

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.domain.json import JSON
from tests.emulators.conftest import Clock
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_calls import actions, button, plain, refused, section
from tests.emulators.slack_faults import server_error
from tests.emulators.slack_page import page
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Message, Place


@pytest.fixture
def asked(ann: Person, room: Place) -> Message:
    return ann.say(room, "tell me")


def drawn(slack: SlackEmulator, place: Place, viewer: Person) -> str:
    return page(place, viewer, slack.users, lambda thread: slack.status(place, thread))


async def test_files_go_both_ways(slack: SlackEmulator, client: AsyncWebClient, ann: Person, room: Place) -> None:
    sent = ann.say(room, "read this", files={"a.csv": b"1,2"})
    told = slack.outbox.deliveries[-1].payload["event"]
    assert (told["subtype"], told["files"][0]["mimetype"], told["files"][0]["size"]) == ("file_share", "text/csv", 3)
    url = told["files"][0]["url_private"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as answer:
            assert await answer.read() == b"1,2"
        async with session.get(url) as answer:
            assert (answer.status, "Sign in" in await answer.text()) == (200, True)
    assert (await client.files_info(file=told["files"][0]["id"]))["file"]["name"] == "a.csv"
    assert await refused(client.files_info(file="F404")) == "file_not_found"
    await client.files_upload_v2(
        content="x" * 9, filename="b.txt", channel=room.id, thread_ts=sent.ts, initial_comment="here"
    )
    shared = room.messages[-1]
    assert (shared.text, shared.thread_ts, shared.files[0]["size"]) == ("here", sent.ts, 9)
    assert "b.txt (9 bytes)" in drawn(slack, room, ann)


async def test_files_hidden_moved_recorded_and_refused(slack: SlackEmulator, ann: Person, room: Place) -> None:
    clip, hidden, moved = (slack.files.made(ann, name, b"12") for name in ("a b.mp4", "b.txt", "c.txt"))
    clip.clip, hidden.hidden, moved.moved = "slack_audio", True, "https://a.example/"
    ann.say(room, "", files={file.name: file for file in (clip, hidden, moved)})
    recorded, other, _ = slack.outbox.deliveries[-1].payload["event"]["files"]
    assert (recorded["subtype"], recorded["url_private"].rpartition("/")[2]) == ("slack_audio", "a%20b.mp4")
    assert other == {"id": hidden.id, "file_access": "check_file_info"}
    slack.fault("download", server_error(500))
    signed_in = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession(headers=signed_in) as session:
        for url, status in ((clip.url, 500), (clip.url, 200), (moved.url, 302)):
            async with session.get(url, allow_redirects=False) as answer:
                assert answer.status == status


async def test_a_shared_file_has_a_comment_or_blocks(client: AsyncWebClient, room: Place) -> None:
    for beside in ({"initial_comment": "here"}, {"blocks": json.dumps([section("there"), actions(button())])}):
        ticket = await client.files_getUploadURLExternal(filename="a.txt", length=3)
        async with aiohttp.ClientSession() as session, session.post(ticket["upload_url"], data=b"abc"):
            pass
        files: JSON = [{"id": ticket["file_id"]}]
        await client.files_completeUploadExternal(files=files, channel_id=room.id, channels=None, **beside)  # type: ignore[arg-type] # of either kind
    commented, blocked = room.messages
    assert (commented.text, commented.blocks) == ("here", [])
    assert (blocked.text, blocked.buttons, len(blocked.files)) == ("", ["Go"], 1)


async def test_an_upload_may_be_a_form(client: AsyncWebClient, room: Place) -> None:
    asked_for = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    form = aiohttp.FormData()
    form.add_field("file", b"abc", filename="a.txt")
    async with aiohttp.ClientSession() as session, session.post(asked_for["upload_url"], data=form) as answer:
        assert (answer.status, await answer.text()) == (200, "OK - 3")
    await client.files_completeUploadExternal(files=[{"id": asked_for["file_id"], "title": "A"}], channels=[room.id])
    assert room.messages[-1].files[0]["title"] == "A"


async def test_an_upload_is_as_long_as_was_said(client: AsyncWebClient, room: Place) -> None:
    asked_for = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    unfinished = client.files_completeUploadExternal(files=[{"id": asked_for["file_id"]}], channel_id=room.id)
    assert await refused(unfinished) == "file_not_found"
    async with (
        aiohttp.ClientSession() as session,
        session.post(asked_for["upload_url"], data=b"four") as answer,
    ):
        assert answer.status == 400
    assert await refused(client.files_getUploadURLExternal(filename="a.txt", length=0)) == "missing_argument"


async def test_a_response_url_answers_five_times_in_half_an_hour(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, room: Place, clock: Clock
) -> None:
    button = {"type": "button", "action_id": "go", "text": plain("Go"), "value": "7"}
    card = [{"type": "actions", "block_id": "card", "elements": [button]}]
    await client.chat_postMessage(channel=room.id, text="card", blocks=card)
    message = room.messages[-1]
    click = ann.press(message, "Go").payload
    assert click["actions"][0] | {"action_ts": ""} == {**button, "block_id": "card", "action_ts": ""}
    assert (click["user"]["id"], click["channel"]["id"], click["message"]["ts"]) == (ann.id, room.id, message.ts)
    respond = AsyncWebhookClient(click["response_url"])
    await respond.send(text="done", replace_original=True)
    assert (message.text, message.blocks) == ("done", [])
    await respond.send(text="between us")
    await respond.send(text="for all", response_type="in_channel")
    assert [shown.only_for for shown in room.messages[-2:]] == [ann, None]
    assert (await respond.send(text="", blocks=[{"type": "letter"}])).status_code == 400
    whispered = room.messages[-2]
    about_it = slack.response_url(ann, room, whispered.ts)
    heard = len(slack.outbox.deliveries)
    await AsyncWebhookClient(about_it).send(text="less", replace_original=True)
    assert whispered.text == "less"
    await AsyncWebhookClient(about_it).send(delete_original=True)
    assert (whispered in room.messages, len(slack.outbox.deliveries)) == (False, heard)
    await respond.send(delete_original=True)
    assert message not in room.messages
    assert (await respond.send(text="again")).status_code == 404
    fresh = AsyncWebhookClient(ann.command("/apprentice", "", room).payload["response_url"])
    clock.seconds += 1801
    assert (await fresh.send(text="late")).status_code == 404


async def test_posts_keep_the_pace_of_each_place(clock: Clock) -> None:
    async with SlackEmulator(pace=1.5, now=clock) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        here, there = slack.person("Ann").direct, slack.person("Bob").direct
        await client.chat_postMessage(channel=here.id, text="one")
        await client.chat_postMessage(channel=there.id, text="one")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=here.id, text="two")
        answer = caught.value.response
        assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "2")
        clock.seconds += 1.5
        await client.chat_postMessage(channel=here.id, text="two")
        assert [message.text for message in here.messages] == ["one", "two"]


async def test_pressing_what_is_not_there(ann: Person, asked: Message) -> None:
    with pytest.raises(LookupError, match="No button 'Go'"):
        ann.press(asked, "Go")


async def test_the_page_shows_what_one_person_sees(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, room: Place, asked: Message
) -> None:
    bob = slack.person("Bob <b>")
    room.members.append(bob)
    ann.say(room, f"{bob.mention} a <i> & https://x.y/?a=1&b=2", thread=asked)
    ann.react(asked, "eyes")
    table = "|a|b|\n|-|-|\n|1|<u>|"
    blocks = [
        {"type": "header", "text": plain("Card")},
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*bold* `x&lt;*y*` <https://x.y|link> {ann.mention}"}},
        {"type": "markdown", "text": table},
        {
            "type": "actions",
            "elements": [{"type": "button", "action_id": "y", "text": plain("Yes"), "style": "primary"}],
        },
    ]
    await client.chat_postMessage(channel=room.id, text="card", blocks=blocks)
    await client.chat_postEphemeral(channel=room.id, user=bob.id, text="only Bob")
    shown = drawn(slack, room, ann)
    for part in (
        '<span class=mention>@Bob &lt;b&gt;</span> a &lt;i&gt; &amp; <a href="https://x.y/?a=1&amp;b=2">',
        "<span>👀 1</span>",
        '<b>bold</b> <code>x&lt;*y*</code> <a href="https://x.y">link</a> <span class=mention>@Ann</span>',
        "<td>&lt;u&gt;</td>",
        '<button class="primary">Yes</button>',
        '<article class="person reply">',
    ):
        assert part in shown
    assert "only Bob" not in shown
    assert "Only visible to you" in drawn(slack, room, bob)


async def test_channels_are_archived_and_renumbered(slack: SlackEmulator, client: AsyncWebClient, room: Place) -> None:
    before = room.id
    slack.archive(room)
    assert await refused(client.chat_postMessage(channel=room.id, text="x")) == "is_archived"
    slack.archive(room, archived=False)
    slack.renumber(room)
    assert await refused(client.chat_postMessage(channel=before, text="x")) == "channel_not_found"
    await client.chat_postMessage(channel=room.id, text="x")
    told = [delivery.payload["event"] for delivery in slack.outbox.deliveries]
    assert [event["type"] for event in told][:3] == ["channel_archive", "channel_unarchive", "channel_id_changed"]
    assert (told[2]["old_channel_id"], told[2]["new_channel_id"]) == (before, room.id)
