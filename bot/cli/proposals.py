"""`apprentice proposals`: skills that wait for a decision, and those that were decided."""

import asyncio
import json

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from bot.cli import skill_shelf
from bot.cli.skill_shelf import SHOWN, Json
from bot.domain.json import JSON
from bot.settings import Settings, load
from bot.store import proposals as store_of
from bot.store.proposals import Proposal


def proposals(as_json: Json = False) -> None:
    """List what was proposed, oldest first: what waits, what was decided, by whom and why."""
    rows = [_row(proposal) for proposal in asyncio.run(_listed(load()))]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("skill", Column("version", no_wrap=True), "kind", "scope", "proposed", "decision")
    for row in rows:
        by = f" by {row['by']}" if row["by"] else ""
        decision = " ".join(filter(None, (f"{row['state']}{by}", skill_shelf.shown(row["at"]), row["reason"])))
        proposed = skill_shelf.shown(row["proposed"])
        cells = (row["skill"], row["version"][:SHOWN], row["kind"], row["scope"], proposed, decision)
        table.add_row(*map(escape, cells))
    Console().print(table)


async def _listed(settings: Settings) -> list[Proposal]:
    async with skill_shelf.library(settings) as (_, store):
        return await store.read(store_of.listed)


def _row(proposal: Proposal) -> JSON:
    by = proposal.decided_by
    return {
        "skill": proposal.ref.name,
        "version": proposal.ref.digest,
        "kind": proposal.kind,
        "scope": proposal.scope,
        "proposed": skill_shelf.time(proposal.created),
        "state": proposal.state,
        "by": by.name or by.id if by else "",
        "at": skill_shelf.time(proposal.decided_at),
        "reason": proposal.reason,
    }
