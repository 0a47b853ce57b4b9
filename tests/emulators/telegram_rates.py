"""How often a bot may write (core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)."""

import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.emulators.telegram_limits import Refusal


@dataclass
class Rates:
    """Messages and edits a second in a chat, a minute in a group, a second in all. `now` gives seconds.

    Stricter than Telegram, which lets short bursts through. `refused` counts the calls that came too soon.
    """

    chat: int = 1
    group: int = 20
    everywhere: int = 30
    now: Callable[[], float] = time.monotonic
    refused: int = 0
    _taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def take(self, chat: int) -> None:
        """A message or an edit. Raises Refusal (429) when it is too soon for it."""
        windows = [(f"{chat}", self.chat, 1.0), ("", self.everywhere, 1.0)]
        if chat < 0:
            windows.append((f"{chat} a minute", self.group, 60.0))
        wait = max(self._wait(*window) for window in windows)
        if wait > 0:
            self.refused += 1
            seconds = max(1, math.ceil(wait))
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        for name, _, _ in windows:
            self._taken[name].append(self.now())

    def _wait(self, name: str, limit: int, seconds: float) -> float:
        now = self.now()
        taken = self._taken[name] = [at for at in self._taken[name] if at > now - seconds]
        return taken[-limit] + seconds - now if len(taken) >= limit else 0.0
