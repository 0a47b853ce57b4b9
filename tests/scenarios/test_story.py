"""The story: people in a group ask similar things, the bot proposes there, and the next request runs the skill."""

import asyncio
import shutil
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
from bot.demo.model import DemoModel
from bot.demo.sample import WORKSPACE
from bot.engine.commands import COMMANDS
from bot.settings import load
from bot.skills import folder
from bot.store import journal, turns
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Chat, Message, User

CUSTOMERS = ("ben-okoro", "ana-silva", "chen-wei", "ines-costa")
LAST = "hugo-martin"


@dataclass
class Stage:
    """The bot in a group of three, of whom Mia administers."""

    telegram: TelegramEmulator
    app: App
    group: Chat
    ana: User
    ben: User
    mia: User

    async def ask(self, person: User, text: str) -> Message:
        """Say something to the bot in the group; its answer."""
        before = self.group.last_id
        person.say(f"@apprentice_bot {text}", self.group)
        answer = await self.telegram.wait_for(lambda: next(iter(self.by_bot(before)), None))
        await self.app.settled()
        return answer

    def by_bot(self, after: int = 0) -> list[Message]:
        """What the bot has posted behind a message."""
        return [message for message in self.group.messages if message.sender.is_bot and message.id > after]

    async def rounds(self) -> int:
        """The model's replies so far."""
        return await self.app.store.read(
            lambda connection: sum(
                entry.place.startswith("model:")
                for entries in journal.entries(connection, range(1, 1000)).values()
                for entry in entries
            )
        )


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


@asynccontextmanager
async def staged(path: Path) -> AsyncIterator[Stage]:
    shutil.copytree(WORKSPACE, path / "data" / "workspace")
    (path / "skills").mkdir()
    settings = load(
        home=path / "data",
        skills=path / "skills",
        allowed="*",
        conversation_idle=timedelta(0),
        learn_after=len(CUSTOMERS),
        learn_every=timedelta(0),
        learn_tokens=0,
    )
    clock = SystemClock()
    async with (
        TelegramEmulator() as telegram,
        DemoModel() as server,
        OpenAIModel("demo", clock, base_url=server.base_url) as model,
        TelegramAdapter(telegram.token, telegram.base_url, tuple(COMMANDS.items()), clock, limits=UNLIMITED) as adapter,
        opened(settings, Outside({"telegram": adapter}, model, model, clock, lambda _: None)) as app,
    ):
        ana, ben, mia = (telegram.person(name) for name in ("Ana", "Ben", "Mia"))
        group = telegram.group("Workshop", ana, ben, admins=(mia,))
        running = asyncio.create_task(app.run())
        yield Stage(telegram, app, group, ana, ben, mia)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_the_whole_loop_in_a_group(stage: Stage, tmp_path: Path) -> None:
    workspace = tmp_path / "data" / "workspace"
    state = folder.read(workspace)
    for person, customer in zip((stage.ana, stage.ben) * 2, CUSTOMERS, strict=True):
        await stage.ask(person, f"Which orders of {customer} are still open?")

    # The bot proposes in the group that taught it.
    card = await stage.telegram.wait_for(lambda: next((m for m in stage.by_bot() if m.buttons), None))
    assert card.buttons == [["Approve", "Reject", "Edit", "Details"]]
    assert len(card.text.splitlines()) <= 10
    assert "Seen in 4 tasks of 2 people" in card.text
    assert list((tmp_path / "skills").iterdir()) == []

    # Somebody who may not decide is refused; nothing changes.
    refused = stage.ben.press("Approve", card)
    await stage.telegram.wait_for(lambda: refused.answered)
    await stage.app.settled()
    assert "Only a reviewer" in refused.answer
    assert list((tmp_path / "skills").iterdir()) == []

    # What it costs without the skill.
    rounds = await stage.rounds()
    before = await stage.ask(stage.ana, f"Which orders of {LAST} are still open?")
    without = await stage.rounds() - rounds

    # The administrator approves; the card says so and has no buttons left. A second click is told who decided.
    approved, again = stage.mia.press("Approve", card), stage.mia.press("Reject", card)
    await stage.telegram.wait_for(lambda: approved.answered and again.answered and not card.buttons)
    await stage.app.settled()
    assert "Approved by Mia" in card.text
    assert "Approved by Mia" in again.answer
    [skill] = (tmp_path / "skills").iterdir()
    assert {path.name for path in skill.iterdir()} == {"SKILL.md", "procedure.yaml"}

    # The next request runs the skill: fewer calls, the same answer, the same state.
    rounds = await stage.rounds()
    after = await stage.ask(stage.ben, f"Which orders of {LAST} are still open?")
    assert after.text == before.text
    assert await stage.rounds() - rounds < without
    assert after.buttons == [["👍", "👎"]]
    assert folder.read(workspace) == state

    # A thumb is evidence for the task.
    thumb = stage.ben.press("👍", after)
    await stage.telegram.wait_for(lambda: thumb.answered)
    await stage.app.settled()
    assert await stage.app.store.read(lambda connection: turns.due_lanes(connection, 9e9)) == []

    # Another chat neither sees nor runs it.
    stage.ana.say("/skills")
    alone = await stage.telegram.wait_for(lambda: next((m for m in stage.ana.direct.messages if m.sender.is_bot), None))
    assert skill.name not in alone.text
    told = await stage.ask(stage.ben, "/skills")
    assert skill.name in told.text
