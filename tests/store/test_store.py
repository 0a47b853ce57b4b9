"""The two doors of the database."""

import asyncio
import itertools
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import Refused, StoreError
from bot.store import schema, turns
from bot.store.commits import Commit
from bot.store.store import Connection, Store
from bot.store.tables import metadata
from bot.store.turns import NewTurn


def put(key: str, lane: str = "chat:a"):
    return lambda connection: turns.enqueue(connection, NewTurn(key, lane, "message", {}), 1.0)


async def keys(store: Store) -> list[str]:
    return await store.read(lambda connection: list(connection.scalars(sa.text("SELECT key FROM turns ORDER BY id"))))


async def test_what_is_written_can_be_read(store: Store) -> None:
    first = await store.write(Commit.INTAKE, put("a"))
    assert await store.write(Commit.INTAKE, put("a")) is None
    assert first is not None
    assert await keys(store) == ["a"]


async def test_writers_at_once_share_commits_and_keep_their_order(tmp_path: Path) -> None:
    commits: list[str] = []
    schema.upgrade(tmp_path / "test.db")
    async with Store(tmp_path / "test.db", commits.append) as store:
        await asyncio.gather(*(store.write(Commit.INTAKE, put(str(number))) for number in range(300)))
        assert await keys(store) == [str(number) for number in range(300)]
    after = [index for index, point in enumerate(commits) if point == "after:intake"]
    runs = sum(1 for a, b in itertools.pairwise(after) if b - a > 1) + 1
    assert runs < 150, "each write had a commit of its own"


async def test_one_failing_work_takes_nobody_with_it(store: Store) -> None:
    def broken(connection: Connection) -> None:
        put("half")(connection)
        connection.exec_driver_sql("nonsense")

    def refusing(connection: Connection) -> None:
        put("refused")(connection)
        raise Refused("no")

    results = await asyncio.gather(
        store.write(Commit.INTAKE, put("a")),
        store.write(Commit.INTAKE, broken),
        store.write(Commit.INTAKE, refusing),
        store.write(Commit.INTAKE, put("b")),
        return_exceptions=True,
    )
    assert isinstance(results[1], StoreError)
    assert isinstance(results[2], Refused)
    assert await keys(store) == ["a", "b"]


async def test_a_failed_commit_fails_every_waiter(store: Store) -> None:
    def poison(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        connection.exec_driver_sql(
            "INSERT INTO evidence (task, source, verdict, text, at) VALUES ('nobody', 'judge', 'success', '', 0)"
        )

    results = await asyncio.gather(
        store.write(Commit.INTAKE, put("a")), store.write(Commit.START, poison), return_exceptions=True
    )
    assert isinstance(results[1], StoreError)
    survived = await keys(store)
    assert survived == ([] if isinstance(results[0], StoreError) else ["a"])
    await store.write(Commit.INTAKE, put("later"))
    assert "later" in await keys(store)


async def test_a_cancelled_writer_does_not_take_its_write_back(store: Store) -> None:
    writing = asyncio.create_task(store.write(Commit.INTAKE, put("a")))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await store.write(Commit.INTAKE, put("b"))
    assert await keys(store) == ["a", "b"]


async def test_a_read_that_is_cancelled_twice_leaves_nothing_that_waits(tmp_path: Path) -> None:
    """As at the end of a process, which otherwise never ends."""
    schema.upgrade(tmp_path / "test.db")
    reached, released = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        connection.connection.dbapi_connection.create_function("held", 0, held)  # type: ignore[union-attr]  # SQLite's own
        connection.exec_driver_sql("SELECT held()").all()

    def held() -> int:
        loop.call_soon_threadsafe(reached.set)
        return int(released.wait(60))

    async with Store(tmp_path / "test.db") as store:
        reading = asyncio.create_task(store.read(slow))
        await reached.wait()
        for _ in range(2):
            reading.cancel()
            await asyncio.sleep(0)
        released.set()
        await asyncio.wait([reading])
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_reads_cannot_write(store: Store) -> None:
    with pytest.raises(sa.exc.OperationalError, match="readonly"):
        await store.read(lambda connection: connection.exec_driver_sql("DELETE FROM turns"))


async def test_a_closed_store_refuses(tmp_path: Path) -> None:
    schema.upgrade(tmp_path / "test.db")
    async with Store(tmp_path / "test.db") as store:
        pass
    with pytest.raises(StoreError, match="closing"):
        await store.write(Commit.INTAKE, put("a"))


async def test_lanes_are_woken_after_the_commit(store: Store) -> None:
    seen: list[tuple[set[str], list[str]]] = []
    store.woken = lambda lanes: seen.append((set(lanes), []))
    await store.write(Commit.INTAKE, put("a", "chat:b"))
    assert [lanes for lanes, _ in seen] == [{"chat:b"}]


def test_an_upgraded_database_equals_the_tables(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    schema.upgrade(tmp_path / "test.db")
    with sa.create_engine(f"sqlite:///{tmp_path / 'test.db'}").connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == schema.HEAD


def test_the_known_head_is_the_newest_script() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD
