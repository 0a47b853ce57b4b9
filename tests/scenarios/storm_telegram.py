"""The bot in an emulated Telegram, and people whose words it must not lose."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.rates import Limits
from bot.app import App
from bot.clients.clock import SystemClock
from bot.engine.commands import COMMANDS
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import User
from tests.scenarios.storm import parrot, serving, word, words

SECONDS = 60.0
"""The longest that anything may take."""


@dataclass(eq=False)
class Storm:
    """The bot, and people who write to it, each in their direct chat."""

    telegram: TelegramEmulator
    app: App
    model: OpenAIServer
    people: list[User]

    def __post_init__(self) -> None:
        self.group = self.telegram.group("Storm", *self.people)

    def say(self, person: int, number: int) -> None:
        """One word more."""
        self.people[person].say(word(person, number))

    def mention(self, person: int, number: int) -> None:
        """One word more, in the group."""
        self.people[person].say(f"@apprentice_bot {word(person, number)}", self.group)

    def heard(self, person: int | None) -> list[str]:
        """The words that the bot has said to a person, or in the group."""
        place = self.group if person is None else self.people[person].direct
        return words(message.text for message in place.messages if message.sender is self.telegram.bot)

    async def until(self, look: Callable[[], object]) -> None:
        """Wait for something to be so."""
        await self.telegram.wait_for(look, SECONDS)


@asynccontextmanager
async def stormy(
    path: Path, read_timeout: float = 20, limits: Limits = UNLIMITED, **more: object
) -> AsyncIterator[Storm]:
    """The bot on this folder. `more`: as `serving` takes it."""
    async with TelegramEmulator() as telegram, OpenAIServer(parrot) as model:
        commands = tuple(COMMANDS.items())
        async with (
            TelegramAdapter(
                telegram.token, telegram.base_url, commands, SystemClock(), read_timeout, limits=limits
            ) as adapter,
            serving(path, [adapter], model, **more) as app,
        ):
            yield Storm(telegram, app, model, [telegram.person(f"P{number}") for number in range(3)])
