"""The inbox: turns in lanes. Strict order in a lane, all lanes at once."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.domain.json import JSON
from bot.errors import Fenced, Stopped
from bot.store.conversations import SPEAKING
from bot.store.store import WOKEN
from bot.store.tables import turns

OPEN = turns.c.finished.is_(None)


@dataclass(frozen=True, slots=True)
class NewTurn:
    """A turn to enqueue. `key` is unique for all time; `due` (seconds since 1970) holds the turn back until then."""

    key: str
    lane: str
    kind: str
    payload: JSON
    conversation: str | None = None
    due: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A claimed turn: its writes carry `epoch`, which a later claim raises."""

    id: int
    key: str
    lane: str
    kind: str
    payload: Any
    conversation: str | None
    epoch: int
    failures: int
    created: float


def enqueue(connection: sa.Connection, turn: NewTurn, now: float) -> int | None:
    """Insert a turn and wake its lane if it is due (else the sweep will); None when its key was there before."""
    known = connection.scalar(sa.select(turns.c.id).where(turns.c.key == turn.key))
    if known is not None:
        return None
    id: int | None = connection.scalar(
        turns.insert()
        .values(
            key=turn.key,
            lane=turn.lane,
            kind=turn.kind,
            payload=turn.payload,
            conversation=turn.conversation,
            due=turn.due,
            created=now,
        )
        .returning(turns.c.id)
    )
    if turn.due is None or turn.due <= now:
        connection.info[WOKEN].add(turn.lane)
    return id


def claim(connection: sa.Connection, lane: str, now: float) -> Turn | float | None:
    """Take the oldest open turn of a lane and raise its epoch; the time it is due if that lies ahead; None if none."""
    row = connection.execute(
        sa.select(turns).where(turns.c.lane == lane, OPEN).order_by(turns.c.id).limit(1)
    ).one_or_none()
    if row is None:
        return None
    if row.due is not None and row.due > now:
        return float(row.due)
    connection.execute(turns.update().where(turns.c.id == row.id).values(status="running", epoch=row.epoch + 1))
    return Turn(
        row.id, row.key, row.lane, row.kind, row.payload, row.conversation, row.epoch + 1, row.failures, row.created
    )


def hold(connection: sa.Connection, turn: Turn) -> None:
    """Make sure that this runner still owns the turn. Raises Fenced."""
    if connection.scalar(sa.select(turns.c.epoch).where(turns.c.id == turn.id, OPEN)) != turn.epoch:
        raise Fenced(f"Turn {turn.id} in {turn.lane} was taken over by another runner.")


def go_on(connection: sa.Connection, turn: Turn) -> None:
    """Make sure that this runner owns the turn and nobody stopped it. Raises Fenced or Stopped."""
    hold(connection, turn)
    if connection.scalar(sa.select(turns.c.stop).where(turns.c.id == turn.id)):
        raise Stopped(f"Turn {turn.id} was stopped.")


def finish(connection: sa.Connection, turn: Turn, now: float, *, error: str | None = None) -> None:
    """End a turn: done, or dead with the reason. Raises Fenced."""
    hold(connection, turn)
    status = "done" if error is None else "dead"
    connection.execute(turns.update().where(turns.c.id == turn.id).values(status=status, finished=now, error=error))


def postpone(connection: sa.Connection, turn: Turn, due: float, error: str) -> None:
    """Put a turn back, to be tried again at `due`. Raises Fenced."""
    hold(connection, turn)
    connection.execute(
        turns.update()
        .where(turns.c.id == turn.id)
        .values(status="queued", due=due, error=error, failures=turns.c.failures + 1)
    )


def stop(connection: sa.Connection, lane: str, before: int) -> int:
    """Flag the open speaking turns of a lane that are older than the turn `before`; the count of them."""
    work = (turns.c.lane == lane, OPEN, turns.c.id < before, turns.c.kind.in_(SPEAKING))
    return connection.execute(turns.update().where(*work).values(stop=True)).rowcount


def busy(connection: sa.Connection, lane: str, but: int = 0) -> int:
    """Count the open turns of a lane, the turn `but` left out."""
    return connection.scalar(sa.select(sa.func.count()).where(turns.c.lane == lane, OPEN, turns.c.id != but)) or 0


def conversation_of(connection: sa.Connection, turn: int) -> str:
    """The key of the conversation that a turn speaks in."""
    return connection.execute(sa.select(turns.c.conversation).where(turns.c.id == turn)).scalar_one() or ""


def due_lanes(connection: sa.Connection, now: float) -> list[str]:
    """The lanes with open turns that are due: what the sweep wakes."""
    ready = sa.or_(turns.c.due.is_(None), turns.c.due <= now)
    return list(connection.scalars(sa.select(turns.c.lane).where(OPEN, ready).distinct()))


def by_key(connection: sa.Connection, key: str) -> int | None:
    """The id of the turn with this key."""
    return connection.scalar(sa.select(turns.c.id).where(turns.c.key == key))
