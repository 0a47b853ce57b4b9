"""What people wish of skills in a scope: those that they do not want to be used there."""

from collections import defaultdict

import sqlalchemy as sa

from bot.domain.chat import Person
from bot.store.tables import preferences


def forbid(connection: sa.Connection, scope: str, name: str, person: Person, now: float) -> None:
    """Do not use a skill in a scope."""
    allow(connection, scope, name)
    row = {"scope": scope, "name": name, "wish": "never", "person": person.id, "at": now}
    connection.execute(preferences.insert().values(row))


def allow(connection: sa.Connection, scope: str, name: str) -> bool:
    """Use it there again; whether it was forbidden."""
    there = (preferences.c.scope == scope, preferences.c.name == name)
    return connection.execute(preferences.delete().where(*there)).rowcount > 0


def forbidden(connection: sa.Connection) -> dict[str, set[str]]:
    """For each scope in which somebody forbade any, the names of the skills."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(sa.select(preferences).where(preferences.c.wish == "never")):
        found[row.scope].add(row.name)
    return dict(found)
