"""How what happened reaches the app: over websockets (Socket Mode) or signed HTTP requests, with Slack's retries.

Rules: docs.slack.dev/apis/events-api (3 seconds to answer, three retries: at once, after a minute, after five),
.../using-socket-mode (envelopes, up to ten connections, `disconnect`), .../authentication/verifying-requests.
"""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, Protocol
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.domain.json import JSON
from tests.emulators.slack_state import APP

Kind = Literal["events_api", "interactive", "slash_commands"]
MAX_CONNECTIONS = 10


@dataclass(eq=False)
class Delivery:
    """One thing the app is to know. `failures` say why each attempt failed; `answer` came with the acknowledgement."""

    kind: Kind
    payload: JSON
    settled: Callable[["Delivery"], None] = lambda _: None
    acknowledged: bool = False
    given_up: bool = False
    answer: JSON = None
    attempts: int = 0
    failures: list[str] = field(default_factory=list)


class Transport(Protocol):
    """A way to the app."""

    async def attempt(self, delivery: Delivery) -> str:
        """Deliver once. Gives why it failed, "" when it was acknowledged; what came with that is `answer`."""


class Outbox:
    """Everything that was to be delivered. `twice`: each event comes two times; `late`: so many seconds later.

    `retry_after`: seconds before each retry of an event (commands and clicks are not retried).
    """

    def __init__(self, transport: Transport, changed: Callable[[], None], retry_after: tuple[float, ...]) -> None:
        self.transport = transport
        self.deliveries: list[Delivery] = []
        self.twice = False
        self.late: float = 0
        self._changed = changed
        self._retry_after = retry_after
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin with what was sent so far."""
        self._loop = asyncio.get_running_loop()
        for delivery in self.deliveries:
            self._begin(delivery)

    def send(self, delivery: Delivery) -> Delivery:
        """Deliver it, with retries, in the background."""
        self.deliveries.append(delivery)
        self._begin(delivery)
        if self.twice and delivery.kind == "events_api":
            self.repeat(delivery)
        return delivery

    def repeat(self, delivery: Delivery | None = None) -> None:
        """Deliver once more (None: the last one), as if the acknowledgement had been lost."""
        again = delivery or self.deliveries[-1]
        self._begin(Delivery(again.kind, again.payload, attempts=again.attempts, failures=["timeout"]))

    async def close(self) -> None:
        """Deliver nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, delivery: Delivery) -> None:
        if self._loop is not None:
            task = self._loop.create_task(self._carry(delivery, self.late))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, delivery: Delivery, late: float) -> None:
        pauses = (late, *self._retry_after) if delivery.kind == "events_api" else (0,)
        for pause in pauses:
            await asyncio.sleep(pause)
            failure = await self.transport.attempt(delivery)
            delivery.attempts += 1
            if not failure:
                delivery.acknowledged = True
                break
            delivery.failures.append(failure)
            self._changed()
        delivery.given_up = not delivery.acknowledged
        delivery.settled(delivery)
        self._changed()


@dataclass(eq=False)
class Connection:
    """A websocket of the app; `leaving` gets nothing new."""

    request: web.Request
    socket: web.WebSocketResponse
    leaving: bool = False
    sending: asyncio.Queue[JSON] = field(default_factory=asyncio.Queue)


