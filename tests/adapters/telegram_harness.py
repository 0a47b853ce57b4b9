"""The Telegram adapter before the emulator, as the contract wants it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from adapters.telegram.adapter import TelegramAdapter
from bot.domain.chat import Conversation, Person
from tests.adapters.contract import Shown
from tests.emulators.telegram import TOKEN, TelegramEmulator

COMMANDS = (("/skills", "What I can do"), ("/help", "How to talk to me"))


class InstantClock:
    """The time stands still, and nobody waits; `pauses` are the waits that were asked for, in seconds."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def now(self) -> datetime:
        """Always the same."""
        return datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        """Note it and let others go first."""
        self.pauses.append(seconds)
        await asyncio.sleep(0)


class TelegramHarness:
    """Ann, alone with the bot."""

    redelivers = True

    def __init__(self, telegram: TelegramEmulator, adapter: TelegramAdapter, clock: InstantClock) -> None:
        self.telegram = telegram
        self.adapter = adapter
        self.clock = clock
        self.ann = telegram.person("Ann")
        self.conversation = Conversation("telegram", str(self.ann.id))
        self.person = Person(f"telegram:{self.ann.id}")

    async def say(self, text: str) -> None:
        """See the contract."""
        self.ann.say(text)

    async def press(self, label: str) -> None:
        """See the contract."""
        of_bot = [message for message in self.ann.direct.messages if message.sender.is_bot]
        self.ann.press(label, next(message for message in reversed(of_bot) if label in str(message.buttons)))

    def shown(self) -> Sequence[Shown]:
        """See the contract."""
        return [
            Shown(message.text, tuple(map(tuple, message.buttons)))
            for message in self.ann.direct.messages
            if message.sender.is_bot
        ]


@asynccontextmanager
async def telegram_harness(
    kind: type[TelegramAdapter] = TelegramAdapter, token: str = TOKEN, read_timeout: float = 20
) -> AsyncIterator[TelegramHarness]:
    """An adapter of this kind, open, before an emulator of its own."""
    clock = InstantClock()
    async with (
        TelegramEmulator() as telegram,
        kind(token, telegram.base_url, COMMANDS, clock, read_timeout) as adapter,
    ):
        yield TelegramHarness(telegram, adapter, clock)
