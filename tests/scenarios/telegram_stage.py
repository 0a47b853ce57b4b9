"""The bot in an emulated Telegram, with a model in the model's place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.rates import Limits
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.engine.commands import COMMANDS
from bot.ports import ToolSource
from bot.settings import load
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Chat, Message


@dataclass
class Stage:
    """Ana, Ben, a group of theirs, and the bot there while `running` is open."""

    path: Path
    telegram: TelegramEmulator
    model: OpenAIServer
    tools: Sequence[ToolSource] = ()
    limits: Limits = UNLIMITED
    allowed: Sequence[str] = ("*",)
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ana, self.ben = self.telegram.person("Ana"), self.telegram.person("Ben")
        self.group = self.telegram.group("Workshop", self.ana, self.ben)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[App]:
        """One life of the bot."""
        clock, telegram = SystemClock(), self.telegram
        settings = load(
            home=self.path / "data",
            skills=self.path / "skills",
            allowed=self.allowed,
            conversation_idle=timedelta(0),
            learn_after=0,
            learn_every=timedelta(0),
            learn_tokens=0,
        )
        async with (
            OpenAIModel("m", clock, base_url=self.model.base_url) as model,
            TelegramAdapter(
                telegram.token, telegram.base_url, tuple(COMMANDS.items()), clock, limits=self.limits
            ) as adapter,
            opened(settings, Outside({"telegram": adapter}, model, model, clock, self.codes.append, self.tools)) as app,
        ):
            serving = asyncio.create_task(app.run())
            try:
                yield app
            finally:
                serving.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await serving

    def by_bot(self, chat: Chat) -> list[Message]:
        """What the bot has posted."""
        return [message for message in chat.messages if message.sender.is_bot]

    async def answers(self, chat: Chat, *texts: str) -> list[Message]:
        """Wait until just these answers stand there."""
        return await self.telegram.wait_for(
            lambda: self.by_bot(chat) if [message.text for message in self.by_bot(chat)] == [*texts] else None
        )
