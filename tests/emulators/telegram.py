"""The Telegram Bot API on 127.0.0.1, written from core.telegram.org/bots/api, with people one can act as and faults.

    async with TelegramEmulator() as telegram:
        ann = telegram.person("Ann")
        ann.say("hello")
        reply = await telegram.wait_for(lambda: next((m for m in ann.direct.messages if m.sender.is_bot), None))

`python -m tests.emulators.telegram --port 8081` runs it for any process, with Telegram's limits on how often a bot
writes; people then act over /control (telegram_control.py). What it is stricter in than Telegram, on purpose: more than
100 entities and short bursts of messages are refused.
"""

import argparse
import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web

from adapters.serving import Site
from tests.emulators.telegram_api import BotApi, Parameters
from tests.emulators.telegram_control import Control
from tests.emulators.telegram_faults import Fault
from tests.emulators.telegram_limits import Refusal
from tests.emulators.telegram_rates import Rates
from tests.emulators.telegram_state import World
from tests.emulators.telegram_webhooks import Webhooks

TOKEN = "7000000001:AAE-not-a-secret-only-for-tests-0000"
_STRUCTURED = {
    "entities", "caption_entities", "reply_markup", "reply_parameters", "allowed_updates", "commands", "scope",
    "reaction", "link_preview_options",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came in."""

    method: str
    given: Parameters


class TelegramEmulator(World):
    """Serves one bot while the context is open. `calls` are all its calls with the right token, oldest first.

    With `rates` it refuses what comes too soon.
    """

    token = TOKEN

    def __init__(self, port: int = 0, rates: Rates | None = None) -> None:
        super().__init__()
        self.rates = rates
        self.webhooks = Webhooks(self.updates, self.touch)
        self.api = BotApi(self)
        self.calls: list[Call] = []
        self._methods = {name.lower(): method for name, method in self.api.methods.items()}
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        self._port = port
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.*}", self._download)
        app.add_routes(Control(self).routes())
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)

    async def __aenter__(self) -> Self:
        self.webhooks.open()
        await self._runner.setup()
        await Site(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.webhooks.close()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    @property
    def base_url(self) -> str:
        """What `TELEGRAM_BASE_URL` must be."""
        return f"{self.url}/bot"

    def fault(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next calls of a method go wrong; faults of one method come one after the other.

        Files are got by `download`; to the `webhook` requests get lost (`drop`), or their answers (`lose`).
        """
        faults = self.webhooks.faults if method == "webhook" else self._faults[method.lower()]
        faults += [fault] * times

    def ails(self, method: str) -> bool:
        """Whether the next call of a method will go wrong."""
        return bool(self._faults[method.lower()])

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    def called(self, method: str) -> list[Parameters]:
        """The parameters of the calls of one method so far."""
        return [call.given for call in self.calls if call.method.lower() == method.lower()]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return _refused(Refusal(401, "Unauthorized"))
        if method.lower() not in self._methods:
            return _refused(Refusal(404, "Not Found: method not found"))
        given = await _parameters(request)
        self.calls.append(Call(method, given))
        self.touch()
        faults = self._faults[method.lower()]
        return await self._do(request, method.lower(), given, faults.pop(0) if faults else None)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file's bytes; faults are those of the method `download`."""
        if request.match_info["token"] != self.token:
            return _refused(Refusal(401, "Unauthorized"))
        faults = self._faults["download"]
        if fault := faults.pop(0) if faults else None:
            return _hung_up(request) if fault.kind == "drop" else _page(fault.status)
        found = [file for file in self.files.known.values() if file.path == request.match_info["path"]]
        return web.Response(body=found[0].content) if found else _refused(Refusal(404, "Not Found"))

    async def _do(
        self, request: web.Request, method: str, given: Parameters, fault: Fault | None
    ) -> web.StreamResponse:
        kind = fault.kind if fault else ""
        if fault and kind == "refuse":
            return _refused(Refusal(fault.status, fault.description, **fault.parameters))
        if fault and kind == "page":
            return _page(fault.status)
        if kind == "drop":
            return _hung_up(request)
        try:
            answer = {"ok": True, "result": await self._methods[method](given)}
        except Refusal as refusal:
            return _refused(refusal)
        if kind == "lose":
            return _hung_up(request)
        if kind == "garble":
            return _page(200)
        await asyncio.sleep(fault.seconds if fault else 0)
        return web.json_response(answer)


async def _parameters(request: web.Request) -> Parameters:
    """Parameters come as JSON, in a form or in the query; in the latter two what has structure is JSON text."""
    if request.content_type == "application/json":
        body = await request.json()
        return {**request.query, **body}
    given: Parameters = {**request.query, **await request.post()}
    return {name: json.loads(value) if name in _STRUCTURED else value for name, value in given.items()}


def _refused(refusal: Refusal) -> web.Response:
    return web.json_response(refusal.json(), status=refusal.status)


def _page(status: int) -> web.Response:
    return web.Response(text="<html><body>Welcome to the hotel</body></html>", status=status, content_type="text/html")


def _hung_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _serve(port: int) -> None:
    async with TelegramEmulator(port, Rates()) as telegram:
        print(f"TELEGRAM_BASE_URL={telegram.base_url}\nTELEGRAM_BOT_TOKEN={telegram.token}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=8081)
    asyncio.run(_serve(options.parse_args().port))
