"""The updates a bot has yet to confirm, by the rules of core.telegram.org/bots/api#getupdates."""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import count

from bot.domain.json import JSON
from tests.emulators.telegram_limits import Refusal

_LEFT_OUT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}


class UpdateQueue:
    """Updates stay until a later `offset` confirms them. `changed` is called when one comes."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.pending: deque[JSON] = deque()
        self.confirmed: list[JSON] = []
        self.webhook = ""
        self.arrived = asyncio.Event()
        self._allowed: set[str] = set()
        self._ids = count(800_001)
        self._poll: asyncio.Future[None] | None = None
        self._changed = changed

    def add(self, kind: str, value: JSON) -> int | None:
        """A new update, unless the bot asked not to get its kind. Gives its id."""
        if kind not in self._allowed if self._allowed else kind in _LEFT_OUT_BY_DEFAULT:
            return None
        update = {"update_id": next(self._ids), kind: value}
        self.pending.append(update)
        self._wake()
        self._changed()
        return int(update["update_id"])

    def repeat(self) -> None:
        """Deliver the update that was confirmed last once more, as if the confirmation had been lost."""
        self.pending.appendleft(self.confirmed.pop())
        self._wake()

    def set_webhook(self, url: str) -> None:
        """With a webhook nobody may poll; whoever does is told so."""
        self.webhook = url
        if url:
            self._abort("Conflict: terminated by setWebhook request")

    def allow(self, kinds: list[str] | None) -> None:
        """Which kinds of update come from now on; None: as before, empty: the default."""
        if kinds is not None:
            self._allowed = set(kinds)

    async def fetch(self, offset: int, limit: int, seconds: float) -> list[JSON]:
        """The unconfirmed updates from `offset` on, waiting at most so many seconds for the first.

        Raises Refusal (409) when a webhook is set, or when another poll begins meanwhile.
        """
        if self.webhook:
            raise Refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._abort("Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        self._confirm(offset)
        if not self.pending and seconds:
            await self._news(seconds)
        return list(self.pending)[: max(1, min(limit, 100))]

    async def _news(self, seconds: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait([poll], timeout=seconds)
        finally:
            if self._poll is poll:
                self._poll = None
        if poll.done():
            poll.result()

    def confirm(self, update: JSON) -> None:
        """Forget an update that a webhook has taken."""
        self.pending.remove(update)
        self.confirmed.append(update)

    def _confirm(self, offset: int) -> None:
        """Forget the updates below the offset; below zero, it counts from the end."""
        while self.pending and (self.pending[0]["update_id"] < offset if offset >= 0 else len(self.pending) > -offset):
            self.confirmed.append(self.pending.popleft())

    def _wake(self) -> None:
        self.arrived.set()
        if self._poll and not self._poll.done():
            self._poll.set_result(None)

    def _abort(self, reason: str) -> None:
        if self._poll and not self._poll.done():
            self._poll.set_exception(Refusal(409, reason))
