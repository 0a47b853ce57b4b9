"""Traces that the operator imported, and what tells the bot's own from them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.store.tables import imported, tasks


@dataclass(frozen=True, slots=True)
class Row:
    """A trace of a scope as a line of the trace format; `digest` is the line's."""

    scope: str
    id: str
    digest: str
    line: str


def put(connection: sa.Connection, rows: Collection[Row], now: float) -> tuple[int, int]:
    """Keep traces: how many are new, and how many replace an older one of their id; what is known stays as it is."""
    known: dict[tuple[str, str], str] = {}
    for scope in {row.scope for row in rows}:
        ids = [row.id for row in rows if row.scope == scope]
        found = connection.execute(_IDS.where(imported.c.scope == scope, imported.c.id.in_(ids)))
        known |= {(scope, row.id): row.digest for row in found}
    fresh = [row for row in rows if known.get((row.scope, row.id)) != row.digest]
    changed = [row for row in fresh if (row.scope, row.id) in known]
    for row in changed:
        connection.execute(imported.delete().where(imported.c.scope == row.scope, imported.c.id == row.id))
    if fresh:
        values = [{"scope": r.scope, "id": r.id, "digest": r.digest, "line": r.line, "at": now} for r in fresh]
        connection.execute(imported.insert(), values)
    return len(fresh) - len(changed), len(changed)


def digests(connection: sa.Connection, scope: str, limit: int | None) -> dict[str, str]:
    """The digests of a scope's imported traces by id, the newest, in the order of their ids."""
    newest = imported.c.at.desc(), imported.c.id
    rows = connection.execute(_IDS.where(imported.c.scope == scope).order_by(*newest).limit(limit))
    return dict(sorted((row.id, row.digest) for row in rows))


def lines(connection: sa.Connection, scope: str, ids: Collection[str]) -> list[str]:
    """These imported traces of a scope, in the order of their ids."""
    where = (imported.c.scope == scope, imported.c.id.in_(ids))
    return list(connection.scalars(sa.select(imported.c.line).where(*where).order_by(imported.c.id)))


def scopes(connection: sa.Connection) -> set[str]:
    """The scopes that have traces: tasks of the bot's own, or imported ones."""
    own = sa.select(tasks.c.scope).where(tasks.c.closed.is_not(None))
    return set(connection.scalars(sa.union(own, sa.select(imported.c.scope))))


def opened(connection: sa.Connection, ids: Iterable[str]) -> Mapping[str, float]:
    """When those of these tasks that are the bot's own were opened (seconds since 1970)."""
    rows = connection.execute(sa.select(tasks.c.id, tasks.c.opened).where(tasks.c.id.in_(list(ids))))
    return {row.id: row.opened for row in rows}


_IDS = sa.select(imported.c.id, imported.c.digest)
