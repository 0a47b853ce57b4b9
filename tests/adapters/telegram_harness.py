"""The Telegram adapter before the emulator, as the contract wants it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from adapters.telegram.adapter import TelegramAdapter
from bot.domain.chat import Conversation, Person
from tests.adapters.contract import Shown
from tests.emulators.telegram import TelegramEmulator

COMMANDS = (("/skills", "What I can do"), ("/help", "How to talk to me"))


class InstantClock:
    """The time stands still, and nobody waits; `pauses` are the waits that were asked for, in seconds."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def now(self) -> datetime:
        """Always the same."""
        return datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        """Note it and go on."""
        self.pauses.append(seconds)


class TelegramHarness:
    """Ann, alone with the bot."""

    redelivers = True

    def __init__(self, telegram: TelegramEmulator, adapter: TelegramAdapter) -> None:
        self.telegram = telegram
        self.adapter = adapter
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
async def telegram_harness(kind: type[TelegramAdapter] = TelegramAdapter) -> AsyncIterator[TelegramHarness]:
    """An adapter of this kind, open, before an emulator of its own."""
    async with (
        TelegramEmulator() as telegram,
        kind(telegram.token, telegram.base_url, COMMANDS, InstantClock()) as adapter,
    ):
        yield TelegramHarness(telegram, adapter)
