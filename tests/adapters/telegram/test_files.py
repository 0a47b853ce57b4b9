"""Files come and go whole, within the limits, and never from this machine's disk by Telegram's word."""

from pathlib import Path

import pytest
import structlog

from bot.domain.chat import Attachment, Outgoing
from bot.errors import DeliverLater, Undeliverable
from tests.adapters.contract import BUTTONS
from tests.adapters.telegram_harness import TelegramHarness
from tests.emulators.telegram_faults import Fault, flood
from tests.emulators.telegram_files import File
from tests.emulators.telegram_state import Message

DATA = bytes(range(256)) * 40
LIMIT = 1_000_000


def sent(harness: TelegramHarness, content: bytes = DATA, size: int | None = None) -> Attachment:
    file = harness.telegram.files.add("orders.csv", "text/csv", content, size)
    return Attachment(file.id, file.name, file.media, file.size)


def posted(harness: TelegramHarness) -> list[Message]:
    return [message for message in harness.ann.direct.messages if message.sender.is_bot]


def content(harness: TelegramHarness, message: Message) -> bytes:
    return harness.telegram.files.known[message.extra["document"]["file_id"]].content


async def test_a_file_is_fetched(harness: TelegramHarness) -> None:
    assert await harness.adapter.fetch(sent(harness), LIMIT) == DATA
    assert await harness.adapter.fetch(sent(harness), len(DATA)) == DATA


@pytest.mark.parametrize("told", [None, 0, 5], ids=["its size", "no size", "a wrong size"])
async def test_a_file_is_not_fetched_beyond_the_limit(harness: TelegramHarness, told: int | None) -> None:
    with pytest.raises(Undeliverable, match=r"orders.csv is larger than 0 MB"):
        await harness.adapter.fetch(sent(harness, size=told), len(DATA) - 1)
    assert bool(harness.telegram.called("getFile")) is (told is not None)


async def test_what_is_too_large_for_telegram_is_said_so(harness: TelegramHarness) -> None:
    file = sent(harness, size=(20 << 20) + 1)
    for known in (file, Attachment(file.id, file.name, file.media)):
        with pytest.raises(Undeliverable, match=r"orders.csv is larger than 20 MB"):
            await harness.adapter.fetch(known, 10**9)


async def test_what_is_gone_is_said_so(harness: TelegramHarness) -> None:
    with pytest.raises(Undeliverable, match=r"a.txt is gone"):
        await harness.adapter.fetch(Attachment("nothing", "a.txt", "text/plain"), LIMIT)
    harness.telegram.fault("download", Fault("refuse", 404))
    with pytest.raises(Undeliverable, match=r"orders.csv is gone"):
        await harness.adapter.fetch(sent(harness), LIMIT)


@pytest.mark.parametrize(
    ("method", "fault", "after"),
    [
        ("getFile", flood(9), 9),
        ("getFile", Fault("refuse", 500), None),
        ("getFile", Fault("lose"), None),
        ("getFile", Fault("garble"), None),
        ("download", Fault("drop"), None),
        ("download", Fault("page", 502), None),
        ("download", Fault("page", 429), None),
    ],
    ids=str,
)
async def test_what_fails_for_now_is_asked_for_again(
    harness: TelegramHarness, method: str, fault: Fault, after: float | None
) -> None:
    harness.telegram.fault(method, fault)
    with structlog.testing.capture_logs() as lines, pytest.raises(DeliverLater) as raised:
        await harness.adapter.fetch(sent(harness), LIMIT)
    assert raised.value.after == after
    assert harness.telegram.token not in f"{raised.value} {raised.value.__cause__!r} {lines}"
    assert await harness.adapter.fetch(sent(harness), LIMIT) == DATA


@pytest.mark.parametrize("path", ["{here}", "http://127.0.0.1:9/file", ""])
async def test_only_telegrams_server_is_asked_and_no_disk_is_read(
    harness: TelegramHarness, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server in local mode answers with a path on its own disk; a strange one with any address."""
    secret = tmp_path / "secret"
    secret.write_bytes(DATA)
    if path.startswith("http"):
        path = f"{path}/../../../etc/passwd"
    monkeypatch.setattr(File, "path", path.format(here=secret))
    with pytest.raises(Undeliverable, match="gone"):
        await harness.adapter.fetch(sent(harness), LIMIT)


async def test_a_file_is_sent_with_the_text_beside_it(harness: TelegramHarness, tmp_path: Path) -> None:
    file = tmp_path / "größe & co.csv"
    file.write_bytes(DATA)
    said = harness.ann.say("give it to me")
    message = Outgoing(harness.conversation, "**Here** it is", BUTTONS, str(said.id), str(file))
    assert harness.adapter.parts(message) == 1
    message_id = await harness.adapter.send(message, 0)
    (document,) = posted(harness)
    assert (str(document.id), document.text, document.caption) == (message_id, "Here it is", True)
    assert document.entities == [{"type": "bold", "offset": 0, "length": 4}]
    assert (document.reply_to, len(document.buttons)) == (said, 2)
    assert document.extra["document"]["file_name"] == "größe & co.csv"
    assert content(harness, document) == DATA


async def test_a_text_that_is_no_caption_stands_before_the_file(harness: TelegramHarness, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(DATA)
    for text, parts in (("x" * 1024, 1), ("x" * 1025, 2), ("word " * 2000, 4), ("", 1), (" \n", 1)):
        before = len(posted(harness))
        message = Outgoing(harness.conversation, text, BUTTONS, file=str(file))
        assert harness.adapter.parts(message) == parts
        for part in range(parts):
            await harness.adapter.send(message, part)
        new = posted(harness)[before:]
        assert ["document" in one.extra for one in new] == [False] * (parts - 1) + [True]
        assert [len(one.buttons) for one in new] == [0] * (parts - 1) + [2]
        assert "".join(one.text for one in new).split() == text.split()


async def test_refused_formatting_of_a_caption_is_sent_plain(harness: TelegramHarness, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(DATA)
    harness.telegram.fault("sendDocument", Fault("refuse", 400, "Bad Request: can't parse entities"))
    await harness.adapter.send(Outgoing(harness.conversation, "**Yes**", file=str(tmp_path / "a.txt")), 0)
    (document,) = posted(harness)
    assert (document.text, document.entities, content(harness, document)) == ("Yes", [], DATA)


async def test_a_file_that_is_gone_or_too_large_is_undeliverable(harness: TelegramHarness, tmp_path: Path) -> None:
    with pytest.raises(Undeliverable, match=r"gone.txt cannot be read"):
        await harness.adapter.send(Outgoing(harness.conversation, "", file=str(tmp_path / "gone.txt")), 0)
    large = tmp_path / "large.bin"
    with large.open("wb") as out:
        out.truncate((50 << 20) + 1)
    with pytest.raises(Undeliverable, match=r"large.bin is larger than 50 MB"):
        await harness.adapter.send(Outgoing(harness.conversation, "", file=str(large)), 0)
    assert harness.telegram.called("sendDocument") == []
