"""A fresh adapter before a fresh emulator."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.slack.turn import Turn
from tests.adapters.slack_harness import SlackHarness, slack_harness


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with slack_harness() as harness:
        yield harness


@pytest.fixture(params=["channel", "direct"])
def threaded(request: pytest.FixtureRequest, harness: SlackHarness) -> Turn:
    """In a thread, where Slack has streams."""
    place = harness.ann.direct if request.param == "direct" else harness.slack.channel("kitchen", harness.ann)
    return Turn(harness, place, harness.ann.say(place, "hello").ts)


@pytest.fixture
def flat(harness: SlackHarness) -> Turn:
    """In a direct conversation without threads, where Slack has none."""
    return Turn(harness, harness.ann.direct, "")
