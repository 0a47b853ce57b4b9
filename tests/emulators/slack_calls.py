"""For tests that call Slack: refusals by their name, and small blocks."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.domain.json import JSON


async def refused(call: Awaitable[Any]) -> str:
    """The error of a call that is refused; a call that is not fails the test."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def plain(text: str) -> JSON:
    """A text object."""
    return {"type": "plain_text", "text": text}


def section(text: str = "hello") -> JSON:
    """A section of Slack's own markup."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str = "Go", **more: JSON) -> JSON:
    """A button."""
    return {"type": "button", "action_id": "go", "text": plain(label), **more}


def actions(*elements: JSON) -> JSON:
    """A row of buttons."""
    return {"type": "actions", "elements": [*elements]}
