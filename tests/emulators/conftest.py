"""A Slack workspace on loopback and the SDK's client for it."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import SlackEmulator


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    """Events that are not acknowledged within 50 ms come again at once, not after minutes."""
    async with SlackEmulator(retry_after=(0, 0, 0), ack_seconds=0.05) as slack:
        yield slack


@pytest.fixture
def client(slack: SlackEmulator) -> AsyncWebClient:
    """The bot's client, without retries of its own."""
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
