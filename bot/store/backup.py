"""Copies of the database, made while the bot writes to it, and put back while it does not."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from bot.errors import Refused
from bot.store import schema

PART = ".part"
"""Behind the name of a copy that is not whole yet."""
BEFORE = ".before-restore"
"""Behind the name of the database that a copy took the place of."""
BESIDE = ("", "-wal", "-shm")
"""A database's files."""


def make(database: Path, copy: Path) -> None:
    """Copy the database as it is at this moment (SQLite's online backup), for its owner's eyes alone.

    Raises Refused: there is none, there is something in the copy's place, or what was copied is damaged.
    """
    if not database.exists():
        raise Refused(f"{database} is not there: there is nothing to copy yet.")
    if copy.exists():
        raise Refused(f"{copy} is there already: choose another name, nothing is overwritten.")
    with _whole(database, copy) as part:
        os.replace(part, copy)


def put_back(copy: Path, database: Path) -> None:
    """Put a copy in the database's place, brought to this release's schema. What stood there is kept beside it.

    Nobody else may have the database open. Raises Refused for what is no sound copy, ConfigError for that of a newer
    release; then nothing has changed.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    if revision(copy) is None:
        raise Refused(f"{copy} is no copy of the bot's database.")
    with _whole(copy, database) as part:
        schema.upgrade(part)
        _emptied(part)
        _set_aside(database)
        os.replace(part, database)


def revision(database: Path) -> str | None:
    """The schema's revision, None where it is not one of the bot's. Raises Refused for what cannot be read."""
    if not database.is_file():
        raise Refused(f"{database} is not there.")
    try:
        with closing(_reading(database)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise Refused(f"{database} cannot be read as a database: {error}.") from error
    return str(row[0]) if row else None


def check(database: Path) -> None:
    """Look through the whole database. Raises Refused when it is damaged."""
    try:
        with closing(_reading(database)) as connection:
            (told,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        told = str(error)
    if told != "ok":
        raise Refused(f"{database} is damaged: {' '.join(told.split())}.")


@contextmanager
def _whole(source: Path, target: Path) -> Iterator[Path]:
    """A sound copy beside its target; deleted where the body does not move it there."""
    part = target.with_name(target.name + PART)
    part.unlink(missing_ok=True)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(_reading(source)) as given, closing(sqlite3.connect(part)) as taken:
            given.backup(taken)
        _emptied(part)
        check(part)
        yield part
    except sqlite3.Error as error:
        raise Refused(f"{source} cannot be copied: {error}.") from error
    except OSError as error:
        raise Refused(f"{part} cannot be written: {error.strerror}.") from error
    finally:
        for suffix in BESIDE:
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def _emptied(database: Path) -> None:
    """One file without a log beside it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _set_aside(database: Path) -> None:
    """Keep the database under another name, with its log: a log that stays would be taken for the new one's."""
    for suffix in BESIDE:
        file = database.with_name(database.name + suffix)
        kept = database.with_name(database.name + BEFORE + suffix)
        kept.unlink(missing_ok=True)
        if file.exists():
            os.replace(file, kept)


def _reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(database.absolute()))}?mode=ro", uri=True, timeout=10)
