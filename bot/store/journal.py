"""The journal: each model call, tool call and send of a turn, written when it starts and when it ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import sqlalchemy as sa

from bot.domain.json import JSON
from bot.store.tables import journal, turns

# Built once: these run several times in every turn, and building a statement costs more than running it.
_PLACE = (journal.c.turn == sa.bindparam("of"), journal.c.place == sa.bindparam("at"))
_START = journal.insert()
_AGAIN = journal.update().where(*_PLACE)
_END = journal.update().where(*_PLACE)
_ENTRIES = sa.select(journal).where(journal.c.turn.in_(sa.bindparam("of", expanding=True))).order_by(journal.c.id)


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
    model: str = ""
    tokens_out: int = 0
    """Of the tokens those that the model wrote."""


def start(connection: sa.Connection, turn: int, entry: Entry, now: float, *, again: bool = False) -> None:
    """Record a call before it is made; `again` where one before it was cut off."""
    cut_off = {"of": turn, "at": entry.place, "request": entry.request, "once": entry.once, "started": now}
    if again and connection.execute(_AGAIN, cut_off).rowcount:
        return
    row = {"turn": turn, "place": entry.place, "name": entry.name, "request": entry.request, "once": entry.once}
    connection.execute(_START, {**row, "status": "started", "started": now})


def end(connection: sa.Connection, turn: int, entry: Entry, now: float) -> None:
    """Record what a call gave."""
    given = {"status": entry.status, "result": entry.result, "tokens": entry.tokens, "bytes": entry.bytes}
    asked = {"model": entry.model, "tokens_out": entry.tokens_out}
    connection.execute(_END, {"of": turn, "at": entry.place, **given, **asked, "finished": now})


def entries(connection: sa.Connection, of: Sequence[int]) -> dict[int, list[Entry]]:
    """The journals of some turns, each in the order in which its calls started."""
    found: dict[int, list[Entry]] = {turn: [] for turn in of}
    for row in connection.execute(_ENTRIES, {"of": list(of)}):
        found[row.turn].append(
            Entry(
                row.place,
                row.name,
                row.request,
                row.once,
                row.status,
                row.result,
                row.tokens,
                row.bytes,
                row.model,
                row.tokens_out,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Spent:
    """What a turn cost: calls of the model, bytes sent to it, tokens, seconds from the message to the answer."""

    calls: int
    bytes: int
    tokens: int
    seconds: float


def spent(connection: sa.Connection, key: str) -> Spent:
    """What the finished turn with this key cost."""
    turn = connection.execute(sa.select(turns).where(turns.c.key == key)).one()
    asked = [entry for entry in entries(connection, [turn.id])[turn.id] if entry.bytes]
    tokens = sum(entry.tokens for entry in asked)
    return Spent(len(asked), sum(entry.bytes for entry in asked), tokens, turn.finished - turn.created)


def ended(entry: Entry, result: JSON, *, failed: bool = False) -> Entry:
    """The entry with its end filled in."""
    return replace(entry, status="failed" if failed else "done", result=result)
