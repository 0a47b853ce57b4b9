"""Tasks: what conversations do between two closings."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.domain.trace import Outcome
from bot.store import conversations
from bot.store.conversations import SPEAKING
from bot.store.tables import chats, evidence, scopes, tasks, turns


@dataclass(frozen=True, slots=True)
class Task:
    """What a conversation does between two closings. `last_turn` is its latest turn's id.

    `probability` is that of success; `suspicion` says why it looks like a hack ("": it does not).
    """

    id: str
    conversation: str
    scope: str
    person: str
    last_turn: int
    closed: float | None
    outcome: Outcome
    private: bool
    probability: float = 0.5
    suspicion: str = ""


def _task(row: sa.Row[tuple[object, ...]]) -> Task:
    return Task(
        row.id,
        row.conversation,
        row.scope,
        row.person,
        row.last_turn,
        row.closed,
        Outcome(row.status, row.source, row.detail),
        row.private,
        row.probability,
        row.suspicion,
    )


def task(connection: sa.Connection, id: str) -> Task:
    """The task with this id, which must be known."""
    return _task(connection.execute(sa.select(tasks).where(tasks.c.id == id)).one())


# Built once: these run in every turn, and building a statement costs more than running it.
_OPEN = sa.select(tasks).where(tasks.c.conversation == sa.bindparam("of"), tasks.c.closed.is_(None))
_LATEST = tasks.update().where(tasks.c.conversation == sa.bindparam("of"), tasks.c.closed.is_(None)).returning(*tasks.c)
_COUNTED = turns.update().where(sa.or_(turns.c.id == sa.bindparam("of"), turns.c.joined == sa.bindparam("of")))


def open_task(connection: sa.Connection, conversation: str) -> Task | None:
    """The conversation's task that is not closed."""
    row = connection.execute(_OPEN, {"of": conversation}).one_or_none()
    return None if row is None else _task(row)


def attach(connection: sa.Connection, turn: int, conversation: str, person: str, now: float) -> Task:
    """Count a turn and those that joined it to their conversation's open task, opening one if there is none."""
    row = connection.execute(_LATEST, {"of": conversation, "last_turn": turn}).one_or_none()
    if row is None:
        return _begin(connection, turn, conversation, person, now, None)
    connection.execute(_COUNTED, {"of": turn, "task": row.id})
    return _task(row)


def apart(connection: sa.Connection, turn: int, conversation: str, person: str, now: float) -> Task:
    """Make a turn a task by itself, which is over."""
    return _begin(connection, turn, conversation, person, now, now)


def _begin(
    connection: sa.Connection, turn: int, conversation: str, person: str, now: float, closed: float | None
) -> Task:
    scope = conversations.find(connection, conversation).scope
    task = Task(f"task-{turn}", conversation, scope, person, turn, closed, Outcome(), False)
    row = {"id": task.id, "conversation": task.conversation, "scope": task.scope, "person": person}
    connection.execute(tasks.insert(), {**row, "opened": now, "last_turn": turn, "closed": closed})
    connection.execute(_COUNTED, {"of": turn, "task": task.id})
    return task


def close(connection: sa.Connection, id: str, outcome: Outcome, now: float, probability: float = 0.5) -> None:
    """Close a task with its outcome; one that is closed gets the new outcome and keeps its time."""
    connection.execute(
        tasks.update()
        .where(tasks.c.id == id)
        .values(
            closed=sa.func.coalesce(tasks.c.closed, now),
            status=outcome.status,
            source=outcome.source,
            detail=outcome.detail,
            probability=probability,
        )
    )


def suspect(connection: sa.Connection, id: str, why: str) -> None:
    """Never mine this task: it looks like a hack."""
    connection.execute(tasks.update().where(tasks.c.id == id).values(suspicion=why))


def suspects(connection: sa.Connection, limit: int) -> list[Task]:
    """The newest tasks that look like a hack and are nobody's private ones."""
    where = (tasks.c.suspicion != "", tasks.c.private.is_(False))
    return list(
        map(_task, connection.execute(sa.select(tasks).where(*where).order_by(tasks.c.last_turn.desc()).limit(limit)))
    )


def keep_private(connection: sa.Connection, id: str) -> None:
    """Never mine this task."""
    connection.execute(tasks.update().where(tasks.c.id == id).values(private=True))


def latest(connection: sa.Connection, conversation: str) -> Task | None:
    """The task that a conversation is at, or was at last."""
    rows = sa.select(tasks).where(tasks.c.conversation == conversation).order_by(tasks.c.last_turn.desc()).limit(1)
    row = connection.execute(rows).one_or_none()
    return None if row is None else _task(row)


def before(connection: sa.Connection, task: Task) -> Task | None:
    """The task of the same conversation that came before."""
    where = (tasks.c.conversation == task.conversation, tasks.c.last_turn < task.last_turn, tasks.c.id != task.id)
    row = connection.execute(sa.select(tasks).where(*where).order_by(tasks.c.last_turn.desc()).limit(1)).one_or_none()
    return None if row is None else _task(row)


