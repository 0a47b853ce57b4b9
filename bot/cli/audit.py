"""`apprentice audit`: who decided what about which version of a skill, when and where."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cli import skill_shelf
from bot.cli.skill_shelf import SHOWN, Json
from bot.domain.json import JSON
from bot.settings import Settings, load
from bot.skills.core_yaml import UNWANTED
from bot.store import audit as record
from bot.store.audit import Event


def audit(
    skill: Annotated[str | None, typer.Option("--skill", help="One skill alone.")] = None, as_json: Json = False
) -> None:
    """List what became of skills and who decided it, oldest first. Nothing in it can be changed."""
    rows = list(map(_row, asyncio.run(_events(load(), skill))))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(UNWANTED.sub("?", _line(row)))


async def _events(settings: Settings, skill: str | None) -> Sequence[Event]:
    async with skill_shelf.library(settings) as (_, store):
        return await store.read(lambda connection: record.events(connection, skill))


def _line(row: JSON) -> str:
    """A line as logs have it."""
    what = f"{row['what']} {row['skill']} {row['version'][:SHOWN]}"
    where = ", ".join(filter(None, (row["where"], f"for {row['scope'] or 'everywhere'}", row["detail"])))
    return f"{skill_shelf.shown(row['at'])}  {what}  by {row['by']} ({where})"


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
