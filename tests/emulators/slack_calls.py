"""For tests: an app without an SDK on a websocket, refusals by their name, and small blocks."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.json import JSON
from tests.emulators.slack import SlackEmulator


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


class Socket:
    """A websocket of an app without an SDK."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next(self) -> JSON:
        """The next envelope."""
        return await self._socket.receive_json(timeout=60)

    async def acknowledge(self, envelope: JSON, payload: JSON = None) -> None:
        """Take an envelope."""
        await self._socket.send_json({"envelope_id": envelope["envelope_id"], "payload": payload})

    async def event(self) -> JSON:
        """The next event, acknowledged."""
        envelope = await self.next()
        await self.acknowledge(envelope)
        return envelope["payload"]["event"]

    async def closed(self) -> bool:
        """Whether the next thing that comes is the end."""
        return (await self._socket.receive(timeout=60)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)


@asynccontextmanager
async def connected(slack: SlackEmulator) -> AsyncIterator[Socket]:
    """A new connection, greeted."""
    client = AsyncWebClient(base_url=slack.api_url)
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        hello = await socket.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", len(slack.sockets.connections))
        yield Socket(socket)
