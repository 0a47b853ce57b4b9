"""Socket Mode: envelopes come over websockets that Slack renews, and each is acknowledged when it is dealt with.

Not slack-sdk's client: its tasks outlive it, it tries one address for ever although each opens one connection for a
short time, and it reads again only seconds after a connection broke.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import CALL_FAILED, TOKEN_REFUSED, refusal, wait_asked, why
from bot.errors import ConfigError
from bot.ports import Clock

log = structlog.get_logger()
PING_SECONDS = 10.0
"""How often a connection is asked whether it lives; half of it later it is given up."""
CLOSE_SECONDS = 2.0
PAUSES = (1.0, 30.0)
"""Seconds before the next try to connect: the first pause, and the longest of those that double."""


WARNING = "warning"
"""The `disconnect` that only tells of one to come: until then, a second connection would mix up the order."""


class _Frame(BaseModel):
    """What comes over the websocket: an envelope, or `hello` or `disconnect`."""

    type: str = ""
    reason: str = ""
    envelope_id: str = ""
    payload: dict[str, Any] = {}


@dataclass(slots=True)
class _Connection:
    """`greeted`: Slack took it; `leaving`: it ends, or Slack is about to end it."""

    socket: aiohttp.ClientWebSocketResponse
    greeted: bool = False
    leaving: asyncio.Event = field(default_factory=asyncio.Event)


class SocketMode:
    """Receives for one app. The client's session makes the connections."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession, app_token: str, clock: Clock) -> None:
        self._client = client
        self._session = session
        self._app_token = app_token
        self._clock = clock

    async def run(self, app: AsyncApp) -> None:
        """Receive until cancelled. Raises ConfigError when the app-level token is refused."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._stay_connected(app, group)
        except* ConfigError as refused:
            raise refused.exceptions[0] from None

    async def address(self) -> str:
        """Where one connection can be made. Raises ConfigError when the token is refused, else as the SDK does."""
        try:
            return str((await self._client.apps_connections_open(app_token=self._app_token)).get("url"))
        except SlackApiError as error:
            if (code := refusal(error).code) not in TOKEN_REFUSED:
                raise
            raise ConfigError(f"Slack refused the app-level token ({code}): check SLACK_APP_TOKEN (xapp-…).") from None

    async def _stay_connected(self, app: AsyncApp, group: asyncio.TaskGroup) -> None:
        """A connection that Slack is about to end is followed by the next before it has ended."""
        first, longest = PAUSES
        pause = first
        while True:
            try:
                connection = await self._connect()
            except CALL_FAILED as error:
                after = max(pause, wait_asked(error))
                log.warning("slack.not_connected", error=why(error), again_in_seconds=after)
                await self._clock.sleep(after)
                pause = min(2 * pause, longest)
                continue
            group.create_task(self._read(connection, app, group))
            await connection.leaving.wait()
            if connection.greeted:
                pause = first
            else:
                await self._clock.sleep(pause)
                pause = min(2 * pause, longest)

    async def _connect(self) -> _Connection:
        return _Connection(
            await self._session.ws_connect(
                await self.address(),
                heartbeat=PING_SECONDS,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                proxy=self._client.proxy,
                max_msg_size=0,
            )
        )

    async def _read(self, connection: _Connection, app: AsyncApp, group: asyncio.TaskGroup) -> None:
        try:
            async for frame in connection.socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._take(frame.data, connection, app, group)
        finally:
            connection.leaving.set()
            await connection.socket.close()

    def _take(self, frame: str, connection: _Connection, app: AsyncApp, group: asyncio.TaskGroup) -> None:
        try:
            said = _Frame.model_validate_json(frame)
        except ValidationError as error:
            log.error("slack.frame_skipped", error=error.errors(include_input=False, include_url=False))
            return
        if said.type == "hello":
            connection.greeted = True
            log.info("slack.connected")
        elif said.type == "disconnect" and said.reason != WARNING:
            connection.leaving.set()
        elif said.envelope_id:
            group.create_task(_handle(said, connection.socket, app))


async def _handle(said: _Frame, socket: aiohttp.ClientWebSocketResponse, app: AsyncApp) -> None:
    try:
        response = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=said.payload))
    except Exception as error:  # noqa: BLE001 - whatever a payload makes Bolt raise, the others must come through
        log.error("slack.envelope_skipped", error=repr(error))
        return
    if response.status != 200:
        return  # Slack brings it again
    try:
        answer = {"payload": json.loads(response.body)} if response.body else {}
        await socket.send_json({"envelope_id": said.envelope_id, **answer})
    except ConnectionError:
        log.info("slack.not_acknowledged", envelope=said.envelope_id)
