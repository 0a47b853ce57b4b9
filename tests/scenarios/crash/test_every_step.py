"""One message from its coming to the last part of its answer: the bot is killed at each step of the way."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.emulators.telegram import TelegramEmulator
from tests.scenarios.crash.checks import check_lines, check_rest, check_talks
from tests.scenarios.crash.child import ANY
from tests.scenarios.crash.stage import Kill, Stage
from tests.scenarios.crash.talk import Model, Talk

AT_ONCE = 2


async def told(folder: Path, *kills: Kill) -> Stage:
    async with TelegramEmulator() as telegram, Model() as model:
        stage = Stage(folder, telegram, model.base_url, {"allowed": "*"})
        ada = telegram.person("Ada")
        talk = Talk(telegram, ada.direct)

        async def tell() -> None:
            talk.say(ada, "tell milk")
            await talk.hear("(Noted|Unknown): milk\n.*")
            await talk.hear("[0-9]+\\. Once upon a time .*")

        await stage.play(tell(), *kills)
        check_talks(stage, [talk])
        check_lines(stage, [talk], ["milk"])
        check_rest(stage, [talk])
        return stage


@pytest.mark.slow
async def test_killed_at_each_step(unapproved: Path, tmp_path: Path) -> None:
    """A start, a model's call, a tool's call that writes, a model's call, two posts."""
    unharmed = await told(shutil.copytree(unapproved, tmp_path / "unharmed"))
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(nth: int) -> None:
        async with turn:
            await told(shutil.copytree(unapproved, tmp_path / str(nth)), (ANY, nth))

    async with asyncio.TaskGroup() as group:
        for nth in range(1, len(unharmed.children[0].points) + 1):
            group.create_task(one(nth))
