"""Files come from Slack's own hosts alone, and go where they belong with the words beside them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from adapters.slack import files
from adapters.slack.files import File
from adapters.slack.text import MOST_PARTS, PART_CHARACTERS, THUMBS, WHOLE
from bot.domain.chat import Attachment, Button, MessageReceived, Outgoing
from bot.errors import DeliverLater, DeliveryError, MaybeDelivered, Undeliverable
from tests.adapters.contract import Inbox, receiving
from tests.adapters.slack_harness import SlackHarness, button_rows, shown_text
from tests.emulators.slack_faults import dropped, flood, garbled, lost_answer, refused, server_error
from tests.emulators.telegram_faults import Fault

CSV = b"a,b\n1,2\n"
ROW = (tuple(Button(label, f"b{place}") for place, label in enumerate(THUMBS)),)


@pytest.fixture
def report(tmp_path: Path) -> str:
    path = tmp_path / "größe 1.csv"
    path.write_bytes(CSV)
    return str(path)


async def said(harness: SlackHarness, *sent: tuple[str, bytes], text: str = "") -> MessageReceived:
    """What the bot hears when Ann sends files."""
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say(harness.ann.direct, text, files=dict(sent))
        event = await inbox.take()
    assert isinstance(event, MessageReceived)
    return event


async def sent(harness: SlackHarness, content: bytes = CSV, name: str = "orders.csv") -> Attachment:
    """One file that Ann sent."""
    (attachment,) = (await said(harness, (name, content))).attachments
    return attachment


async def test_files_come_with_or_without_words(harness: SlackHarness) -> None:
    event = await said(harness, ("orders.csv", CSV), ("größe 1.pdf", b"%PDF"), text="read these")
    assert event.text == "read these"
    assert [(file.name, file.media, file.size) for file in event.attachments] == [
        ("orders.csv", "text/csv", 8),
        ("größe 1.pdf", "application/pdf", 4),
    ]
    assert [await harness.adapter.fetch(file, 100) for file in event.attachments] == [CSV, b"%PDF"]
    alone = await said(harness, ("orders.csv", CSV))
    assert (alone.text, alone.addressed, len(alone.attachments)) == ("", True, 1)
    assert event.key != alone.key


async def test_a_file_in_a_channel_is_for_the_bot_where_it_is_named(harness: SlackHarness) -> None:
    inbox, room = Inbox(), harness.slack.channel("kitchen", harness.ann)
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        harness.ann.say(room, "", files={"a.csv": CSV})
        root = harness.ann.say(room, f"{harness.slack.bot.mention} read this", files={"b.csv": CSV})
        named = await inbox.take()
        harness.ann.say(room, "", root, files={"c.csv": CSV})
        follows = await inbox.take()
        while follows.key == named.key:
            follows = await inbox.take()
    heard = [event for event in (named, follows) if isinstance(event, MessageReceived)]
    assert [(event.attachments[0].name, event.addressed) for event in heard] == [("b.csv", True), ("c.csv", False)]
    assert {event.conversation.thread for event in heard} == {root.ts}


@pytest.mark.parametrize(
    ("given", "media"),
    [
        ({"mimetype": "audio/webm", "subtype": "slack_audio"}, "audio/webm"),
        ({"mimetype": "video/mp4", "subtype": "slack_audio"}, "audio/mp4"),
        ({"mimetype": "video/mp4", "subtype": "slack_video"}, "video/mp4"),
        ({}, "application/octet-stream"),
        ({"mimetype": None, "name": None, "size": -1}, "application/octet-stream"),
    ],
)
def test_what_a_file_is(given: dict[str, object], media: str) -> None:
    attachment = File.model_validate({"id": "F1", **given}).attachment
    assert attachment == Attachment("F1", "F1", media, 0)


async def test_a_voice_message_is_one(harness: SlackHarness) -> None:
    inbox = Inbox()
    clip = harness.slack.files.made(harness.ann, "audio_message.mp4", b"la")
    clip.clip = "slack_audio"
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say(harness.ann.direct, "", files={clip.name: clip})
        event = await inbox.take()
    assert isinstance(event, MessageReceived)
    assert event.attachments[0].media == "audio/mp4"


async def test_a_file_of_another_workspace_is_asked_for(harness: SlackHarness) -> None:
    inbox = Inbox()
    hidden = harness.slack.files.made(harness.ann, "orders.csv", CSV)
    hidden.hidden = True
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say(harness.ann.direct, "", files={hidden.name: hidden})
        event = await inbox.take()
    assert isinstance(event, MessageReceived)
    (attachment,) = event.attachments
    assert attachment.id == hidden.id
    assert await harness.adapter.fetch(attachment, 100) == CSV
    for fault, error in (
        (flood(7), DeliverLater),
        (dropped(), DeliverLater),
        (garbled(), DeliverLater),
        (refused("file_not_found"), Undeliverable),
        (refused("missing_scope"), Undeliverable),
    ):
        harness.slack.heal()
        harness.slack.fault("files.info", fault, times=2)
        with pytest.raises(error):
            await harness.adapter.fetch(attachment, 100)


async def test_a_file_has_at_most_so_many_bytes(harness: SlackHarness) -> None:
    attachment = await sent(harness, b"x" * 300_000)
    assert len(await harness.adapter.fetch(attachment, 300_000)) == 300_000
    with pytest.raises(Undeliverable, match=r"orders\.csv is larger than 0 MB"):
        await harness.adapter.fetch(attachment, 299_999)
    with pytest.raises(Undeliverable, match="larger"):
        await harness.adapter.fetch(replace(attachment, size=0), 299_999)
    assert len(harness.slack.calls) > 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (flood(7), DeliverLater),
        (server_error(), DeliverLater),
        (dropped(), DeliverLater),
        (server_error(404), Undeliverable),
        (server_error(410), Undeliverable),
        (server_error(403), Undeliverable),
    ],
    ids=str,
)
async def test_a_download_that_fails_says_what_to_do(
    harness: SlackHarness, fault: Fault, error: type[DeliveryError]
) -> None:
    attachment = await sent(harness)
    harness.slack.fault("download", fault, times=2)  # aiohttp itself asks once more where a connection breaks
    with pytest.raises(error) as raised:
        await harness.adapter.fetch(attachment, 100)
    assert harness.slack.bot_token not in str(raised.value)
    if isinstance(raised.value, DeliverLater):
        assert raised.value.after == (7 if fault == flood(7) else None)


@pytest.mark.parametrize("name", ["orders.csv", "page.html"])
async def test_without_the_scope_slack_shows_a_page_to_sign_in(harness: SlackHarness, name: str) -> None:
    attachment = await sent(harness, b"<p>My own page</p>", name)
    assert await harness.adapter.fetch(attachment, 10_000) == b"<p>My own page</p>"
    harness.slack.feed.scopes = set()
    with pytest.raises(Undeliverable, match="files:read"):
        await harness.adapter.fetch(attachment, 10_000)


@pytest.fixture
async def elsewhere() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that is not Slack's, and what it was told."""
    told: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        told.append(request.headers.get("Authorization", ""))
        return web.Response(body=b"not yours")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/orders.csv", told
    await runner.cleanup()