def of_turn(connection: sa.Connection, turn: int) -> Task | None:
    """The task that a finished turn was counted to."""
    id = connection.scalar(sa.select(turns.c.task).where(turns.c.id == turn))
    return None if id is None else task(connection, id)


def first_run(connection: sa.Connection, task: Task) -> str:
    """The first task of the same schedule, of which this one is another trial; the task itself where a person asked."""
    key = connection.scalar(sa.select(turns.c.key).where(turns.c.id == task.last_turn)) or ""
    if not key.startswith("reminder:"):
        return task.id
    schedule = ":".join(key.split(":")[:2])
    runs = (turns.c.key > f"{schedule}:", turns.c.key < f"{schedule};", turns.c.task.is_not(None))
    return connection.scalar(sa.select(turns.c.task).where(*runs).order_by(turns.c.id).limit(1)) or task.id


def turns_of(connection: sa.Connection, task: str) -> list[int]:
    """The ids of a task's speaking turns, in order; those that joined another are told with it."""
    speaking = (turns.c.task == task, turns.c.kind.in_(SPEAKING), turns.c.joined.is_(None))
    return list(connection.scalars(sa.select(turns.c.id).where(*speaking).order_by(turns.c.id)))


def carried_on(connection: sa.Connection, task: str) -> set[int]:
    """Those of them in which what waited for a person was carried on."""
    resumed = (turns.c.task == task, turns.c.kind == "resume")
    return set(connection.scalars(sa.select(turns.c.id).where(*resumed)))


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said in a turn, and when (seconds since 1970)."""

    turn: int
    person: str
    text: str
    at: float


def said(connection: sa.Connection, task: str) -> list[Said]:
    """The messages of a task, in order, those that joined a turn among them."""
    where = (turns.c.task == task, turns.c.kind == "message")
    columns = (turns.c.id, turns.c.payload, turns.c.created)
    rows = connection.execute(sa.select(*columns).where(*where).order_by(turns.c.id))
    return [Said(row.id, row.payload["person"]["id"], row.payload["text"], row.created) for row in rows]


def scheduled(connection: sa.Connection, task: str) -> str:
    """What a task was to do that was scheduled; empty for one that somebody asked for when it began."""
    of = (turns.c.task == task, turns.c.kind == "scheduled")
    payload = connection.scalar(sa.select(turns.c.payload).where(*of).limit(1))
    return str(payload["text"]) if payload else ""


def closed_tasks(connection: sa.Connection, scope: str, limit: int | None) -> Sequence[Task]:
    """The newest closed tasks of a scope that may be mined, oldest first; with no limit all of them."""
    rows = connection.execute(
        sa.select(tasks)
        .where(tasks.c.scope == scope, tasks.c.closed.is_not(None), tasks.c.private.is_(False))
        .order_by(tasks.c.last_turn.desc())
        .limit(limit)
    )
    return sorted(map(_task, rows), key=lambda task: task.last_turn)


def since(connection: sa.Connection, scope: str, turn: int) -> set[str]:
    """The tasks of a scope in which somebody spoke in this turn or later."""
    return set(connection.scalars(sa.select(tasks.c.id).where(tasks.c.scope == scope, tasks.c.last_turn >= turn)))


def undecided(connection: sa.Connection, scope: str, limit: int) -> list[Task]:
    """The newest closed tasks of a scope with an unknown outcome, neither private nor suspect, and not judged yet."""
    judged = sa.exists().where(evidence.c.task == tasks.c.id, evidence.c.source == "judge")
    where = (
        tasks.c.scope == scope,
        tasks.c.closed.is_not(None),
        tasks.c.private.is_(False),
        tasks.c.suspicion == "",
        tasks.c.status == "unknown",
        ~judged,
    )
    rows = connection.execute(sa.select(tasks).where(*where).order_by(tasks.c.last_turn.desc()).limit(limit))
    return list(map(_task, rows))


def unmined(connection: sa.Connection) -> dict[str, int]:
    """For each scope that learns, the tasks closed since its last cycle; scopes without any are left out.

    So are those of chats that the bot is not in.
    """
    mined = sa.func.coalesce(scopes.c.mined, 0)
    left = sa.select(chats.c.platform + ":" + chats.c.chat).where(chats.c.gone.is_not(None))
    rows = connection.execute(
        sa.select(tasks.c.scope, sa.func.count())
        .outerjoin(scopes, scopes.c.scope == tasks.c.scope)
        .where(tasks.c.closed > mined, sa.func.coalesce(scopes.c.learning, sa.true()), tasks.c.scope.not_in(left))
        .group_by(tasks.c.scope)
    )
    return {row[0]: row[1] for row in rows}
