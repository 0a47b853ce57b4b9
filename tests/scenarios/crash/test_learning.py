"""The bot dies while it learns: the procedure is proposed once, approved once, and published."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.demo.model import DemoModel
from bot.demo.sample import FINAL, WORKSPACE
from bot.skills import folder
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Message
from tests.scenarios.crash.checks import check_rest, heard_once
from tests.scenarios.crash.child import ANY, Plan
from tests.scenarios.crash.conftest import SKILLS
from tests.scenarios.crash.stage import Kill, Stage
from tests.scenarios.crash.talk import SECONDS, Talk

KILLS, AT_ONCE = 8, 2
CUSTOMERS = ("ben-okoro", "ana-silva", "chen-wei", "ines-costa")


@dataclass
class Workshop:
    """A group that asks the same thing of different customers; Mia administers it."""

    telegram: TelegramEmulator

    def __post_init__(self) -> None:
        self.ana, self.mia = self.telegram.person("Ana"), self.telegram.person("Mia")
        self.talk = Talk(self.telegram, self.telegram.group("Workshop", self.ana, admins=(self.mia,)))

    async def tell(self) -> None:
        """Ask, close, ask for learning, approve, ask again."""
        for customer in CUSTOMERS:
            await self._ask(f"Which orders of {customer} are still open?")
            await self.talk.hear("Done: .*", self.talk.say(self.ana, "/done"))
        self.talk.say(self.ana, "/learn")
        card = await self.talk.hear(".*Shall I learn it.*")
        click = self.mia.press("Approve", card)
        await self.telegram.wait_for(lambda: click.answered and not card.buttons, SECONDS)
        assert "Approved by Mia" in card.text
        await self._ask(FINAL)

    async def _ask(self, question: str) -> None:
        await self.talk.hear(".* orders still open.*", self.talk.say(self.ana, question))


async def told(path: Path, *kills: Kill) -> Stage:
    shutil.copytree(WORKSPACE, Plan(path).home / "workspace")
    async with TelegramEmulator() as telegram, DemoModel() as model:
        stage = Stage(path, telegram, model.base_url, {"allowed": "*", "learn_after": 0, "learn_tokens": 0})
        workshop = Workshop(telegram)
        await stage.play(workshop.tell(), *kills)
    heard = heard_once(stage, workshop.talk)
    assert len([message for message in heard if "Shall I learn it" in message.text]) == 1
    assert all(_answers(said, heard) == 1 for said in workshop.talk.chat.messages if _wants_an_answer(said))
    check_rest(stage, [workshop.talk])
    theirs = {skill.name for skill in SKILLS}
    [published] = [found for found in folder.folders(Plan(path).skills) if found.name not in theirs]
    assert stage.remains().approved == {folder.digest(folder.read(published))}
    return stage


def _wants_an_answer(message: Message) -> bool:
    return not message.sender.is_bot and "/learn" not in message.text


def _answers(said: Message, heard: Sequence[Message]) -> int:
    return sum(message.reply_to is said for message in heard)


@pytest.mark.slow
async def test_what_is_learned_is_proposed_once_and_published(unapproved: Path, tmp_path: Path) -> None:
    unharmed = await told(shutil.copytree(unapproved, tmp_path / "unharmed"))
    often = len(unharmed.children[0].points)
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(nth: int) -> None:
        async with turn:
            await told(shutil.copytree(unapproved, tmp_path / str(nth)), (ANY, nth))

    async with asyncio.TaskGroup() as group:
        for part in range(1, KILLS + 1):
            group.create_task(one(often * part // (KILLS + 1)))
