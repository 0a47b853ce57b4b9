"""What may be done in a scope without asking: a person's "Always here" for a tool, or for a version of a skill."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.domain.chat import Person
from bot.domain.skill import SkillRef
from bot.store.tables import permissions


@dataclass(frozen=True, slots=True)
class Permission:
    """`ref` names what may be called as the model does (a tool, `skill_…`), and what it was then: its pin or digest."""

    scope: str
    ref: SkillRef
    by: Person


def give(connection: sa.Connection, permission: Permission, now: float) -> None:
    """From now on; it takes the place of one for an older version."""
    take(connection, permission.scope, permission.ref.name)
    ref, by = permission.ref, permission.by
    row = {"scope": permission.scope, "name": ref.name, "digest": ref.digest, "person": by.id, "person_name": by.name}
    connection.execute(permissions.insert().values(**row, at=now))


def take(connection: sa.Connection, scope: str, name: str) -> Permission | None:
    """Take back what was given; None where nothing was."""
    of = (permissions.c.scope == scope, permissions.c.name == name)
    row = connection.execute(sa.select(permissions).where(*of)).one_or_none()
    connection.execute(permissions.delete().where(*of))
    return None if row is None else _permission(row)


def given(connection: sa.Connection, scope: str) -> Sequence[Permission]:
    """All of a scope, by name."""
    rows = connection.execute(sa.select(permissions).where(permissions.c.scope == scope).order_by(permissions.c.name))
    return [_permission(row) for row in rows]


def _permission(row: sa.Row[tuple[object, ...]]) -> Permission:
    return Permission(row.scope, SkillRef(row.name, row.digest), Person(row.person, row.person_name))
