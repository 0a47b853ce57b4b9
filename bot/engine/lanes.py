"""Running the turns of a lane: one after the other, each to its end, whatever happens."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol

import structlog

from bot.engine.prompt import with_history
from bot.errors import (
    ApprenticeError,
    DeliverLater,
    Fenced,
    Gone,
    ModelUnavailable,
    Stopped,
    StoreError,
)
from bot.ports import Clock
from bot.store import turns
from bot.store.commits import Commit
from bot.store.conversations import SPEAKING
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.words import Sentence

log = structlog.get_logger()

Handler = Callable[[Turn], Awaitable[Effect]]
"""Runs a turn of one kind; its effect is written with the turn's end."""

DELIVERY_TRIES = 200
MODEL_TRIES = 3
BUG_TRIES = 3
CLAIMS = 100
"""A turn that was begun this often and neither ended nor put off takes the process down with it: it is buried."""
LONGEST_WAIT = 300.0
"""Seconds between two tries at most, where the other side names none."""
BROKE = Sentence("Something in me broke while I worked on this; the log has the details.")


class GoOn(Exception):
    """Raised by an effect: the turn is not over, `work` carries it on."""

    def __init__(self, work: Callable[[], Awaitable[Effect]]) -> None:
        super().__init__()
        self.work = work


class Endings(Protocol):
    """What is written when a turn ends otherwise than by finishing."""

    def stopped(self, turn: Turn) -> Effect:
        """A person stopped it."""

    def failed(self, turn: Turn, reason: Sentence) -> Effect:
        """It failed for good; `reason` is a sentence for the person."""

    def gone(self, turn: Turn) -> Effect:
        """It cannot go on before the bot is back in a chat."""


class Lanes:
    """Drains lanes; `handlers` by the kind of turn."""

    def __init__(self, store: Store, clock: Clock, handlers: Mapping[str, Handler], endings: Endings) -> None:
        self._store = store
        self._clock = clock
        self._handlers = handlers
        self._endings = endings
        self._running: dict[str, tuple[Turn, asyncio.Task[Effect]]] = {}

    async def drain(self, lane: str) -> float | None:
        """Run what is open and due in a lane; the time at which its next turn is due, if one waits.

        When the database fails the lane rests until it is woken again.
        """
        try:
            claimed = await self._store.write(Commit.CLAIM, partial(self._next, lane))
            while isinstance(claimed, Turn):
                claimed = await self._run(claimed)
        except Fenced as error:
            log.info("turn.fenced", lane=lane, reason=str(error))
        except StoreError as error:
            log.error("lane.rests", lane=lane, error=str(error))
        except Exception:  # the ending of a turn is broken: the other lanes and the process go on
            log.exception("lane.broke", lane=lane)
        else:
            return claimed
        return None

    def stop(self, lane: str, before: int) -> None:
        """Cancel the work that runs in a lane here, if it is older than the turn `before`; what is no work goes on."""
        turn, task = self._running.get(lane, (None, None))
        if turn and task and turn.id < before and turn.kind in SPEAKING:
            task.cancel()

    async def _run(self, turn: Turn) -> Turn | float | None:
        """Run a turn to its end; the lane's next, claimed with that end."""
        work: Callable[[], Awaitable[Effect]] = partial(self._handlers[turn.kind], turn)
        try:
            while True:
                effect = await self._handled(turn, work)
                try:
                    return await self._store.write(Commit.FINISH, partial(self._finish, turn, effect))
                except GoOn as more:
                    work = more.work
        except (Fenced, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks a turn must not stop the lane
            return await self._failed(turn, error)

    async def _failed(self, turn: Turn, error: Exception) -> Turn | float | None:
        tries: float
        match error:
            case Gone():
                return await self._later(turn, error.sentence, 0.0, self._endings.gone(turn))
            case DeliverLater():  # as long as the platform says when, it has not given up, nor do we
                tries, after, reason = DELIVERY_TRIES if error.after is None else math.inf, error.after, error.sentence
            case ModelUnavailable():
                tries, after, reason = MODEL_TRIES, error.after, error.sentence
            case ApprenticeError():
                tries, after, reason = 0, None, error.sentence
            case _:
                log.error("turn.broke", turn=turn.id, kind=turn.kind, lane=turn.lane, exc_info=error)
                tries, after, reason = BUG_TRIES, None, BROKE
        if turn.failures + 1 < tries:
            return await self._later(turn, reason, after)
        return await self._bury(turn, reason)

    async def _handled(self, turn: Turn, work: Callable[[], Awaitable[Effect]]) -> Effect:
        if turn.epoch - turn.failures > CLAIMS:
            raise ApprenticeError(
                "I started on this {count} times and was cut off each time, so I gave up.", count=CLAIMS
            )
        task = asyncio.ensure_future(work())
        self._running[turn.lane] = (turn, task)
        try:
            return await task
        except Stopped:
            return self._endings.stopped(turn)
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return self._endings.stopped(turn)
        finally:
            del self._running[turn.lane]

    def _finish(
        self, turn: Turn, effect: Effect, connection: Connection, error: str | None = None
    ) -> Turn | float | None:
        turns.finish(connection, turn, self._clock.now().timestamp(), error=error)
        effect(connection)
        return self._next(turn.lane, connection)

    def _next(self, lane: str, connection: Connection) -> Turn | float | None:
        """Claim a lane's next turn, with what was said before it."""
        claimed = turns.claim(connection, lane, self._clock.now().timestamp())
        return with_history(connection, claimed) if isinstance(claimed, Turn) else claimed

    async def _later(
        self, turn: Turn, reason: Sentence, after: float | None, also: Effect = lambda _: None
    ) -> Turn | float | None:
        wait = after if after is not None else min(2.0**turn.failures, LONGEST_WAIT)
        due = self._clock.now().timestamp() + wait
        log.warning("turn.later", turn=turn.id, kind=turn.kind, lane=turn.lane, seconds=wait, reason=str(reason))

        def work(connection: Connection) -> Turn | float | None:
            turns.postpone(connection, turn, due, str(reason))
            also(connection)
            return self._next(turn.lane, connection)

        return await self._store.write(Commit.LATER, work)

    async def _bury(self, turn: Turn, reason: Sentence) -> Turn | float | None:
        log.error("turn.dead", turn=turn.id, kind=turn.kind, lane=turn.lane, reason=str(reason))
        effect = self._endings.failed(turn, reason)
        return await self._store.write(Commit.BURY, partial(self._finish, turn, effect, error=str(reason)))
