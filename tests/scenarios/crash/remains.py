"""What a dead bot leaves in its database."""

import json
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bot.store.store import writing_engine
from bot.store.tables import journal, metadata, turns, versions

SAID = ("message", "command")


@dataclass(frozen=True, slots=True)
class Remains:
    """`recorded`: chat and message id of each post that is on record. `cut_off`: what calls of `append_line` were to
    write that have begun and not ended. `waiting`: kinds of the open turns. `dead`: the words of buried turns.
    `said`: how many messages and commands were taken. `approved`: digests of the versions that may go live.
    """

    recorded: frozenset[tuple[int, int]]
    cut_off: frozenset[str]
    waiting: tuple[str, ...]
    dead: tuple[str, ...]
    said: int
    approved: frozenset[str]


def remains(database: Path) -> Remains:
    """Read the database of a bot that does not run."""
    engine = writing_engine(database)
    try:
        with engine.connect() as connection:
            return Remains(
                _recorded(connection),
                _cut_off(connection),
                tuple(connection.scalars(sa.select(turns.c.kind).where(turns.c.finished.is_(None)))),
                tuple(
                    row["text"]
                    for row in connection.scalars(sa.select(turns.c.payload).where(turns.c.status == "dead"))
                ),
                connection.scalar(sa.select(sa.func.count()).where(turns.c.kind.in_(SAID))) or 0,
                frozenset(connection.scalars(sa.select(versions.c.digest))),
            )
    finally:
        engine.dispose()


def knows(database: Path, word: str) -> bool:
    """Whether a word stands in any row of the database of a bot that does not run."""
    engine = writing_engine(database)
    try:
        with engine.connect() as connection:
            tables = (connection.execute(sa.select(table)) for table in metadata.sorted_tables)
            return any(word in repr(row) for rows in tables for row in rows)
    finally:
        engine.dispose()


def _recorded(connection: sa.Connection) -> frozenset[tuple[int, int]]:
    posts = sa.select(turns.c.lane, journal.c.result).join(journal).where(journal.c.place.like("send:%"))
    rows = connection.execute(posts.where(journal.c.status == "done"))
    return frozenset((int(row.lane.removeprefix("out:telegram:")), int(row.result)) for row in rows)


def _cut_off(connection: sa.Connection) -> frozenset[str]:
    begun = sa.select(journal.c.request).where(journal.c.name == "append_line", journal.c.status == "started")
    requests = connection.scalars(begun)
    return frozenset((json.loads(given) if isinstance(given, str) else given)["text"] for given in requests)
