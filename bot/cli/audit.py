"""`apprentice audit`: who decided what about which version of a skill, when and where."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.cli import skill_shelf
from bot.cli.skill_shelf import SHOWN, Json
from bot.domain.json import JSON
from bot.settings import Settings, load
from bot.store import audit as record
from bot.store.audit import Event

COLUMNS = ("at", "what", "skill", "version", "by", "where", "scope", "detail")


def audit(
    skill: Annotated[str | None, typer.Option("--skill", help="One skill alone.")] = None, as_json: Json = False
) -> None:
    """List what became of skills and who decided it, oldest first. Nothing in it can be changed."""
    rows = list(map(_row, asyncio.run(_events(load(), skill))))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(*COLUMNS)
    for row in rows:
        cells = {**row, "version": row["version"][:SHOWN], "scope": row["scope"] or "everywhere"}
        table.add_row(*(escape(cells[column]) for column in COLUMNS))
    Console().print(table)


async def _events(settings: Settings, skill: str | None) -> Sequence[Event]:
    async with skill_shelf.library(settings) as (_, store):
        return await store.read(lambda connection: record.events(connection, skill))


def _row(event: Event) -> JSON:
    return {
        "at": skill_shelf.time(event.at),
        "what": event.action,
        "skill": event.ref.name,
        "version": event.ref.digest,
        "by": event.by.name or event.by.id or "the bot",
        "person": event.by.id,
        "where": event.origin,
        "scope": event.scope,
        "detail": event.detail,
    }