class SocketMode:
    """The websockets of apps.connections.open. An event waits for a connection, a click does not."""

    def __init__(self, changed: Callable[[], None], ack_seconds: float) -> None:
        self.connections: list[Connection] = []
        self.tickets: set[str] = set()
        self._ack_seconds = ack_seconds
        self._changed = changed
        self._turns = count()
        self._connected = asyncio.Event()
        self._open: dict[str, tuple[Connection, asyncio.Future[JSON]]] = {}

    def ticket(self) -> str:
        """A fresh one; it opens one connection."""
        ticket = uuid.uuid4().hex
        self.tickets.add(ticket)
        return ticket

    def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """Send `disconnect` to all; nothing new goes over these, except after a mere `warning`."""
        for connection in self.connections:
            connection.sending.put_nowait({"type": "disconnect", "reason": reason, "debug_info": {"host": "emulated"}})
            connection.leaving = reason != "warning"
        self._note()

    def drop(self) -> None:
        """Cut all connections."""
        for connection in self.connections:
            if connection.request.transport is not None:
                connection.request.transport.abort()

    async def attempt(self, delivery: Delivery) -> str:
        """Deliver over one of the connections."""
        if delivery.kind == "events_api":
            await self._connected.wait()
        if not (usable := [connection for connection in self.connections if not connection.leaving]):
            return "connection_failed"
        connection = usable[next(self._turns) % len(usable)]
        envelope_id, acked = str(uuid.uuid4()), asyncio.get_running_loop().create_future()
        self._open[envelope_id] = connection, acked
        connection.sending.put_nowait(_envelope(delivery, envelope_id))
        try:
            async with asyncio.timeout(self._ack_seconds):
                delivery.answer = await acked
        except TimeoutError:
            return "timeout"
        except ConnectionError:
            return "connection_failed"
        finally:
            del self._open[envelope_id]
        return ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A connection, until either side ends it."""
        if request.query.get("ticket") not in self.tickets:
            return web.Response(status=408, text="link expired")
        self.tickets.remove(request.query["ticket"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(request, socket)
        if len(self.connections) >= MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            return socket
        self.connections.append(connection)
        await socket.send_json(self._hello())
        self._note()
        writer = asyncio.create_task(_write(connection))
        try:
            async for frame in socket:
                self._acknowledge(frame.json())
        finally:
            writer.cancel()
            self._forget(connection)
        return socket

    def _hello(self) -> JSON:
        debug = {"host": "applink-emulated", "build_number": 1, "approximate_connection_time": 18060}
        known = {"num_connections": len(self.connections), "connection_info": {"app_id": APP}}
        return {"type": "hello", "debug_info": debug, **known}

    def _acknowledge(self, said: JSON) -> None:
        _, acked = self._open.get(said.get("envelope_id"), (None, None))
        if acked and not acked.done():
            acked.set_result(said.get("payload"))

    def _forget(self, connection: Connection) -> None:
        self.connections.remove(connection)
        self._note()
        for user, acked in self._open.values():
            if user is connection and not acked.done():
                acked.set_exception(ConnectionError("the websocket closed before an acknowledgement"))

    def _note(self) -> None:
        if any(not connection.leaving for connection in self.connections):
            self._connected.set()
        else:
            self._connected.clear()
        self._changed()


class HttpRequests:
    """Signed requests to the app's Request URL."""

    def __init__(self, url: str, secret: str, ack_seconds: float) -> None:
        self._url = url
        self._secret = secret
        self._ack_seconds = ack_seconds

    async def verify(self) -> None:
        """The challenge that a Request URL has to pass. Raises ValueError."""
        asked = {"token": "legacy", "challenge": uuid.uuid4().hex, "type": "url_verification"}
        delivery = Delivery("events_api", asked)
        failure = await self.attempt(delivery)
        if failure or asked["challenge"] not in (delivery.answer, (delivery.answer or {}).get("challenge")):
            raise ValueError(f"{self._url} did not answer the challenge: {failure or delivery.answer!r}")

    async def attempt(self, delivery: Delivery) -> str:
        """Post it once, to the end even when cancelled: aiohttp loses the socket of a half-made connection."""
        posting = asyncio.create_task(self._post(delivery))
        try:
            return await asyncio.shield(posting)
        except asyncio.CancelledError:
            await posting
            raise

    async def _post(self, delivery: Delivery) -> str:
        form, body = _body(delivery)
        headers = signed(body, self._secret, int(time.time())) | {"Content-Type": form}
        if delivery.failures:
            headers |= {"X-Slack-Retry-Num": str(delivery.attempts), "X-Slack-Retry-Reason": delivery.failures[-1]}
        timeout = aiohttp.ClientTimeout(total=self._ack_seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._url, data=body, headers=headers) as reply,
            ):
                delivery.answer = _answer(await reply.text())
                return "" if reply.ok else "http_error"
        except TimeoutError:
            return "http_timeout"
        except aiohttp.ClientError:
            return "connection_failed"


def signed(body: str, secret: str, timestamp: int) -> dict[str, str]:
    """The headers of a request that Slack signed."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


async def _write(connection: Connection) -> None:
    with suppress(ConnectionError):  # the reader sees the end too, and clears up
        while True:
            await connection.socket.send_json(await connection.sending.get())


def _envelope(delivery: Delivery, envelope_id: str) -> JSON:
    base = {"envelope_id": envelope_id, "type": delivery.kind, "payload": delivery.payload}
    if delivery.kind != "events_api":
        return {**base, "accepts_response_payload": True}
    reason = delivery.failures[-1] if delivery.failures else ""
    retry = {"retry_attempt": delivery.attempts, "retry_reason": reason}
    return {**base, "accepts_response_payload": False, **retry}


def _body(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind == "events_api":
        return "application/json", json.dumps(delivery.payload)
    fields = delivery.payload if delivery.kind == "slash_commands" else {"payload": json.dumps(delivery.payload)}
    return "application/x-www-form-urlencoded", urlencode(fields)


def _answer(text: str) -> JSON:
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text} if text else None
