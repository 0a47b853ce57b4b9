"""The embedded dispatcher: an asyncio task for each busy lane of this process."""

import asyncio
from collections.abc import Awaitable, Callable


class EmbeddedDispatcher:
    """Runs woken lanes in this process, never one lane twice at once."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._busy: dict[str, bool] = {}

    async def wake(self, lane: str) -> None:
        """There may be work in this lane; a lane that runs looks once more."""
        self._waiting.put_nowait(lane)

    async def run(self, drain: Callable[[str], Awaitable[None]]) -> None:
        """Drain woken lanes until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                lane = await self._waiting.get()
                if lane in self._busy:
                    self._busy[lane] = True
                else:
                    self._busy[lane] = False
                    group.create_task(self._serve(lane, drain), name=lane)

    async def _serve(self, lane: str, drain: Callable[[str], Awaitable[None]]) -> None:
        try:
            await drain(lane)
            while self._busy[lane]:
                self._busy[lane] = False
                await drain(lane)
        finally:
            del self._busy[lane]
