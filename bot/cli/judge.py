"""`apprentice judge`: how far the sources of evidence can be believed here, and what share of outcomes each decided."""

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Printed

from bot.domain.json import JSON
from bot.domain.share import LEVEL, Share
from bot.domain.trace import Source
from bot.learning.outcomes.tables import Table, tables
from bot.settings import Settings, load
from bot.store import evidence, schema, tasks
from bot.store.store import Connection, Store
from bot.store.tasks import Task

SOURCES: tuple[Source, ...] = ("verifier", "feedback", "behaviour", "judge")
SUSPECTS = 20
"""Suspect tasks that are shown, the newest."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sources stand. `decided`: tasks by the source that decided them, None for those that are unknown.

    `silent`: verifiers that could not run, with how often and why at last. `suspects`: tasks that are never mined.
    """

    tables: dict[Source, Table]
    decided: dict[str | None, int]
    silent: dict[str, tuple[int, str]]
    suspects: list[Task]

    @property
    def tasks(self) -> int:
        """Closed tasks."""
        return sum(self.decided.values())

    def share(self, source: str | None) -> float:
        """The share of the closed tasks that a source decided."""
        return self.decided.get(source, 0) / self.tasks if self.tasks else 0.0


def judge(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """How often each source of evidence was right, what it decided; which checks did not run, what looks a hack."""
    standing = asyncio.run(_standing(load()))
    if as_json:
        typer.echo(json.dumps(_plain(standing), ensure_ascii=False))
    else:
        _show(standing, Console())


async def _standing(settings: Settings) -> Standing:
    schema.upgrade(settings.database)
    async with Store(settings.database) as store:
        return await store.read(_read)


def _read(connection: Connection) -> Standing:
    return Standing(
        dict(tables(evidence.counts(connection))),
        evidence.decided(connection),
        evidence.silent(connection),
        tasks.suspects(connection, SUSPECTS),
    )


def _plain(standing: Standing) -> JSON:
    return {
        "tasks": standing.tasks,
        "unknown": standing.decided.get(None, 0),
        "sources": [_source(source, standing) for source in SOURCES],
        "not_run": [{"verifier": name, "times": n, "last": why} for name, (n, why) in standing.silent.items()],
        "suspect": [{"task": task.id, "scope": task.scope, "why": task.suspicion} for task in standing.suspects],
    }


def _source(source: Source, standing: Standing) -> JSON:
    decided = {"source": source, "decided": standing.decided.get(source, 0), "share": round(standing.share(source), 4)}
    table = standing.tables.get(source)
    if table is None:  # nothing stands above a verifier that it could be held against
        return decided
    weights = {verdict: round(table.weight(verdict), 4) for verdict in ("success", "failure")}
    measured = {"of_successes": _share(table.of_successes), "of_failures": _share(table.of_failures)}
    return {**decided, "seen": table.seen, "agreed": table.agreed, **measured, "weights": weights}


def _share(share: Share) -> JSON:
    low, high = share.interval()
    return {"share": round(share.mean, 4), "low": round(low, 4), "high": round(high, 4)}


def _show(standing: Standing, console: Console) -> None:
    titles = (
        "source",
        "decided",
        "agreed",
        "calls a success a success",
        "calls a failure a success",
    )
    printed = Printed(*titles, caption=f"Shares with {LEVEL:.0%} credible intervals, published figures included.")
    for source in SOURCES:
        decided = f"{standing.decided.get(source, 0)} ({standing.share(source):.0%})"
        table = standing.tables.get(source)
        measured = ("", "", "") if table is None else _cells(table)
        printed.add_row(source, decided, *measured)
    printed.add_row("nobody: unknown", f"{standing.decided.get(None, 0)} ({standing.share(None):.0%})")
    console.print(printed)
    for name, (times, why) in standing.silent.items():
        console.print(escape(f"{name}, not run {times} times: {why}"), soft_wrap=True)
    for task in standing.suspects:
        console.print(escape(f"{task.id} in {task.scope} is never mined. {task.suspicion}"), soft_wrap=True)


def _cells(table: Table) -> tuple[str, str, str]:
    agreed = f"{table.agreed} of {table.seen}"
    return agreed, _interval(table.of_successes), _interval(table.of_failures)


def _interval(share: Share) -> str:
    low, high = share.interval()
    return f"{share.mean:.0%} ({low:.0%} to {high:.0%})"
