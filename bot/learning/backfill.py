"""Traces of other agents' work: brought in from a file, and the bot's own given away in the same format.

An exported task is named by its id and the time it was opened (`task-17@1700000000.000`): no other database has a
trace of that name, and this one knows its own again.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

from bot.domain.privacy import Privacy
from bot.domain.tool import Tool
from bot.domain.trace import Trace
from bot.learning import collect
from bot.learning.traces import as_line
from bot.store import imported, scopes, tasks
from bot.store.commits import Commit
from bot.store.imported import Row
from bot.store.store import Connection, Store

PART = 2_000_000
"""Characters of traces in one transaction: others write in between."""
AT_ONCE = 100
"""Traces that are read together."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did: traces that are new, that replaced an older one of their id, and that were here already."""

    new: int = 0
    changed: int = 0
    known: int = 0


async def take(store: Store, traces: Iterable[Trace], privacy: Privacy, now: float) -> Taken:
    """Keep traces, their secrets masked, for the next learning cycles of their scopes.

    One that is known as it is, or is a task of this database, changes nothing. Raises StoreError.
    """
    new = changed = seen = 0
    for rows in _parts(_row(_masked(trace, privacy)) for trace in traces):
        added = await store.write(Commit.IMPORT, partial(_put, rows=rows, now=now))
        new, changed, seen = new + added[0], changed + added[1], seen + len(rows)
    return Taken(new, changed, seen - new - changed)


async def give(store: Store, scope: str | None, tools: Sequence[Tool], privacy: Privacy) -> AsyncIterator[str]:
    """The lines of all traces, of one scope or of all: closed tasks, then what was imported; secrets are masked.

    Left out is what is never learned from: private and suspect tasks, and scopes that opted out.
    """
    for where in sorted(await store.read(imported.scopes)) if scope is None else [scope]:
        if not await store.read(partial(scopes.learns, scope=where)):
            continue
        closed = await store.read(partial(tasks.closed_tasks, scope=where, limit=None))
        for part in _chunks([task.id for task in closed]):
            for trace in await store.read(partial(_own, ids=part, tools=tools)):
                yield as_line(_masked(trace, privacy))
        known = await store.read(partial(imported.digests, scope=where, limit=None))
        for part in _chunks(list(known)):
            for line in await store.read(partial(imported.lines, scope=where, ids=part)):
                yield line


def _put(connection: Connection, rows: Sequence[Row], now: float) -> tuple[int, int]:
    opened = imported.opened(connection, {row.id.rpartition("@")[0] for row in rows})
    own = set(_names(opened).values())
    return imported.put(connection, [row for row in rows if row.id not in own], now)


def _own(connection: Connection, ids: Sequence[str], tools: Sequence[Tool]) -> list[Trace]:
    names = _names(imported.opened(connection, ids))
    found = collect.own(connection, ids, tools)
    return [replace(trace, id=names[trace.id], task=names[trace.id]) for trace in found if not trace.suspect]


def _names(opened: Mapping[str, float]) -> dict[str, str]:
    return {id: f"{id}@{at:.3f}" for id, at in opened.items()}


def _masked(trace: Trace, privacy: Privacy) -> Trace:
    outcome = replace(trace.outcome, detail=privacy.masked(trace.outcome.detail))
    return replace(trace, messages=privacy.masked_in(trace.messages), outcome=outcome)


def _row(trace: Trace) -> Row:
    line = as_line(trace)
    return Row(trace.scope, trace.id, sha256(line.encode()).hexdigest(), line)


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if sum(len(row.line) for row in part) > PART or len(part) == AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
