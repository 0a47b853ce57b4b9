"""The inbox: turns in lanes. Strict order in a lane, all lanes at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.domain.json import JSON
from bot.errors import Fenced, Stopped
from bot.store.conversations import SPEAKING
from bot.store.facts import Fact
from bot.store.journal import Entry
from bot.store.store import WOKEN
from bot.store.tables import chats, turns

OPEN = turns.c.finished.is_(None)
OUT = "out:"
"""Begins the lanes of deliveries; the platform and the chat follow."""
SOON = 5.0
"""Seconds between two sweeps: what is due sooner wakes its lane by itself."""


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
    """A claimed turn: its writes carry `epoch`, which a later claim raises.

    `moved` is the id that the chat of a delivery has now, if it has moved.

    `history` are the speaking turns before it: id, payload and journal; `facts` what is remembered in its scope. They
    are read with the claim, in the writer's thread: a read of its own through the async dialect costs more than all
    else in the turn.
    """

    id: int
    key: str
    lane: str
    kind: str
    payload: Any
    conversation: str | None
    epoch: int
    failures: int
    created: float
    moved: str = ""
    history: Sequence[tuple[int, JSON, Sequence[Entry]]] = ()
    facts: Sequence[Fact] = ()


# Built once: these run several times in every turn, and building a statement costs more than running it.
_NEW = ("key", "lane", "kind", "payload", "conversation", "due", "created")
_ENQUEUE = (
    turns.insert()
    .from_select(
        _NEW,
        sa.select(*(sa.bindparam(name, type_=turns.c[name].type) for name in _NEW)).where(
            ~sa.exists().where(turns.c.key == sa.bindparam("key"))
        ),
        include_defaults=False,
    )
    .returning(turns.c.id)
)
_CHAT = (chats.c.platform == sa.bindparam("platform"), chats.c.chat == sa.bindparam("chat"))
_OLDEST = (
    sa.select(turns, sa.select(chats.c.moved).where(*_CHAT).scalar_subquery().label("moved"))
    .where(turns.c.lane == sa.bindparam("of"), OPEN, ~sa.exists().where(*_CHAT, chats.c.gone.is_not(None)))
    .order_by(turns.c.id)
    .limit(1)
)
_CLAIM = turns.update().where(turns.c.id == sa.bindparam("of"))
_HELD = sa.select(turns.c.epoch, turns.c.stop).where(turns.c.id == sa.bindparam("of"), OPEN)
_BEHIND = (
    sa.select(turns.c.id, turns.c.kind, turns.c.payload)
    .where(turns.c.lane == sa.bindparam("of"), turns.c.id > sa.bindparam("behind"), OPEN)
    .order_by(turns.c.id)
    .limit(sa.bindparam("most"))
)
_FINISH = turns.update().where(turns.c.id == sa.bindparam("of"), turns.c.epoch == sa.bindparam("held"), OPEN)


def enqueue(connection: sa.Connection, turn: NewTurn, now: float) -> int | None:
    """Insert a turn and wake its lane if it is due soon (else the sweep will); None when its key was there before."""
    row = {"key": turn.key, "lane": turn.lane, "kind": turn.kind, "payload": turn.payload, "due": turn.due}
    id: int | None = connection.scalar(_ENQUEUE, {**row, "conversation": turn.conversation, "created": now})
    if id is not None and (turn.due is None or turn.due <= now + SOON):
        connection.info[WOKEN].add(turn.lane)
    return id


def claim(connection: sa.Connection, lane: str, now: float) -> Turn | float | None:
    """Take the oldest open turn of a lane and raise its epoch; the time it is due if that lies ahead; None if none.

    Deliveries to a chat that the bot is not in rest.
    """
    platform, chat = lane.removeprefix(OUT).split(":", 1) if lane.startswith(OUT) else ("", "")
    row = connection.execute(_OLDEST, {"of": lane, "platform": platform, "chat": chat}).one_or_none()
    if row is None:
        return None
    if row.due is not None and row.due > now:
        return float(row.due)
    connection.execute(_CLAIM, {"of": row.id, "status": "running", "epoch": row.epoch + 1})
    return Turn(
        row.id,
        row.key,
        row.lane,
        row.kind,
        row.payload,
        row.conversation,
        row.epoch + 1,
        row.failures,
        row.created,
        row.moved or "",
    )


def hold(connection: sa.Connection, turn: Turn) -> bool:
    """Make sure that this runner still owns the turn; whether a person asked to stop it. Raises Fenced."""
    row = connection.execute(_HELD, {"of": turn.id}).one_or_none()
    if row is None or row.epoch != turn.epoch:
        raise Fenced(f"Turn {turn.id} in {turn.lane} was taken over by another runner.")
    return bool(row.stop)


def go_on(connection: sa.Connection, turn: Turn) -> None:
    """Make sure that this runner owns the turn and nobody stopped it. Raises Fenced or Stopped."""
    if hold(connection, turn):
        raise Stopped(f"Turn {turn.id} was stopped.")


def finish(connection: sa.Connection, turn: Turn, now: float, *, error: str | None = None) -> None:
    """End a turn: done, or dead with the reason. Raises Fenced."""
    status = "done" if error is None else "dead"
    ended = {"of": turn.id, "held": turn.epoch, "status": status, "finished": now, "error": error}
    if connection.execute(_FINISH, ended).rowcount == 0:
        raise Fenced(f"Turn {turn.id} in {turn.lane} was taken over by another runner.")


@dataclass(frozen=True, slots=True)
class Behind:
    """A turn that waits in its lane."""

    id: int
    kind: str
    payload: JSON


def behind(connection: sa.Connection, turn: Turn, most: int) -> list[Behind]:
    """The turns that wait behind a turn in its lane, oldest first."""
    rows = connection.execute(_BEHIND, {"of": turn.lane, "behind": turn.id, "most": most})
    return [Behind(row.id, row.kind, row.payload) for row in rows]


def join(connection: sa.Connection, turn: Turn, ids: Sequence[int], now: float) -> None:
    """End turns that wait: what they ask for, the turn before them answers too."""
    joined = {"status": "done", "finished": now, "joined": turn.id}
    connection.execute(turns.update().where(turns.c.id.in_(ids), OPEN).values(joined))


def of_album(connection: sa.Connection, lane: str, album: str) -> tuple[int, JSON] | None:
    """The id and the payload of the first message of an album in a lane, unless it was begun."""
    where = (turns.c.lane == lane, OPEN, turns.c.epoch == 0, turns.c.payload["album"].as_string() == album)
    row = connection.execute(sa.select(turns.c.id, turns.c.payload).where(*where).order_by(turns.c.id).limit(1)).first()
    return None if row is None else (row.id, row.payload)


def absorb(connection: sa.Connection, id: int, payload: JSON, other: int, now: float) -> None:
    """End a turn that waits in favour of one that was not begun, whose payload holds from now on what both said."""
    connection.execute(turns.update().where(turns.c.id == id).values(payload=payload))
    connection.execute(turns.update().where(turns.c.id == other).values(status="done", finished=now, joined=id))


def postpone(connection: sa.Connection, turn: Turn, due: float, error: str) -> None:
    """Put a turn back, to be tried again at `due`. Raises Fenced."""
    hold(connection, turn)
    connection.execute(
        turns.update()
        .where(turns.c.id == turn.id)
        .values(status="queued", due=due, error=error, failures=turns.c.failures + 1)
    )


def stop(connection: sa.Connection, lane: str, before: int, since: float) -> int:
    """Flag the open speaking turns of a lane that are older than the turn `before`, due at once.

    The count of them, with those that ended by such a flag after `since`: a command that is run again after a crash
    finds no open turn any more where it stopped one.
    """
    work = (turns.c.lane == lane, turns.c.id < before, turns.c.kind.in_(SPEAKING))
    connection.execute(turns.update().where(*work, OPEN).values(stop=True, due=None))
    connection.info[WOKEN].add(lane)
    flagged = sa.select(sa.func.count()).where(*work, turns.c.stop, sa.or_(OPEN, turns.c.finished >= since))
    return connection.scalar(flagged) or 0


def busy(connection: sa.Connection, lane: str, but: int = 0) -> int:
    """Count the open turns of a lane, the turn `but` left out."""
    return connection.scalar(sa.select(sa.func.count()).where(turns.c.lane == lane, OPEN, turns.c.id != but)) or 0


def conversation_of(connection: sa.Connection, turn: int) -> str:
    """The key of the conversation that a turn speaks in."""
    return connection.execute(sa.select(turns.c.conversation).where(turns.c.id == turn)).scalar_one() or ""


def payload_of(connection: sa.Connection, turn: int) -> JSON:
    """What a turn was enqueued with."""
    return connection.execute(sa.select(turns.c.payload).where(turns.c.id == turn)).scalar_one()


def due_lanes(connection: sa.Connection, now: float) -> list[str]:
    """The lanes with open turns that are due: what the sweep wakes. Those of chats that the bot is not in rest."""
    ready = sa.or_(turns.c.due.is_(None), turns.c.due <= now)
    resting = sa.select(OUT + chats.c.platform + ":" + chats.c.chat).where(chats.c.gone.is_not(None))
    return list(connection.scalars(sa.select(turns.c.lane).where(OPEN, ready, turns.c.lane.not_in(resting)).distinct()))


def open_lane(connection: sa.Connection, id: int) -> str | None:
    """The lane of a turn that has not ended."""
    return connection.scalar(sa.select(turns.c.lane).where(turns.c.id == id, OPEN))
