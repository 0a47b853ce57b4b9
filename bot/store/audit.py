"""The record of what became of skills and of standing permissions, and who decided it.

Rows are added, never changed (the database refuses it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from bot.domain.chat import Person
from bot.domain.skill import SkillRef
from bot.store.tables import audit

Action = Literal[
    "proposed",
    "approved",
    "rejected",
    "edited",
    "expired",
    "superseded",
    "published",
    "imported",
    "trusted",
    "suspended",
    "restored",
    "evicted",
    "rolled-back",
    "promoted",
    "forgotten",
    "allowed",
    "taken-back",
    "unwanted",
    "wanted",
]
ITSELF = Person("")
"""Who decided where nobody did: the bot, by its rules."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a version of a skill: who decided it and where (a conversation's key, or `command line`).

    What may be done without asking is `allowed` and `taken-back`; for a tool, `ref` is its name and its pin. What
    people do not want to be used in a scope is `unwanted`, until it is `wanted` again.
    """

    action: Action
    ref: SkillRef
    scope: str | None
    by: Person = ITSELF
    origin: str = ""
    detail: str = ""
    at: float = 0.0


def note(connection: sa.Connection, event: Event, now: float) -> None:
    """Add an event that happens now."""
    connection.execute(
        audit.insert().values(
            at=now,
            action=event.action,
            name=event.ref.name,
            digest=event.ref.digest,
            scope=event.scope,
            person=event.by.id,
            person_name=event.by.name,
            origin=event.origin,
            detail=event.detail,
        )
    )


def events(connection: sa.Connection, name: str | None = None, limit: int | None = None) -> Sequence[Event]:
    """The newest events, of one skill or of all, oldest first."""
    rows = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
    if name is not None:
        rows = rows.where(audit.c.name == name)
    return [_event(row) for row in reversed(connection.execute(rows).all())]


def since(connection: sa.Connection, id: int) -> list[tuple[int, Event]]:
    """The events behind the one with this id, each with its own, oldest first."""
    rows = connection.execute(sa.select(audit).where(audit.c.id > id).order_by(audit.c.id))
    return [(row.id, _event(row)) for row in rows]


def _event(row: sa.Row[tuple[object, ...]]) -> Event:
    ref, by = SkillRef(row.name, row.digest), Person(row.person, row.person_name)
    return Event(row.action, ref, row.scope, by, row.origin, row.detail, row.at)
