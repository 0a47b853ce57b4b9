"""`apprentice cost`: what the model's work used, and what that cost by the prices of `apprentice.toml`."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cli import skill_shelf
from bot.cli.skill_shelf import Json
from bot.domain.cost import Prices
from bot.domain.json import JSON
from bot.settings import Settings, load
from bot.skills.core_yaml import UNWANTED
from bot.store import spending
from bot.store.spending import By, Line


def cost(
    by: Annotated[By, typer.Option("--by", help="What the lines are about.")] = "day", as_json: Json = False
) -> None:
    """Show what the model's work used and cost, by day, person, conversation or model; learning is told apart."""
    settings = load()
    lines, prices = asyncio.run(_lines(settings, by)), settings.tables.granted.prices
    rows = [_row(line, by, prices) for line in lines]
    if unknown := prices.unknown(used for line in lines for used in line.used):
        typer.echo(f"No price in apprentice.toml, so tokens only: {', '.join(unknown)}", err=True)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(UNWANTED.sub("?", _told(row, by)))


async def _lines(settings: Settings, by: By) -> Sequence[Line]:
    async with skill_shelf.library(settings) as (_, store):
        return await store.read(lambda connection: spending.lines(connection, by))


def _row(line: Line, by: By, prices: Prices) -> JSON:
    priced = not prices.unknown(line.used)
    return {
        by: line.of,
        "calls": sum(used.calls for used in line.used),
        "tokens_in": sum(used.tokens_in for used in line.used),
        "tokens_out": sum(used.tokens_out for used in line.used),
        "money": round(prices.cost(line.used), 6) if priced else None,
        "currency": prices.currency,
    }


def _told(row: JSON, by: By) -> str:
    paid = "" if row["money"] is None else f"  {row['money']:.4f} {row['currency']}"
    tokens = f"{row['tokens_in']:>11} tokens in {row['tokens_out']:>10} out"
    return f"{row[by] or 'learning, embeddings':<40} {row['calls']:>7} calls {tokens}{paid}"
