"""Files that people send are told of, and fetched from Slack's own hosts alone."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from adapters.serving import Site
from adapters.slack import files
from adapters.slack.files import File
from bot.domain.chat import Attachment, MessageReceived
from bot.errors import DeliverLater, DeliveryError, Undeliverable
from tests.adapters.contract import Inbox, receiving
from tests.adapters.slack_harness import SlackHarness
from tests.emulators.slack_faults import dropped, flood, garbled, refused, server_error
from tests.emulators.telegram_faults import Fault

CSV = b"a,b\n1,2\n"


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
        await harness.adapter.fetch(replace(attachment, size=0), 299_999)
    harness.slack.fault("download", server_error())
    with pytest.raises(Undeliverable, match="larger"):  # and nobody asked for it
        await harness.adapter.fetch(attachment, 299_999)


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
    await Site(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/orders.csv", told
    await runner.cleanup()


async def test_the_token_goes_to_slack_alone(harness: SlackHarness, elsewhere: tuple[str, list[str]]) -> None:
    url, told = elsewhere
    disguised = url.replace("http://", "http://files.slack.com@"), f"{url}?files.slack.com"
    for id in (url, *disguised, "http://files.slack.com/orders.csv", "file:///etc/passwd"):
        with pytest.raises(Undeliverable, match="not kept by Slack"):
            await harness.adapter.fetch(Attachment(id, "orders.csv", "text/csv"), 100)
    attachment = await sent(harness)
    (file,) = harness.slack.files.files.values()
    file.moved = url
    with pytest.raises(Undeliverable):
        await harness.adapter.fetch(attachment, 100)
    assert told == []


def test_slacks_own_host_is_one() -> None:
    assert files.HOST == ("https", "files.slack.com")
