"""Calls of tools, and runs of skills before their first write, that wait for a person's word."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.domain.chat import Person
from bot.domain.skill import SkillRef
from bot.store.tables import confirmations

WAITING = {
    "status": "waiting for a person",
    "note": "Asked in the chat; nothing was changed yet. Do not call it again.",
}
"""What a call gives that waits for the answer: it was not made."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A run or a call that waits. `state` is waiting, once, always or no; `person` asked for the work.

    `ref` is the skill's version, or the tool's name with its pin.
    """

    id: str
    turn: int
    place: str
    ref: SkillRef
    scope: str
    person: str
    state: str = "waiting"
    decided_by: Person | None = None
    decided_at: float | None = None


def ask(connection: sa.Connection, confirmation: Confirmation, now: float) -> None:
    """Insert a confirmation that waits."""
    connection.execute(
        confirmations.insert().values(
            id=confirmation.id,
            turn=confirmation.turn,
            place=confirmation.place,
            name=confirmation.ref.name,
            digest=confirmation.ref.digest,
            scope=confirmation.scope,
            person=confirmation.person,
            state="waiting",
            created=now,
        )
    )


def find(connection: sa.Connection, id: str) -> Confirmation | None:
    """The confirmation with this id."""
    row = connection.execute(sa.select(confirmations).where(confirmations.c.id == id)).one_or_none()
    return None if row is None else _confirmation(row)


def waiting(connection: sa.Connection, person: Person) -> list[Confirmation]:
    """The confirmations that wait for who asked for the work, newest first."""
    rows = sa.select(confirmations).where(confirmations.c.state == "waiting", confirmations.c.person == person.id)
    return list(map(_confirmation, connection.execute(rows.order_by(confirmations.c.created.desc()))))


def names_waiting(connection: sa.Connection, scope: str) -> list[str]:
    """The skills and tools whose calls wait in a scope, each once."""
    rows = sa.select(confirmations.c.name).where(confirmations.c.state == "waiting", confirmations.c.scope == scope)
    return list(connection.scalars(rows.distinct().order_by(confirmations.c.name)))


def decide(connection: sa.Connection, id: str, state: str, person: Person, now: float) -> bool:
    """Compare and set: whether this answer is the one that counts."""
    return (
        connection.execute(
            confirmations.update()
            .where(confirmations.c.id == id, confirmations.c.state == "waiting")
            .values(state=state, decided_by=person.id, decided_name=person.name, decided_at=now)
        ).rowcount
        == 1
    )


def _confirmation(row: sa.Row[tuple[object, ...]]) -> Confirmation:
    return Confirmation(
        row.id,
        row.turn,
        row.place,
        SkillRef(row.name, row.digest),
        row.scope,
        row.person,
        row.state,
        Person(row.decided_by, row.decided_name) if row.decided_by else None,
        row.decided_at,
    )
