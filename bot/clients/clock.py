"""The system's clock, and APScheduler as a clock only: each tick submits a turn, nothing else lives in it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog

log = structlog.get_logger()


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@asynccontextmanager
async def ticking(ticks: Sequence[tuple[float, Callable[[], Awaitable[None]]]]) -> AsyncIterator[None]:
    """Call each function every so many seconds, and once at the start, as long as the context is open."""
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    # It reports each tick that the end of the context cancels as an error; ours are reported by `_reporting`.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    scheduler = AsyncIOScheduler(timezone=UTC)
    for seconds, tick in ticks:
        scheduler.add_job(
            _reporting(tick),
            "interval",
            seconds=seconds,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


def _reporting(tick: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await tick()
        except Exception:  # the next tick may go better; the clock goes on
            log.exception("tick.failed")

    return run
