"""The two doors of the database: `write` through one thread with group commit, `read` through aiosqlite.

Queries are plain functions of a SQLAlchemy connection (in the files beside this one), so the same query serves both
doors and both databases. One thread owns the writing connection: it takes whatever queued up during the last fsync,
gives each piece of work a savepoint of its own and commits them together (9,755 writes/s measured on two cores,
against 975/s through the async dialect, which changes threads for each statement).
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.util import greenlet_spawn

from bot.domain.privacy import Privacy
from bot.errors import ApprenticeError, StoreError
from bot.store.commits import Commit
from bot.store.told import PRIVACY

T = TypeVar("T")
Connection = sa.Connection
"""A transaction's connection, for those who hand it on to queries."""
Work = Callable[[Connection], T]
Effect = Callable[[Connection], None]
"""Rows to write in a transaction that somebody else opens."""
Probe = Callable[[str], None]

NO_SECRETS = Privacy()
BATCH = 500
"""Most pieces of work in one commit."""
QUEUE = 5_000
"""Most pieces of work that wait; further writers wait for room."""
WOKEN = "woken"
"""Key in `Connection.info` under which queries leave the lanes that have new work."""


@dataclass(slots=True)
class _Job:
    commit: Commit
    work: Work[Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


def _prepare(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver must not open transactions by itself
    # What is deleted is overwritten: that costs nothing that can be measured, and people ask for it (/forget).
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(dbapi_connection: sa.PoolProxiedConnection) -> None:
    dbapi_connection.cursor().execute("BEGIN IMMEDIATE")


def writing_engine(path: Path) -> sa.Engine:
    """A synchronous SQLite engine whose transactions begin IMMEDIATE: no read is ever upgraded into a deadlock."""
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool, connect_args={"check_same_thread": False})
    sa.event.listen(engine, "connect", _prepare)
    # Not by an event: where an engine has one, SQLAlchemy looks for more of them around each statement.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign]  # the dialect's hook, for this engine alone
    return engine


class Store:
    """An open database; `privacy` masks what is written (`bot.store.told`).

    `woken` is told, on the event loop, the lanes that a commit gave work to.

    `probe` is called with `before:NAME` and `after:NAME` around each commit, in the writer's thread.
    """

    def __init__(self, path: Path, probe: Probe | None = None, privacy: Privacy = NO_SECRETS) -> None:
        self.privacy = privacy
        self._path = path
        self._probe = probe or (lambda _: None)
        self._jobs: deque[_Job] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._reads: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self.woken: Callable[[Iterable[str]], None] = lambda _: None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(QUEUE)
        # Reads have no transaction to take back: a rollback after each would cost another change of threads.
        self._reader = sa.create_engine(
            f"sqlite+aiosqlite:///{self._path}",
            pool_size=4,
            max_overflow=0,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
        )
        sa.event.listen(self._reader, "connect", _read_only)
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._ready:
            self._closing = True
            self._ready.notify()
        await asyncio.to_thread(self._thread.join)
        await asyncio.gather(*self._reads, return_exceptions=True)
        await greenlet_spawn(self._reader.dispose)

    async def write(self, commit: Commit, work: Work[T]) -> T:
        """Run `work` in a transaction and return what it returns, once that is on disk.

        `work` is synchronous, returns plain values, and may be run twice, the first time taken back. A caller that is
        cancelled may have committed. Raises StoreError when nothing was written; what `work` raises comes through.
        """
        job = _Job(commit, work, self._loop.create_future())
        async with self._room:
            with self._ready:
                if self._closing:
                    raise StoreError("The database is closing; nothing was written.")
                self._jobs.append(job)
                self._ready.notify()
            result: T = await job.future
        return result

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which must only read, on a connection of its own and return what it returns.

        A caller that is cancelled leaves the read to end by itself: a connection of the async dialect that is
        cancelled twice, as at the end of a process, waits for its own thread for ever.
        """
        reading = asyncio.create_task(self._read(work))
        self._reads.add(reading)
        reading.add_done_callback(self._reads.discard)
        return await asyncio.shield(reading)

    async def empty_log(self) -> None:
        """Write SQLite's log into the database and empty it, so that what was deleted stands in neither any more."""
        await asyncio.to_thread(_checkpoint, self._path)

    async def _read(self, work: Work[T]) -> T:
        # What SQLAlchemy's AsyncConnection does; to import that is to import the ORM too, 7 MB that nobody here uses.
        return await greenlet_spawn(self._look, work)

    def _look(self, work: Work[T]) -> T:
        with self._reader.connect() as connection:
            return work(connection)

    def _serve(self) -> None:
        PRIVACY.set(self.privacy)
        engine = writing_engine(self._path)
        try:
            with engine.connect() as connection:
                while batch := self._take():
                    self._commit(connection, batch)
        finally:
            engine.dispose()

    def _take(self) -> list[_Job]:
        with self._ready:
            self._ready.wait_for(lambda: self._jobs or self._closing)
            return [self._jobs.popleft() for _ in range(min(BATCH, len(self._jobs)))]

    def _commit(self, connection: sa.Connection, batch: list[_Job]) -> None:
        """Commit the batch; when one piece of work fails, all are run anew, each in a savepoint of its own."""
        woken: set[str] = set()
        try:
            if not self._committed(connection, batch, woken, _together):
                self._committed(connection, batch, woken, _apart)
        except sa.exc.SQLAlchemyError as error:
            connection.invalidate()  # SQLite keeps the transaction of a failed COMMIT open; a new connection has none
            woken.clear()
            for job in batch:
                job.error = StoreError(f"The database refused a commit ({error}); nothing was written.")
        self._loop.call_soon_threadsafe(self._answer, batch, woken)

    def _answer(self, batch: list[_Job], woken: set[str]) -> None:
        """Tell the lanes and the writers, on the event loop."""
        if woken:
            self.woken(woken)
        for job in batch:
            if job.future.cancelled():
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(job.error)

    def _committed(
        self,
        connection: sa.Connection,
        batch: list[_Job],
        woken: set[str],
        run: Callable[[sa.Connection, list[_Job]], bool],
    ) -> bool:
        woken.clear()
        with connection.begin() as transaction:
            connection.info[WOKEN] = woken
            if not run(connection, batch):
                transaction.rollback()
                return False
            for job in batch:
                self._probe(f"before:{job.commit}")
        for job in batch:
            self._probe(f"after:{job.commit}")
        return True


def _checkpoint(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _together(connection: sa.Connection, batch: list[_Job]) -> bool:
    """Run all in one go: a savepoint costs as much as a write, and hardly any work fails."""
    try:
        for job in batch:
            job.result = job.work(connection)
    except Exception:  # noqa: BLE001 - whose it is and what it was is found out by running them apart
        return False
    return True


def _apart(connection: sa.Connection, batch: list[_Job]) -> bool:
    for job in batch:
        try:
            with connection.begin_nested():
                job.result = job.work(connection)
        except ApprenticeError as error:
            job.error = error
        except sa.exc.SQLAlchemyError as error:
            job.error = StoreError(f"The database refused a write ({error}); nothing was written.")
        except Exception as error:  # noqa: BLE001 - a bug in one piece of work must not fail the others' commit
            job.error = error
    return True


def _read_only(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()
