"""Pictures are shown to a model that sees, in the turn that brought them; one that does not answers without."""

import asyncio
from pathlib import Path

import pytest

from bot.engine import received
from bot.engine.received import UNSEEN
from bot.errors import ContextTooLong, ModelRefused
from bot.store.store import Store
from bot.tools import reading
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.sender import PNG, Sender

SHOWN = "data:image/png;base64,iVBORw0KGgp0aGUgcGljdHVyZQ=="


@pytest.fixture
def ana(store: Store, tmp_path: Path) -> Sender:
    return Sender(Desk(store, tmp_path, words("Thank you.")))


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0more", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF1234WEBPVP8 ", "image/webp"),
    ],
)
async def test_a_picture_is_shown_in_the_turn_that_brought_it_and_named_afterwards(
    ana: Sender, content: bytes, media: str
) -> None:
    ana.desk.model.script = [words("A cat."), words("As I said.")]
    await ana.send("What is it?", ana.file("photo", content, "image/jpeg"))
    mark = f'<file path="files/telegram_7/photo" type="{media}" bytes="{len(content)}"/>'
    [text, picture] = ana.read()
    assert text == {"type": "text", "text": f"What is it?\n{mark}"}
    assert picture["image_url"]["url"].startswith(f"data:{media};base64,")
    await ana.send("Sure?")
    messages = ana.desk.model.requests[-1].messages
    assert [message["content"] for message in messages[1:]] == [f"What is it?\n{mark}", "A cat.", "Sure?"]


async def test_a_picture_stays_in_sight_in_all_rounds_of_its_turn(ana: Sender) -> None:
    ana.desk.model.script = [wishes(("get_order", {"id": "1"})), words("It is order 1.")]
    await ana.send("Which order?", ana.file("a.png", PNG))
    assert [request.messages[1]["content"][1] for request in ana.desk.model.requests] == [
        {"type": "image_url", "image_url": {"url": SHOWN}}
    ] * 2


@pytest.mark.parametrize("refusal", [ModelRefused("no images here"), ContextTooLong("too much")])
async def test_a_model_that_takes_no_pictures_answers_without_and_both_are_told_once(
    ana: Sender, refusal: Exception
) -> None:
    ana.desk.model.script = [refusal, wishes(("get_order", {"id": "1"})), words("I cannot see it.")]
    assert await ana.send("What is it?", ana.file("a.png", PNG)) == [f"I cannot see it.\n\n{UNSEEN}"]
    seen = [request.messages[1]["content"] for request in ana.desk.model.requests]
    assert isinstance(seen[0], list)
    assert seen[1] == seen[2]
    assert seen[1].startswith("What is it?\n<file path=")
    assert seen[1].endswith(f"/>\n({UNSEEN})")


async def test_a_refusal_that_pictures_did_not_cause_is_a_refusal(ana: Sender) -> None:
    ana.desk.model.script = [ModelRefused("the key is wrong"), ModelRefused("the key is wrong")]
    assert await ana.send("What is it?", ana.file("a.png", PNG)) == ["the key is wrong"]
    ana.desk.model.script = [ModelRefused("the key is wrong")]
    assert await ana.send("And this?", ana.file("a.txt", b"1")) == ["the key is wrong"]


async def test_pictures_that_are_too_large_are_kept_and_not_shown(ana: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_PICTURE", 30)
    monkeypatch.setattr(received, "MOST_PICTURED", 50)
    files = [ana.file(f"{size}.png", PNG.ljust(size)) for size in (31, 30, 25, 20)]
    [answer] = await ana.send("Look", *files)
    assert len([part for part in ana.read() if part["type"] == "image_url"]) == 2
    assert answer.split("\n") == [
        "Thank you.",
        "",
        "I keep 31.png, but it is too large a picture for me to look at.",
        "I keep 25.png, but it is too large a picture for me to look at.",
    ]
    assert len(ana.kept()) == 4


async def test_a_turn_that_is_resumed_fetches_nothing_twice(ana: Sender) -> None:
    begun = asyncio.Event()
    ana.desk.model.script = [endless(begun), words("A cat.")]
    await ana.hear("What is it?", ana.file("a.png", PNG), ana.file("b.txt", b"1"))
    await ana.desk.killed(begun)
    ana.desk.chat.files = {}
    await ana.desk.work()
    assert ana.desk.chat.fetched == ["f0", "f1"]
    assert ana.read()[1] == {"type": "image_url", "image_url": {"url": SHOWN}}
    assert ana.read(0) == ana.read(1)


async def test_a_picture_that_was_deleted_since_is_named(ana: Sender) -> None:
    begun = asyncio.Event()
    ana.desk.model.script = [endless(begun), words("It is gone.")]
    await ana.hear("What is it?", ana.file("a.png", PNG))
    await ana.desk.killed(begun)
    (ana.folder / "telegram_7" / "a.png").unlink()
    await ana.desk.work()
    assert ana.desk.last.text == "It is gone."
    assert isinstance(ana.read(), str)
