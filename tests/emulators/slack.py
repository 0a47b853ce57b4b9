"""Slack on 127.0.0.1, written from docs.slack.dev, with people one can act as and faults.

    async with SlackEmulator() as slack:
        ann = slack.person("Ann")
        ann.say(ann.direct, "hello")
        reply = await slack.wait_for(lambda: next((m for m in ann.direct.messages if m.sender is slack.bot), None))

`python -m tests.emulators.slack --port 8085` runs it for any process; people then act over /control
(slack_control.py). What it is stricter in than Slack, on purpose: an event whose websocket closes before the
acknowledgement comes again at once.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

from adapters.serving import Site
from bot.domain.json import JSON
from tests.emulators.slack_chat import Chat
from tests.emulators.slack_control import Control
from tests.emulators.slack_delivery import HttpRequests, Outbox, SocketMode
from tests.emulators.slack_events import Feed
from tests.emulators.slack_faults import refusal
from tests.emulators.slack_files import Files
from tests.emulators.slack_limits import Refusal
from tests.emulators.slack_method import Method, Parameters, check_scopes
from tests.emulators.slack_responses import Responses
from tests.emulators.slack_state import TEAM
from tests.emulators.slack_streams import Assistant, Streams
from tests.emulators.slack_views import Views
from tests.emulators.slack_workspace import Workspace
from tests.emulators.slack_world import World

BOT_TOKEN = "-".join(("xoxb", "7000000001", "not-a-secret-only-for-tests"))
APP_TOKEN = "-".join(("xapp", "1", "A0APPRENTICE", "not-a-secret-only-for-tests"))
SIGNING_SECRET = "not-a-secret-only-for-tests"
_STRUCTURED = {"attachments", "blocks", "chunks", "files", "loading_messages", "metadata", "prompts", "view"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came in, and when (seconds since 1970)."""

    method: str
    given: Parameters
    at: float = field(default_factory=time.time)


class SlackEmulator(World):
    """A workspace with one app in it, while the context is open. `calls` are all its calls, oldest first.

    `http`: post events to this URL instead of websockets. `scopes`, `events`: as in the app's manifest (None: all).
    `retry_after`: seconds before each retry of an event. `pace`: seconds between posts in one place, about 1 in Slack
    (0: any). `now`: the clock of timestamps, triggers and streams.
    """

    bot_token, app_token, signing_secret, team = BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, TEAM

    def __init__(
        self,
        port: int = 0,
        http: str = "",
        scopes: Iterable[str] | None = None,
        events: Iterable[str] | None = None,
        retry_after: tuple[float, ...] = (0, 60, 300),
        ack_seconds: float = 3,
        pace: float = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(now, pace)
        self.sockets = SocketMode(self.touch, ack_seconds)
        self.outbox = Outbox(self.sockets, self.touch, retry_after)
        self.feed = Feed(self.outbox, self.clock, self.bot)
        self.feed.scopes = None if scopes is None else set(scopes)
        self.feed.events = None if events is None else set(events)
        if http:
            self.outbox.transport = HttpRequests(http, SIGNING_SECRET, ack_seconds)
        self.calls: list[Call] = []
        self.files, self.views = Files(self, BOT_TOKEN), Views(self)
        rooms = Chat(self), Streams(self), Assistant(self), Workspace(self, self.sockets), self.files, self.views
        self._methods: dict[str, Method] = {name: method for room in rooms for name, method in room.methods.items()}
        self._ack_seconds = ack_seconds
        self._port = port
        self._runner = self._served()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await Site(self._runner, "127.0.0.1", self._port).start()
        self.outbox.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.outbox.close()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` must be."""
        return f"{self.url}/api/"

    @property
    def bot_user(self) -> str:
        """The id of the bot's user."""
        return self.bot.id

    async def post_to(self, url: str) -> None:
        """Deliver to this Request URL from now on. Raises ValueError when it does not answer the challenge."""
        transport = HttpRequests(url, SIGNING_SECRET, self._ack_seconds)
        await transport.verify()
        self.outbox.transport = transport

    def called(self, method: str) -> list[Parameters]:
        """The parameters of the calls of one method so far."""
        return [call.given for call in self.calls if call.method == method]

    def _served(self) -> web.AppRunner:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/api/{method}", self._answer)
        app.router.add_get("/link/", self.sockets.serve)
        app.add_routes([*self.files.routes(), *Responses(self).routes(), *Control(self).routes()])
        return web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            given = await _parameters(request)
        except ValueError:
            return refusal(Refusal("invalid_json"))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(given.pop("token", ""))
        self.calls.append(Call(name, given))
        self.touch()
        return await self.befall(name, request, lambda: self._do(name, token, given))

    async def _do(self, name: str, token: str, given: Parameters) -> web.StreamResponse:
        try:
            answer = {"ok": True, **await self._allowed(name, token).act(given)}
        except Refusal as refused:
            return refusal(refused)
        return web.json_response(answer, headers={"X-OAuth-Scopes": ",".join(sorted(self.feed.scopes or ()))})

    def _allowed(self, name: str, token: str) -> Method:
        """The method, if this token may call it. Raises Refusal."""
        method = self._methods.get(name)
        if method is None:
            raise Refusal("unknown_method", req_method=name)
        if not token:
            raise Refusal("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise Refusal("invalid_auth")
        if not self.installed and token == BOT_TOKEN:
            raise Refusal("account_inactive")
        if token != (APP_TOKEN if method.token == "app" else BOT_TOKEN):
            raise Refusal("not_allowed_token_type")
        check_scopes(self.feed.scopes, method.scopes)
        return method


async def _parameters(request: web.Request) -> Parameters:
    """Parameters come as JSON, in a form or in the query; what has structure may be JSON text. Raises ValueError."""
    if request.content_type == "application/json":
        body = await request.text()
        given: Parameters = {**request.query, **(json.loads(body) if body else {})}
    else:
        given = {**request.query, **await request.post()}
    return {name: _structured(value) if name in _STRUCTURED else value for name, value in given.items()}


def _structured(value: JSON) -> JSON:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


async def _serve(port: int) -> None:
    async with SlackEmulator(port) as slack:
        print(f"SLACK_API_URL={slack.api_url}\nSLACK_BOT_TOKEN={slack.bot_token}\nSLACK_APP_TOKEN={slack.app_token}")
        print(f"SLACK_SIGNING_SECRET={slack.signing_secret}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=8085)
    asyncio.run(_serve(options.parse_args().port))
