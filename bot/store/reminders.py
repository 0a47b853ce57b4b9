"""What people want done or said later: a row each, and when it is due next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from bot.domain.chat import Person
from bot.domain.json import JSON
from bot.store.tables import chats, reminders

State = Literal["live", "resting", "over"]
AT_ONCE = 200
"""What is made turns in one commit; the rest follows with the next tick."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something for later, made by `person` in a conversation (its key) of a scope.

    It is `work` for the bot, or words (`what`) that it only says. A `skill` does the work first, with `parameters`.
    `every` is a cron expression in the time `zone`, empty for what comes once. `due` is its next time, in seconds since
    1970; None where none is to come.
    """

    conversation: str
    scope: str
    person: Person
    what: str
    zone: str
    every: str = ""
    work: bool = False
    skill: str = ""
    parameters: Mapping[str, JSON] | None = None
    due: float | None = None
    state: State = "live"
    id: int = 0


_COMING = sa.or_(reminders.c.state == "resting", sa.and_(reminders.c.state == "live", reminders.c.due.is_not(None)))


def add(connection: sa.Connection, new: Reminder, now: float) -> Reminder:
    """Keep something for later; with its number."""
    row = {
        "conversation": new.conversation,
        "scope": new.scope,
        "person": new.person.id,
        "person_name": new.person.name,
        "what": new.what,
        "work": new.work,
        "skill": new.skill,
        "parameters": dict(new.parameters or {}),
        "every": new.every,
        "zone": new.zone,
        "state": new.state,
        "due": new.due,
        "created": now,
    }
    id = connection.execute(reminders.insert().values(row).returning(reminders.c.id)).scalar_one()
    return replace(new, id=id)


def find(connection: sa.Connection, id: int) -> Reminder | None:
    """The one with this number; None where it was forgotten."""
    row = connection.execute(sa.select(reminders).where(reminders.c.id == id)).one_or_none()
    return None if row is None else _reminder(row)


def of_chat(connection: sa.Connection, scope: str) -> list[Reminder]:
    """What is to come in a chat, the next first; what rests stands behind. What is being done is not to come."""
    there = (reminders.c.scope == scope, _COMING)
    rows = sa.select(reminders).where(*there).order_by(reminders.c.state, reminders.c.due, reminders.c.id)
    return list(map(_reminder, connection.execute(rows)))


def of_conversation(connection: sa.Connection, key: str) -> list[Reminder]:
    """What is to come in a conversation."""
    there = (reminders.c.conversation == key, _COMING)
    return list(map(_reminder, connection.execute(sa.select(reminders).where(*there))))


def due(connection: sa.Connection, now: float) -> list[Reminder]:
    """What is due. In a chat that the bot is not in nothing is, until it is back."""
    left = sa.select(chats.c.platform + ":" + chats.c.chat).where(chats.c.gone.is_not(None))
    ready = (reminders.c.state == "live", reminders.c.due <= now, reminders.c.scope.not_in(left))
    rows = sa.select(reminders).where(*ready).order_by(reminders.c.due).limit(AT_ONCE)
    return list(map(_reminder, connection.execute(rows)))


def repeating(connection: sa.Connection) -> list[Reminder]:
    """What is live and comes again and again."""
    live = (reminders.c.state == "live", reminders.c.every != "", reminders.c.due.is_not(None))
    return list(map(_reminder, connection.execute(sa.select(reminders).where(*live))))


def advance(connection: sa.Connection, reminder: Reminder, due: float | None) -> bool:
    """Give it its next time, unless somebody has done so, or has ended it: then it is theirs."""
    as_read = (reminders.c.id == reminder.id, reminders.c.state == "live", reminders.c.due == reminder.due)
    return connection.execute(reminders.update().where(*as_read).values(due=due)).rowcount > 0


def rest(connection: sa.Connection, id: int) -> bool:
    """Nothing comes of it until a person says so; False where that was so before."""
    live = (reminders.c.id == id, reminders.c.state == "live")
    return connection.execute(reminders.update().where(*live).values(state="resting")).rowcount > 0


def go_on(connection: sa.Connection, id: int, due: float) -> bool:
    """What rested is live again, with its next time."""
    resting = (reminders.c.id == id, reminders.c.state == "resting")
    anew = {"state": "live", "due": due, "failures": 0}
    return connection.execute(reminders.update().where(*resting).values(anew)).rowcount > 0


def end(connection: sa.Connection, id: int) -> bool:
    """It is over: its words are gone. Its zone is remembered. False where it was over before."""
    open = (reminders.c.id == id, reminders.c.state != "over")
    ended = reminders.update().where(*open).values(state="over", what="", parameters={}, due=None)
    return connection.execute(ended).rowcount > 0


def failed(connection: sa.Connection, id: int) -> int:
    """Count a run that failed; how many did in a row."""
    of = reminders.c.id == id
    connection.execute(reminders.update().where(of).values(failures=reminders.c.failures + 1))
    return connection.scalar(sa.select(reminders.c.failures).where(of)) or 0


def succeeded(connection: sa.Connection, id: int) -> None:
    """A run went well."""
    connection.execute(reminders.update().where(reminders.c.id == id).values(failures=0))


def zone(connection: sa.Connection, scope: str, person: str) -> str:
    """The time zone that a person named last in a chat, else the one that anybody did there; empty: nobody did."""
    named = sa.select(reminders.c.zone).where(reminders.c.scope == scope)
    return connection.scalar(named.order_by(reminders.c.person != person, reminders.c.id.desc()).limit(1)) or ""


def forget(connection: sa.Connection, conversation: str) -> None:
    """Delete what was wanted in a conversation, what is to come too."""
    connection.execute(reminders.delete().where(reminders.c.conversation == conversation))


def forget_old(connection: sa.Connection, before: float) -> None:
    """Delete what is over and was made before a time; what is to come was wanted for later."""
    connection.execute(reminders.delete().where(reminders.c.state == "over", reminders.c.created < before))


def _reminder(row: sa.Row[Any]) -> Reminder:
    person = Person(row.person, row.person_name)
    return Reminder(
        row.conversation,
        row.scope,
        person,
        row.what,
        row.zone,
        row.every,
        row.work,
        row.skill,
        row.parameters,
        row.due,
        row.state,
        row.id,
    )
