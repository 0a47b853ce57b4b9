"""The Telegram adapter before the emulator, as the contract wants it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.rates import Limits
from adapters.telegram.webhook import Webhook
from bot.domain.chat import Conversation, Person
from tests.adapters.contract import Shown
from tests.emulators.telegram import TOKEN, TelegramEmulator
from tests.ports import kept_port

COMMANDS = (("skills", "What I can do"), ("help", "How to talk to me"), ("start", "Say hello"))

UNLIMITED = Limits(10_000, 10_000, 10_000)


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


class MovingClock(InstantClock):
    """Nobody waits, and the time goes on by what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._moved = timedelta(0)

    def now(self) -> datetime:
        """The start, and all pauses since."""
        return super().now() + self._moved

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        await super().sleep(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        """So much time goes by."""
        self._moved += timedelta(seconds=seconds)


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

    async def share(self, name: str, content: bytes) -> None:
        """See the contract."""
        self.ann.say("", caption=True, **self.telegram.files.document(name, content, "text/plain"))

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
    kind: type[TelegramAdapter] = TelegramAdapter,
    token: str = TOKEN,
    read_timeout: float = 20,
    clock: InstantClock | None = None,
    **more: Any,
) -> AsyncIterator[TelegramHarness]:
    """An adapter of this kind, open, before an emulator of its own, without limits; `more` goes to the adapter."""
    clock = clock or InstantClock()
    more.setdefault("limits", UNLIMITED)
    async with (
        TelegramEmulator() as telegram,
        kind(token, telegram.base_url, COMMANDS, clock, read_timeout, **more) as adapter,
    ):
        yield TelegramHarness(telegram, adapter, clock)


@asynccontextmanager
async def telegram_webhook_harness() -> AsyncIterator[TelegramHarness]:
    """The same with a webhook."""
    with kept_port() as port:
        hook = Webhook(f"http://127.0.0.1:{port}/telegram", ("127.0.0.1", port))
        async with telegram_harness(webhook=hook) as harness:
            yield harness
