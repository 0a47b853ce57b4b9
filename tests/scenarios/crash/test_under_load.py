"""Many people at once, and a bot that dies again and again."""

import asyncio
import random
import shutil
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import User
from tests.scenarios.crash.checks import check_lines, check_rest, check_words
from tests.scenarios.crash.child import ANY
from tests.scenarios.crash.stage import Stage
from tests.scenarios.crash.story import noted
from tests.scenarios.crash.talk import SECONDS, Model, Talk, fits

CHATS, MESSAGES, KILLS = 20, 5, 10
POINTS = range(60, 320)
"""How many crash points a bot passes before it dies; the story has some 3,000, with what is done again."""


class Chatter:
    """A person who has two messages under way at any time."""

    def __init__(self, telegram: TelegramEmulator, person: User) -> None:
        self.words = [f"{person.id}-{number}" for number in range(MESSAGES)]
        self.talk = Talk(telegram, person.direct)
        self._person = person

    async def tell(self) -> None:
        """Say everything and hear everything, by an answer to each or to two together."""
        self._say(self.words[0])
        for word, following in zip_longest(self.words, self.words[1:]):
            if following:
                self._say(following)
            await self.talk.telegram.wait_for(partial(self._hears, noted(word)), SECONDS)

    def _hears(self, pattern: str) -> bool:
        return any(fits(pattern, line) for message in self.talk.heard() for line in message.text.split("\n"))

    def _say(self, word: str) -> None:
        self.talk.say(self._person, f"note {word}")


@pytest.mark.slow
async def test_everything_is_answered_once_and_in_order(approved: Path, tmp_path: Path) -> None:
    chance = random.Random(1)
    kills = [(ANY, chance.choice(POINTS)) for _ in range(KILLS)]
    async with TelegramEmulator() as telegram, Model() as model:
        stage = Stage(shutil.copytree(approved, tmp_path / "bot"), telegram, model.base_url, {"allowed": "*"})
        chats = [Chatter(telegram, telegram.person(f"Person {number}")) for number in range(CHATS)]

        async def tell() -> None:
            async with asyncio.TaskGroup() as group:
                for chat in chats:
                    group.create_task(chat.tell())

        await stage.play(tell(), *kills)
        assert [len(child.points) for child in stage.children[:-1]] == [nth for _, nth in kills]
        talks = [chat.talk for chat in chats]
        for chat in chats:
            check_words(stage, chat.talk, [noted(word) for word in chat.words])
        check_lines(stage, talks, [word for chat in chats for word in chat.words])
        check_rest(stage, talks)
