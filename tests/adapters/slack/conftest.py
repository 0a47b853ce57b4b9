"""A fresh adapter before a fresh emulator."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.slack_harness import SlackHarness, slack_harness


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with slack_harness() as harness:
        yield harness
