"""What a person sends as one is one task, though the platform brings it as a message a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.chat import MessageReceived
from bot.engine.intake import ALBUM_SECONDS
from bot.store.store import Store
from tests.engine.desk import Desk, words
from tests.engine.made import said
from tests.engine.sender import Sender


@pytest.fixture
def sender(store: Store, tmp_path: Path) -> Sender:
    return Sender(Desk(store, tmp_path))


def part(sender: Sender, number: int, text: str = "", album: str = "a1") -> MessageReceived:
    file = sender.file(f"part-{number}.txt", f"This is part {number}.".encode())
    return replace(said(text, number), attachments=(file,), album=album)


async def test_its_parts_are_one_task_with_one_answer(sender: Sender) -> None:
    desk = sender.desk
    desk.model.script = [words("Compared.")]
    parts = [part(sender, 1), part(sender, 2, "Compare these."), part(sender, 3)]
    for one in (*parts, parts[1]):  # one comes again
        await desk.intake.accept(one)
        await desk.work()
    assert desk.model.requests == []
    await desk.clock.sleep(ALBUM_SECONDS)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["Compared."]
    read = sender.read()
    assert read.count("Compare these.") == 1
    assert [read.count(f"part-{number}.txt") > 0 for number in (1, 2, 3)] == [True] * 3
    assert list(sender.kept()) == ["part-1.txt", "part-2.txt", "part-3.txt"]


async def test_what_comes_late_or_of_another_album_is_answered_by_itself(sender: Sender) -> None:
    desk = sender.desk
    desk.model.script = [words("One."), words("Two."), words("Three.")]
    await desk.intake.accept(part(sender, 1))
    await desk.intake.accept(part(sender, 2, album="a2"))
    await desk.clock.sleep(ALBUM_SECONDS)
    await desk.work()
    await desk.intake.accept(part(sender, 3))
    await desk.clock.sleep(ALBUM_SECONDS)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["One.", "Two.", "Three."]
