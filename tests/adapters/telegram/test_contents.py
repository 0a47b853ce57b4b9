"""Files that people send are told of; places, contacts and polls come as words."""

from typing import Any

import pytest

from bot.domain.chat import MessageReceived
from bot.domain.json import JSON
from tests.adapters.contract import Inbox, receiving
from tests.adapters.telegram_harness import TelegramHarness
from tests.emulators.telegram_state import Chat, Message

DATA = b"12345"


@pytest.fixture
def group(harness: TelegramHarness) -> Chat:
    return harness.telegram.group("Ops", harness.ann)


async def received(harness: TelegramHarness) -> MessageReceived:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        event = await inbox.take()
    assert isinstance(event, MessageReceived)
    return event


@pytest.mark.parametrize(
    ("kind", "name", "media"),
    [
        ("photo", "photo.jpg", "image/jpeg"),
        ("voice", "voice.ogg", "audio/ogg"),
        ("audio", "audio.mp3", "audio/mpeg"),
        ("video", "video.mp4", "video/mp4"),
        ("video_note", "video.mp4", "video/mp4"),
        ("animation", "animation.mp4", "video/mp4"),
    ],
)
async def test_a_file_is_told_of_with_its_type(harness: TelegramHarness, kind: str, name: str, media: str) -> None:
    harness.ann.say("", **getattr(harness.telegram.files, kind)(DATA))
    event = await received(harness)
    (file,) = event.attachments
    assert (event.text, file.name, file.media, file.size) == ("", name, media, len(DATA))
    assert harness.telegram.files.known[file.id].content == DATA


async def test_a_document_keeps_its_name_and_the_caption_is_what_was_said(harness: TelegramHarness) -> None:
    fields = harness.telegram.files.document("orders\ud83d.csv", DATA, "text/csv")
    harness.ann.say("how many?", caption=True, **fields)
    event = await received(harness)
    (file,) = event.attachments
    assert (event.text, file.name, file.media, file.size) == ("how many?", "orders?.csv", "text/csv", 5)


@pytest.mark.parametrize(
    "fields",
    [
        {"story": {"chat": {"id": 5, "type": "private", "first_name": "Ben"}, "id": 3}},
        {"paid_media": {"star_count": 1, "paid_media": [{"type": "preview"}]}},
    ],
)
async def test_what_no_bot_can_fetch_is_a_video(harness: TelegramHarness, fields: dict[str, Any]) -> None:
    harness.ann.say("", **fields)
    (file,) = (await received(harness)).attachments
    assert file.media == "video/mp4"


async def test_a_sticker_is_one(harness: TelegramHarness) -> None:
    harness.ann.say("", **harness.telegram.files.sticker())
    (file,) = (await received(harness)).attachments
    assert file.media == "sticker"


async def test_of_a_photo_the_largest_size_that_can_be_had(harness: TelegramHarness) -> None:
    photo = harness.telegram.files.photo(DATA)
    harness.telegram.files.known[photo["photo"][1]["file_id"]] = harness.telegram.files.add("m.jpg", "", b"medium")
    photo["photo"][2]["file_size"] = 21 << 20
    harness.ann.say("", **photo)
    (file,) = (await received(harness)).attachments
    assert file.id == photo["photo"][1]["file_id"]


async def test_an_album_is_a_message_for_each_picture(harness: TelegramHarness) -> None:
    for caption in ("these two", ""):
        fields: dict[str, JSON] = {**harness.telegram.files.photo(DATA), "media_group_id": "7"}
        harness.ann.say(caption, caption=True, **fields)
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await inbox.hears("these two", "")
    said = [event for event in inbox.offered if isinstance(event, MessageReceived)]
    assert [(len(event.attachments), event.album) for event in said] == [(1, "7"), (1, "7")]


async def test_in_a_group_a_file_is_for_the_bot_if_it_is_named_or_answered(
    harness: TelegramHarness, group: Chat
) -> None:
    group.members[harness.telegram.bot.id] = "administrator"
    said = Message(group, harness.telegram.bot, "Which file?")
    harness.telegram.post(said)
    files = harness.telegram.files
    harness.ann.say("for everybody", group, caption=True, **files.document("1.txt", DATA))
    harness.ann.say("", group, **files.voice(DATA))
    harness.ann.say("@apprentice_bot", group, caption=True, **files.document("2.txt", DATA))
    harness.ann.say("", group, reply_to=said, **files.document("3.txt", DATA))
    harness.ann.say("that is all")
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await inbox.hears("", "", "that is all")
    names = [[file.name for file in event.attachments] for event in inbox.offered if isinstance(event, MessageReceived)]
    assert names == [["2.txt"], ["3.txt"], []]


PLACE = {"latitude": 52.5, "longitude": 13.25}
POLL = {"id": "1", "total_voter_count": 0, "is_closed": False, "is_anonymous": True, "type": "regular",
        "allows_multiple_answers": False, "allows_revoting": False, "members_only": False,
        "question": "Tea or\0 coffee?",
        "options": [{"text": "Tea", "voter_count": 0, "persistent_id": "0"},
                    {"text": "Coffee", "voter_count": 0, "persistent_id": "1"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"location": PLACE}, "52.5, 13.25"),
        (
            {"location": PLACE, "venue": {"location": PLACE, "title": "Mill", "address": "River 3"}},
            "Mill, River 3 (52.5, 13.25)",
        ),
        ({"contact": {"phone_number": "+4930", "first_name": "Ben", "last_name": "Okoro"}}, "Ben Okoro, +4930"),
        ({"contact": {"phone_number": "+4930", "first_name": "Ben"}}, "Ben, +4930"),
        ({"poll": POLL}, "Tea or coffee?\n- Tea\n- Coffee"),
        ({"checklist": {"title": "Shop", "tasks": [{"id": 1, "text": "milk"}]}}, "Shop\n- milk"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "🎲 3"),
    ],
)
async def test_what_is_no_file_is_told_in_words(harness: TelegramHarness, fields: dict[str, Any], text: str) -> None:
    harness.ann.say("", **fields)
    event = await received(harness)
    assert (event.text, event.attachments) == (text, ())
