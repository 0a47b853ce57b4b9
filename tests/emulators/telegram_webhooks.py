"""Updates that Telegram brings itself, by the rules of core.telegram.org/bots/api#setwebhook and its server's source.

Of each chat one update is under way at a time; what is not answered with 2xx is brought again, the first time at once,
then with growing pauses.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp

from bot.domain.json import JSON
from tests.emulators.telegram_faults import Fault
from tests.emulators.telegram_limits import bad
from tests.emulators.telegram_updates import UpdateQueue

HEADER = "X-Telegram-Bot-Api-Secret-Token"
_PORTS = (443, 80, 88, 8443)


class Webhooks:
    """Delivers what is pending while a webhook is set. `pause` is the first of the pauses that double, in seconds.

    `faults` go wrong with the next deliveries: `drop`, it never arrives; `lose`, its answer never comes back.
    """

    def __init__(self, updates: UpdateQueue, changed: Callable[[], None], pause: float = 0.05) -> None:
        self.faults: list[Fault] = []
        self.statuses: list[int] = []
        self.error = ""
        self._updates = updates
        self._changed = changed
        self._pause = pause
        self._secret = ""
        self._hooked = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Deliver from now on, wherever a webhook is set."""
        self._work = asyncio.create_task(self._deliver())

    async def close(self) -> None:
        """End the deliveries."""
        if self._work:
            self._work.cancel()
            await asyncio.wait([self._work])

    def set(self, url: str, secret: str) -> None:
        """Deliver there from now on; an empty address ends it. Raises Refusal."""
        if url:
            _check(url, secret)
            self._hooked.set()
        else:
            self._hooked.clear()
        self._secret = secret
        self._updates.set_webhook(url)

    async def _deliver(self) -> None:
        due: dict[object, tuple[float, float]] = {}
        clock = asyncio.get_running_loop().time
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            while await self._hooked.wait():
                ready = [update for update in self._heads() if due.get(_chat(update), (0, 0))[0] <= clock()]
                for update in ready:
                    if await self._bring(session, self._updates.webhook, update):
                        self._updates.confirm(update)
                        due.pop(_chat(update), None)
                    else:
                        _, pause = due.get(_chat(update), (0.0, 0.0))
                        due[_chat(update)] = clock() + pause, pause * 2 or self._pause
                if not ready:
                    self._updates.arrived.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._updates.arrived.wait(), self._pause)

    def _heads(self) -> list[JSON]:
        """The oldest update of each chat."""
        heads: dict[object, JSON] = {}
        for update in self._updates.pending:
            heads.setdefault(_chat(update), update)
        return list(heads.values())

    async def _bring(self, session: aiohttp.ClientSession, url: str, update: JSON) -> bool:
        fault = self.faults.pop(0) if self.faults else None
        if fault and fault.kind == "drop":
            return False
        try:
            async with session.post(url, json=update, headers={HEADER: self._secret} if self._secret else {}) as reply:
                self.statuses.append(reply.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.error = f"Connection failed: {error}"
            self._changed()
            return False
        if reply.status // 100 != 2:
            self.error = f"Wrong response from the webhook: {reply.status} {reply.reason}"
        self._changed()
        return reply.status // 100 == 2 and not (fault and fault.kind == "lose")


def _check(url: str, secret: str) -> None:
    parts = urlsplit(url)
    # A server in local mode takes any address; this one is local for local addresses.
    if parts.hostname != "127.0.0.1":
        if parts.scheme != "https":
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if (parts.port or 443) not in _PORTS:
            raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad("secret token contains unallowed characters")


def _chat(update: JSON) -> object:
    """What updates are kept in order by."""
    for value in update.values():
        if isinstance(value, dict):
            chat = value.get("chat") or value.get("message", {}).get("chat") or {}
            return chat.get("id", update["update_id"])
    return update["update_id"]
