"""The sweep: wakes lanes whose wake-up was lost, and those whose turns have become due."""

from collections.abc import Awaitable, Callable

from bot.ports import Clock
from bot.store import turns
from bot.store.store import Store

SECONDS = 5.0
"""How often; a wake-up that is lost costs at most this."""


async def sweep(store: Store, clock: Clock, wake: Callable[[str], Awaitable[None]]) -> None:
    """Wake every lane with an open turn that is due."""
    now = clock.now().timestamp()
    for lane in await store.read(lambda connection: turns.due_lanes(connection, now)):
        await wake(lane)