async def test_the_token_goes_to_slack_alone(harness: SlackHarness, elsewhere: tuple[str, list[str]]) -> None:
    url, told = elsewhere
    for id in (url, url.replace("http://", "http://files.slack.com@"), f"{url}?files.slack.com", "file:///etc/passwd"):
        with pytest.raises(Undeliverable, match="not kept by Slack"):
            await harness.adapter.fetch(Attachment(id, "orders.csv", "text/csv"), 100)
    attachment = await sent(harness)
    (file,) = harness.slack.files.files.values()
    file.moved = url
    with pytest.raises(Undeliverable):
        await harness.adapter.fetch(attachment, 100)
    assert told == []


def test_slacks_own_host_is_one() -> None:
    assert files.HOST == "files.slack.com"


@pytest.mark.parametrize("threaded", [False, True])
async def test_a_file_is_sent_with_the_words_beside_it(harness: SlackHarness, report: str, threaded: bool) -> None:
    root = harness.ann.say(harness.ann.direct, "make one")
    place = replace(harness.conversation, thread=root.ts if threaded else "")
    message = Outgoing(place, "Here is the **report** for <!channel>", file=report)
    assert harness.adapter.parts(message) == 1
    await harness.adapter.send(message, 0)
    (shared,) = harness.posted
    assert (shared.text, shared.thread_ts) == ("Here is the report for &lt;\u2060!channel&gt;", place.thread)
    (file,) = harness.slack.files.files.values()
    assert (file.name, file.content, shared.files[0]["id"]) == ("größe 1.csv", CSV, file.id)
    with pytest.raises(MaybeDelivered):
        await harness.adapter.posted(message, 0)


async def test_a_file_needs_no_words(harness: SlackHarness, report: str) -> None:
    await harness.adapter.send(Outgoing(harness.conversation, "", file=report), 0)
    assert (harness.posted[0].text, len(harness.posted[0].files)) == ("", 1)


