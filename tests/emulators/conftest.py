"""A Slack workspace on loopback: its clock, its people, and the SDK's client for it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Place


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[SlackEmulator]:
    """Who does not acknowledge gets an event again at once, not after minutes."""
    async with SlackEmulator(retry_after=(0, 0, 0), now=clock) as slack:
        yield slack


@pytest.fixture
def client(slack: SlackEmulator) -> AsyncWebClient:
    """The bot's client, without retries of its own."""
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def ann(slack: SlackEmulator) -> Person:
    return slack.person("Ann")


@pytest.fixture
def room(slack: SlackEmulator, ann: Person) -> Place:
    """A channel of Ann's and the bot's."""
    return slack.channel("kitchen", ann)
