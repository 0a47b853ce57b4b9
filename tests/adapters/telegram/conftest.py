"""A fresh Telegram adapter before a fresh emulator."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.telegram_harness import TelegramHarness, telegram_harness


@pytest.fixture
async def harness() -> AsyncIterator[TelegramHarness]:
    async with telegram_harness() as harness:
        yield harness
