"""Waiting for what happens in an emulated world, without looking again and again."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class Watched:
    """Something to wait for: whoever changes it calls `touch`."""

    def __init__(self) -> None:
        self._watchers: list[asyncio.Future[None]] = []

    def touch(self) -> None:
        """Something changed: whoever waits looks again."""
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)

    async def wait_for(self, look: Callable[[], Found | None], seconds: float = 60) -> Found:
        """Wait until `look()` gives something true and give it back; it is called after each change.

        Raises TimeoutError after so many seconds.
        """
        async with asyncio.timeout(seconds):
            while not (found := look()):
                watcher = asyncio.get_running_loop().create_future()
                self._watchers.append(watcher)
                await watcher
        return found
