"""Files of the bot go where they belong with the words beside them, and what is too long for a chat becomes one."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slack.text import MOST_PARTS, PART_CHARACTERS, THUMBS, WHOLE
from bot.domain.chat import Button, Outgoing
from bot.errors import DeliverLater, DeliveryError, MaybeDelivered, Undeliverable
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