@pytest.mark.parametrize("taken", [True, False])
async def test_a_file_may_have_buttons(harness: SlackHarness, report: str, taken: bool) -> None:
    if not taken:
        harness.slack.fault("files.completeUploadExternal", refused("invalid_blocks"))
    await harness.adapter.send(Outgoing(harness.conversation, "The report", ROW, file=report), 0)
    (shared,) = harness.posted
    assert shown_text(shared) == "The report"
    assert (button_rows(shared), len(shared.files)) == ((THUMBS,) if taken else (), 1)


@pytest.mark.parametrize(
    ("method", "fault", "error", "stands"),
    [
        ("files.getUploadURLExternal", flood(7), DeliverLater, 0),
        ("files.getUploadURLExternal", dropped(), DeliverLater, 0),
        ("files.getUploadURLExternal", lost_answer(), DeliverLater, 0),
        ("files.getUploadURLExternal", garbled(), DeliverLater, 0),
        ("files.getUploadURLExternal", refused("invalid_auth"), DeliverLater, 0),
        ("upload", server_error(), DeliverLater, 0),
        ("upload", dropped(), DeliverLater, 0),
        ("upload", lost_answer(), DeliverLater, 0),
        ("files.completeUploadExternal", flood(7), DeliverLater, 0),
        ("files.completeUploadExternal", server_error(), DeliverLater, 0),
        ("files.completeUploadExternal", refused("channel_not_found"), Undeliverable, 0),
        ("files.completeUploadExternal", refused("not_in_channel"), Undeliverable, 0),
        ("files.completeUploadExternal", lost_answer(), MaybeDelivered, 1),
        ("files.completeUploadExternal", garbled(), MaybeDelivered, 1),
    ],
    ids=str,
)
async def test_an_upload_that_fails_says_whether_it_may_stand_there(
    harness: SlackHarness, report: str, method: str, fault: Fault, error: type[DeliveryError], stands: int
) -> None:
    harness.slack.fault(method, fault)
    with pytest.raises(error):
        await harness.adapter.send(Outgoing(harness.conversation, "The report", file=report), 0)
    assert len(harness.posted) == stands


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize("why", ["missing_scope", "file_uploads_disabled", "file_type_not_allowed"])
async def test_a_file_that_is_not_taken_is_told(harness: SlackHarness, report: str, method: str, why: str) -> None:
    harness.slack.fault(method, refused(why))
    german = replace(harness.conversation, language="de")
    await harness.adapter.send(Outgoing(german, "The report", ROW, file=report), 0)
    (told,) = harness.posted
    assert shown_text(told).startswith("The report\n\n")
    assert "größe 1.csv" in shown_text(told)
    assert why in shown_text(told)
    assert button_rows(told) == (THUMBS,)


async def test_an_empty_file_is_told(harness: SlackHarness, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    await harness.adapter.send(Outgoing(harness.conversation, "", file=str(tmp_path / "empty.txt")), 0)
    assert shown_text(harness.posted[0]) == "Slack did not take the file empty.txt: it is empty."


async def test_a_file_that_is_gone_is_undeliverable(harness: SlackHarness, tmp_path: Path) -> None:
    with pytest.raises(Undeliverable, match=r"gone\.txt"):
        await harness.adapter.send(Outgoing(harness.conversation, "", file=str(tmp_path / "gone.txt")), 0)


async def test_what_nobody_reads_in_a_chat_is_attached(harness: SlackHarness) -> None:
    text = "\n\n".join(f"{number}. " + "word " * 200 for number in range(PART_CHARACTERS * MOST_PARTS // 1000 + 1))
    message = Outgoing(harness.conversation, text, ROW)
    assert harness.adapter.parts(message) == 2
    for part in range(2):
        await harness.adapter.send(message, part)
    begins, whole = harness.posted
    assert shown_text(begins).startswith(text[:5000])
    assert "attached" in shown_text(begins)
    assert (button_rows(begins), button_rows(whole)) == ((), (THUMBS,))
    (file,) = harness.slack.files.files.values()
    assert (file.name, file.content) == (WHOLE, text.encode())
    assert [part.text for part in harness.posted] == [begins.text, ""]
    shorter = Outgoing(harness.conversation, text[: PART_CHARACTERS * (MOST_PARTS - 1)], ROW)
    assert harness.adapter.parts(shorter) in (MOST_PARTS - 1, MOST_PARTS)
    live = await harness.adapter.send(Outgoing(harness.conversation, "…"), 0)
    await harness.adapter.edit(replace(message, buttons=()), live)
    assert shown_text(harness.posted[-1]) == shown_text(begins)
