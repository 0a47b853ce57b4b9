"""A bot without an SDK before the Telegram emulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bot.domain.json import JSON
from tests.emulators.telegram import TelegramEmulator


class Bot:
    """Calls methods, gives the whole answers."""

    def __init__(self, telegram: TelegramEmulator, session: aiohttp.ClientSession) -> None:
        self.telegram = telegram
        self.session = session

    async def call(self, method: str, **given: JSON) -> JSON:
        async with self.session.post(f"{self.telegram.base_url}{self.telegram.token}/{method}", json=given) as answer:
            body = await answer.json()
            assert body["ok"] == (answer.status == 200)
            assert body["ok"] or body["error_code"] == answer.status
            return body

    async def updates(self, **given: JSON) -> list[int]:
        return [update["update_id"] for update in (await self.call("getUpdates", **given))["result"]]

    async def refused(self, method: str, **given: JSON) -> str:
        answer = await self.call(method, **given)
        assert not answer["ok"]
        return f"{answer['error_code']} {answer['description']}"


@asynccontextmanager
async def telegram_bot() -> AsyncIterator[Bot]:
    """A bot, and an emulator of its own."""
    async with TelegramEmulator() as telegram, aiohttp.ClientSession() as session:
        yield Bot(telegram, session)
