"""A skill that writes, in a group on Telegram: it asks, the right people answer, and it runs through the real client.

The model is as weak as they come: text beside its calls, one call at a time, arguments as an object, no ids, no usage.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.telegram.adapter import TelegramAdapter
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.domain.json import JSON
from bot.domain.skill import Procedure, Skill, SkillRef, Step
from bot.engine.commands import COMMANDS
from bot.settings import load
from bot.skills import folder, format
from bot.store import skills
from bot.store.commits import Commit
from bot.store.skills import Approval
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators import openai_server
from tests.emulators.openai_server import OpenAIServer, Reply
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Chat, Message, Query, User

ARCHIVE = Procedure(
    (
        Step("note", "read_file", {"path": "${parameters.name}.txt"}),
        Step("kept", "write_file", {"path": "archive/${parameters.name}.txt", "content": "${steps.note}"}),
    ),
    {"name": {"type": "string"}},
    ("name",),
    returns="Kept ${steps.kept.bytes} bytes.",
)


def weak(request: JSON) -> Reply:
    """Calls the skill for the word behind `archive`, and repeats what it gave."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        return openai_server.without_usage(openai_server.text(last["content"]))
    [name] = re.findall(r"archive (\w+)", last["content"])
    function = {"name": "skill_archive_note", "arguments": {"name": name}}
    call = {"type": "function", "function": function}
    said = {"role": "assistant", "content": "Sure, let me do that.", "tool_calls": [call]}
    return openai_server.without_usage(openai_server.message(said))


@dataclass
class Stage:
    """The bot in a group of three, of whom Mia administers."""

    telegram: TelegramEmulator
    model: OpenAIServer
    app: App
    group: Chat
    ana: User
    ben: User
    mia: User

    async def ask(self, person: User, text: str) -> Message:
        """Say something to the bot in the group; its answer."""
        before = self.group.last_id
        person.say(f"@apprentice_bot {text}", self.group)
        return (await self.telegram.wait_for(lambda: self.by_bot(before)))[0]

    def by_bot(self, after: int = 0) -> list[Message]:
        """What the bot has posted behind a message."""
        return [message for message in self.group.messages if message.sender.is_bot and message.id > after]

    async def press(self, person: User, label: str, message: Message) -> Query:
        """Press a button and wait until all is done."""
        query = person.press(label, message)
        await self.telegram.wait_for(lambda: query.answered)
        await self.app.settled()
        return query


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


@asynccontextmanager
async def staged(path: Path) -> AsyncIterator[Stage]:
    settings = load(
        home=path / "data", skills=path / "skills", allowed="*", learn_after=0, learn_every=timedelta(0), learn_tokens=0
    )
    files = format.render(Skill("archive-note", "Keeps a note.", ARCHIVE))
    folder.write(path / "skills" / "archive-note", files)
    approval = Approval(SkillRef("archive-note", folder.digest(files)), None, files, "Mia", 1.0)
    clock = SystemClock()
    async with (
        TelegramEmulator() as telegram,
        OpenAIServer(weak) as server,
        OpenAIModel("weak", clock, base_url=server.base_url) as model,
        TelegramAdapter(telegram.token, telegram.base_url, tuple(COMMANDS.items()), clock, limits=UNLIMITED) as adapter,
        opened(settings, Outside({"telegram": adapter}, model, model, clock, lambda _: None)) as app,
    ):
        await app.store.write(Commit.APPROVE, lambda connection: skills.approve(connection, approval))
        for name in ("milk", "eggs"):
            (path / "data" / "workspace" / f"{name}.txt").write_text(f"{name}!")
        ana, ben, mia = (telegram.person(name) for name in ("Ana", "Ben", "Mia"))
        group = telegram.group("Workshop", ana, ben, admins=(mia,))
        running = asyncio.create_task(app.run())
        yield Stage(telegram, server, app, group, ana, ben, mia)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_write_waits_for_the_right_persons_word(stage: Stage, tmp_path: Path) -> None:
    kept = tmp_path / "data" / "workspace" / "archive"
    question = await stage.ask(stage.ana, "archive milk")
    assert 'write_file(path="archive/milk.txt", content="milk!")' in question.text
    assert question.buttons == [["Run once", "Always here", "No"]]

    # Whoever did not ask and reviews nothing is told so; nothing is written.
    assert "Only the person who asked" in (await stage.press(stage.ben, "Run once", question)).answer
    assert "Only the person who asked" in (await stage.press(stage.ana, "Always here", question)).answer
    assert not kept.exists()
    assert question.buttons

    # The person who asked lets it run: the question says so, the answer quotes nothing that a click could.
    asked = len(stage.model.requests)
    await stage.press(stage.ana, "Run once", question)
    assert (kept / "milk.txt").read_text() == "milk!"
    assert "Ana: Run once." in question.text
    assert question.buttons == []
    answer = stage.by_bot(question.id)[-1]
    assert (answer.text, answer.buttons) == ("Kept 5 bytes.", [["👍", "👎"]])
    assert len(stage.model.requests) == asked + 1

    # The reviewer says always: this run writes, and the next one does not ask.
    question = await stage.ask(stage.ben, "archive eggs")
    await stage.press(stage.mia, "Always here", question)
    assert (kept / "eggs.txt").read_text() == "eggs!"
    (kept / "eggs.txt").unlink()
    assert (await stage.ask(stage.ben, "archive eggs")).text == "Kept 5 bytes."
    assert (kept / "eggs.txt").read_text() == "eggs!"

    # Elsewhere that word does not hold.
    stage.ben.say("archive milk")
    alone = stage.ben.direct
    await stage.telegram.wait_for(lambda: alone.messages[-1].sender.is_bot)
    assert alone.messages[-1].buttons == [["Run once", "Always here", "No"]]


async def test_stop_ends_a_slow_model_at_once(stage: Stage) -> None:
    stage.model.latency = 3600
    stage.ana.say("@apprentice_bot archive milk", stage.group)
    await stage.telegram.wait_for(lambda: stage.telegram.called("sendChatAction"))
    before = stage.group.last_id
    answer = await stage.ask(stage.ben, "/stop")
    assert answer.text.startswith("Stopped.")
    await stage.app.settled()
    assert [message.text for message in stage.by_bot(before)] == [answer.text]
