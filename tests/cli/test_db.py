"""`apprentice db …` on real databases: copied while they are written to, put back whole or not at all."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import migrations
from bot.store import backup, schema
from bot.store.commits import Commit
from bot.store.lock import process_lock
from bot.store.preferences import forbid
from bot.store.store import Connection, Store, writing_engine
from bot.store.tables import preferences
from tests.cli.test_skills import run
from tests.engine.made import ANA


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    schema.upgrade(Path("data/apprentice.db"))
    return Path("data/apprentice.db")


def wish(name: str) -> None:
    """Something that the database knows."""

    async def write() -> None:
        async with Store(Path("data/apprentice.db")) as store:
            await store.write(Commit.WISH, lambda connection: forbid(connection, "local", name, ANA, 1.0))

    asyncio.run(write())


def known(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return sorted(name for (name,) in connection.execute("SELECT name FROM preferences"))


def files() -> set[str]:
    return {path.name for path in Path("data").iterdir()} - {"apprentice.lock"}


def test_a_copy_is_put_back(database: Path) -> None:
    wish("before")
    assert "copy.db has all of data/apprentice.db." in run("db", "backup", "copy.db")
    wish("after")
    assert "data/apprentice.db is what copy.db holds." in run("db", "restore", "copy.db")
    assert known(database) == ["before"]
    assert known(Path("data/apprentice.db.before-restore")) == ["after", "before"]
    assert files() == {"apprentice.db", "apprentice.db.before-restore"}
    assert stat.S_IMODE(Path("copy.db").stat().st_mode) == 0o600
    wish("again")
    run("db", "restore", "copy.db")
    assert known(database) == ["before"]


async def test_it_is_copied_while_the_bot_writes(database: Path) -> None:
    async with Store(database) as store:

        def two(connection: Connection) -> None:
            for one in ("left", "right"):
                connection.execute(preferences.delete().where(preferences.c.name == one))
                forbid(connection, "local", one, ANA, float(connection.scalar(_COUNT) or 0))

        writing = [asyncio.create_task(store.write(Commit.WISH, two)) for _ in range(200)]
        with process_lock(Path("data")):
            for number in range(5):
                await asyncio.to_thread(backup.make, database, Path(f"{number}.db"))
        await asyncio.gather(*writing)
    for number in range(5):
        assert known(Path(f"{number}.db")) in ([], ["left", "right"])


_COUNT = sa.select(sa.func.count()).select_from(preferences)


def test_nothing_is_overwritten(database: Path) -> None:
    Path("copy.db").write_text("mine")
    assert "copy.db is there already" in run("db", "backup", "copy.db", status=1)
    assert Path("copy.db").read_text() == "mine"
    assert "cannot be written" in run("db", "backup", "nowhere/copy.db", status=1)


def test_without_a_database_there_is_nothing_to_copy(database: Path) -> None:
    database.unlink()
    assert "nothing to copy yet" in run("db", "backup", "copy.db", status=1)
    assert not Path("copy.db").exists()


def test_it_is_not_put_back_under_a_running_bot(database: Path) -> None:
    run("db", "backup", "copy.db")
    wish("after")
    with process_lock(Path("data")):
        told = run("db", "restore", "copy.db", status=1)
    assert "Another apprentice is working in data. Stop it first" in told
    assert known(database) == ["after"]


def _damaged(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[8192:40960] = b"\x55" * 32768
    copy.write_bytes(content)


def _newer(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def _others(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("CREATE TABLE notes (text)")


def _text(copy: Path) -> None:
    copy.write_text("no database, only text\n" * 500)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_damaged, "damaged"),
        (_newer, "was written by a newer release"),
        (_others, "copy.db is no copy of the bot's database."),
        (_text, "copy.db cannot be read as a database"),
        (Path.unlink, "copy.db is not there."),
    ],
)
def test_what_is_no_sound_copy_changes_nothing(database: Path, harm: object, told: str) -> None:
    wish("before")
    run("db", "backup", "copy.db")
    assert callable(harm)
    harm(Path("copy.db"))
    printed = run("db", "restore", "copy.db", status=1)
    assert told in printed
    assert "Traceback" not in printed
    assert known(database) == ["before"]
    assert files() <= {"apprentice.db", "apprentice.db-wal", "apprentice.db-shm"}


def test_an_old_copy_is_brought_to_this_release(database: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = writing_engine(Path("old.db"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        connection.exec_driver_sql("INSERT INTO preferences VALUES ('local', 'old', 'never', 'p', 1)")
    engine.dispose()
    run("db", "restore", "old.db")
    assert backup.revision(database) == schema.HEAD
    assert known(database) == ["old"]


def test_a_log_that_was_left_is_not_taken_for_the_new_ones(database: Path) -> None:
    """A bot that was killed leaves one."""
    run("db", "backup", "copy.db")
    with closing(sqlite3.connect(database)) as killed:
        killed.execute("INSERT INTO preferences VALUES ('local', 'after', 'never', 'p', 1)")
        killed.commit()
        log = Path("data/apprentice.db-wal").read_bytes()
    Path("data/apprentice.db-wal").write_bytes(log)
    run("db", "restore", "copy.db")
    assert known(database) == []


def test_upgrade_says_what_it_came_from(database: Path) -> None:
    assert run("db", "upgrade") == f"data/apprentice.db has the schema {schema.HEAD}.\n"
    database.unlink()
    assert run("db", "upgrade") == f"data/apprentice.db has the schema {schema.HEAD} (it is new).\n"
    Path("data/apprentice.db").write_text("no database, only text\n" * 500)
    assert "cannot be read as a database" in run("db", "upgrade", status=1)
