"""The journal: each model call, tool call and send of a turn, written when it starts and when it ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import sqlalchemy as sa

from bot.domain.json import JSON
from bot.store.tables import journal
from bot.store.turns import Turn, go_on, hold


@dataclass(frozen=True, slots=True)
class Entry:
    """One call at its place in a turn. `once`: it may write, so it is never made twice."""

    place: str
    name: str
    request: JSON
    once: bool
    status: Literal["started", "done", "failed"] = "started"
    result: JSON = None
    tokens: int = 0
    bytes: int = 0


def start(connection: sa.Connection, turn: Turn, entry: Entry, now: float) -> None:
    """Record a call before it is made; again for one that a crash cut off. Raises Fenced or Stopped."""
    go_on(connection, turn)
    where = (journal.c.turn == turn.id, journal.c.place == entry.place)
    if connection.execute(journal.update().where(*where).values(request=entry.request, started=now)).rowcount == 0:
        connection.execute(
            journal.insert().values(
                turn=turn.id,
                place=entry.place,
                name=entry.name,
                request=entry.request,
                once=entry.once,
                status="started",
                started=now,
            )
        )


def end(connection: sa.Connection, turn: Turn, entry: Entry, now: float) -> None:
    """Record what a call gave. Raises Fenced."""
    hold(connection, turn)
    connection.execute(
        journal.update()
        .where(journal.c.turn == turn.id, journal.c.place == entry.place)
        .values(status=entry.status, result=entry.result, tokens=entry.tokens, bytes=entry.bytes, finished=now)
    )


def entries(connection: sa.Connection, turns: Sequence[int]) -> dict[int, list[Entry]]:
    """The journals of some turns, each in the order in which its calls started."""
    found: dict[int, list[Entry]] = {turn: [] for turn in turns}
    for row in connection.execute(sa.select(journal).where(journal.c.turn.in_(turns)).order_by(journal.c.id)):
        found[row.turn].append(
            Entry(row.place, row.name, row.request, row.once, row.status, row.result, row.tokens, row.bytes)
        )
    return found


def ended(entry: Entry, result: JSON, *, failed: bool = False, tokens: int = 0, size: int = 0) -> Entry:
    """The entry with its end filled in."""
    return replace(entry, status="failed" if failed else "done", result=result, tokens=tokens, bytes=size)
