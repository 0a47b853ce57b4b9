"""What became of approved versions: those that are trusted, suspended or evicted, and which uses count."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from bot.domain.skill import SkillRef
from bot.domain.trace import Status
from bot.store.tables import lives, turns, uses

State = Literal["live", "trusted", "suspended", "evicted"]
"""A version begins as `live`, on trial."""
UP = ("live", "trusted")


@dataclass(frozen=True, slots=True)
class Life:
    """A version's state, since when and why. Uses up to `counted_from` (an id) count no more: it was restored then."""

    ref: SkillRef
    state: State = "live"
    since: float = 0.0
    why: str = ""
    counted_from: int = 0

    @property
    def up(self) -> bool:
        """Whether it may be used."""
        return self.state in UP


def of(connection: sa.Connection, ref: SkillRef) -> Life:
    """The life of a version; one of which nothing is recorded is live."""
    found = sa.select(lives).where(lives.c.name == ref.name, lives.c.digest == ref.digest)
    row = connection.execute(found).one_or_none()
    return Life(ref) if row is None else _life(row)


def down(connection: sa.Connection) -> dict[SkillRef, Life]:
    """The versions that are suspended or evicted."""
    return {ref: life for ref, life in recorded(connection).items() if not life.up}


def recorded(connection: sa.Connection) -> dict[SkillRef, Life]:
    """The lives of all versions of which something is recorded."""
    return {life.ref: life for life in map(_life, connection.execute(sa.select(lives)))}


def put(connection: sa.Connection, life: Life) -> None:
    """Record what became of a version, in place of what was recorded."""
    of_ref = (lives.c.name == life.ref.name, lives.c.digest == life.ref.digest)
    row = {"state": life.state, "since": life.since, "why": life.why, "counted_from": life.counted_from}
    if connection.execute(lives.update().where(*of_ref).values(row)).rowcount == 0:
        connection.execute(lives.insert().values(name=life.ref.name, digest=life.ref.digest, **row))


def newest_use(connection: sa.Connection, ref: SkillRef) -> int:
    """The id of a version's last use, 0 without any."""
    of_ref = (uses.c.name == ref.name, uses.c.digest == ref.digest)
    return connection.scalar(sa.select(sa.func.max(uses.c.id)).where(*of_ref)) or 0


RECENT = 500
"""The newest uses by which a version stands: a trial ends long before, and a drift shows in a few."""


def verdicts(connection: sa.Connection, ref: SkillRef) -> list[Status]:
    """The verdicts on the newest of a version's uses that count, oldest first."""
    counted = (uses.c.name == ref.name, uses.c.digest == ref.digest, uses.c.id > of(connection, ref).counted_from)
    newest = sa.select(uses.c.verdict).where(*counted).order_by(uses.c.id.desc()).limit(RECENT)
    return list(connection.scalars(newest))[::-1]


def tasks_of(connection: sa.Connection, ref: SkillRef) -> set[str]:
    """The tasks in which a version was used."""
    of_ref = (uses.c.name == ref.name, uses.c.digest == ref.digest, turns.c.task.is_not(None))
    return set(connection.scalars(sa.select(turns.c.task).join(uses, uses.c.turn == turns.c.id).where(*of_ref)))


def failing_since(connection: sa.Connection, ref: SkillRef) -> int:
    """The turn of the first bad use behind a version's last good one; 0 if it had no bad use."""
    of_ref = (uses.c.name == ref.name, uses.c.digest == ref.digest)
    good = sa.select(sa.func.coalesce(sa.func.max(uses.c.id), 0)).where(*of_ref, uses.c.verdict == "success")
    bad = sa.or_(uses.c.verdict == "failure", uses.c.status == "failed")
    first = sa.select(sa.func.min(uses.c.turn)).where(*of_ref, bad, uses.c.id > good.scalar_subquery())
    return connection.scalar(first) or 0


def _life(row: sa.Row[tuple[object, ...]]) -> Life:
    return Life(SkillRef(row.name, row.digest), row.state, row.since, row.why, row.counted_from)
