"""Many people at once, and a bot that dies again and again."""

import random
import shutil
from pathlib import Path

import pytest

from tests.emulators.telegram import TelegramEmulator
from tests.scenarios.crash.checks import check_lines, check_rest, check_talks
from tests.scenarios.crash.child import ANY
from tests.scenarios.crash.stage import Stage
from tests.scenarios.crash.story import noted
from tests.scenarios.crash.talk import Model, Talk

CHATS, MESSAGES, KILLS = 20, 5, 10
POINTS = range(40, 280)
"""How many crash points a bot passes before it dies; the story has some 3,000."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
async def test_everything_is_answered_once_and_in_order(seed: int, approved: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    kills = [(ANY, chance.choice(POINTS)) for _ in range(KILLS)]
    async with TelegramEmulator() as telegram, Model() as model:
        stage = Stage(shutil.copytree(approved, tmp_path / "bot"), telegram, model.base_url, {"allowed": "*"})
        talks = {Talk(telegram, person.direct): person for person in map(telegram.person, map(str, range(CHATS)))}
        words = [f"{talk.chat.id}-{number}" for talk in talks for number in range(MESSAGES)]

        async def tell() -> None:
            for number in range(MESSAGES):
                for talk, person in talks.items():
                    talk.say(person, f"note {talk.chat.id}-{number}")
            for number in range(MESSAGES):
                for talk in talks:
                    await talk.hear(noted(f"{talk.chat.id}-{number}"))

        await stage.play(tell(), *kills)
        assert [len(child.points) for child in stage.children[:-1]] == [nth for _, nth in kills]
        check_talks(stage, [*talks])
        check_lines(stage, [*talks], words)
        check_rest(stage, [*talks])
