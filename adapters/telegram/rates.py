"""How often the bot writes: a queue a chat, answers before what may be left out, never more than Telegram takes.

Not python-telegram-bot's AIORateLimiter: it lets twice a group's messages through in a minute (a leaky bucket that
starts empty), stops every chat for the 429 of one, and lets edits of a live message queue before answers.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.errors import DeliverLater
from bot.ports import Clock

_IDLE_GATES = 1_000
"""So many chats are remembered before those are forgotten that could take all their messages again."""
_JITTER_SECONDS = 0.25
"""How much longer one request may be on its way than another; within a chat it does not matter."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages and edits a second in one chat, a minute in one group, a second in all chats together.

    The defaults are Telegram's (core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
    """

    chat: int = 1
    group: int = 20
    everywhere: int = 30


LIMITS = Limits()


class _Window:
    """At most `limit` in any stretch of `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._taken: deque[float] = deque()

    def free(self, now: float) -> int:
        # What lies ahead of now was taken before the clock was set back.
        while self._taken and not now - self._seconds < self._taken[0] <= now:
            self._taken.popleft()
        return self._limit - len(self._taken)

    def spare(self, now: float) -> bool:
        """Whether there is room beyond the quarter that is kept for answers."""
        return self.free(now) > self._limit // 4

    def wait(self, now: float) -> float:
        return 0.0 if self.free(now) > 0 else self._taken[0] + self._seconds - now

    def take(self, now: float) -> None:
        self._taken.append(now)

    @property
    def idle(self) -> bool:
        return not self._taken


class _Gate:
    """Where what goes to one chat passes, one at a time; closed while Telegram asks to wait."""

    def __init__(self, windows: tuple[_Window, ...]) -> None:
        self.passing = asyncio.Lock()
        self.windows = windows
        self.opens = 0.0

    def wait(self, now: float) -> float:
        return max(window.wait(now) for window in self.windows)

    def spare(self, now: float) -> bool:
        return self.opens <= now and not self.passing.locked() and all(window.spare(now) for window in self.windows)

    def idle(self, now: float) -> bool:
        return self.spare(now) and all(window.idle for window in self.windows)


class Rates:
    """The gates of all chats. A chat is named by its id, `-…` for groups."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._gates: dict[str, _Gate] = {}
        self._everywhere = _Window(limits.everywhere, 1.0 + _JITTER_SECONDS)
        self._waiting = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, chat: str) -> AsyncIterator[None]:
        """Wait until something may be sent to a chat; the body sends it.

        Raises DeliverLater where Telegram has asked to wait, and closes the chat when the body raises that.
        """
        gate = self._gate(chat)
        async with gate.passing:
            if gate.opens > (now := self._now()):
                raise DeliverLater(f"Telegram asked to wait before the next message to chat {chat}.", gate.opens - now)
            await self._pass(gate)
            try:
                yield
            except DeliverLater as error:
                gate.opens = self._now() + (error.after or 0.0)
                raise
            finally:  # taken at the end: Telegram has counted it by now, whenever it arrived there
                for window in gate.windows:
                    window.take(self._now())

    def spare(self, chat: str) -> bool:
        """Whether a turn would come at once and hold up no answer."""
        now = self._now()
        return self._gate(chat).spare(now) and self._everywhere.spare(now)

    async def _pass(self, gate: _Gate) -> None:
        if wait := gate.wait(self._now()):
            await self._clock.sleep(wait)
        async with self._waiting:
            if wait := self._everywhere.wait(self._now()):
                await self._clock.sleep(wait)
            self._everywhere.take(self._now())

    def _gate(self, chat: str) -> _Gate:
        if chat not in self._gates:
            self._forget_idle()
            second, minute = _Window(self._limits.chat, 1.0), _Window(self._limits.group, 60.0)
            self._gates[chat] = _Gate((second, minute) if chat.startswith("-") else (second,))
        return self._gates[chat]

    def _forget_idle(self) -> None:
        if len(self._gates) >= _IDLE_GATES:
            now = self._now()
            self._gates = {chat: gate for chat, gate in self._gates.items() if not gate.idle(now)}

    def _now(self) -> float:
        return self._clock.now().timestamp()
