"""`apprentice traces …`: other agents' work brought in to learn from, and this bot's own given away."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.skill_run import HERE
from bot.cli.trace_file import reading, told
from bot.clients.clock import SystemClock
from bot.domain.privacy import Privacy
from bot.learning import backfill
from bot.learning.traces import Reader
from bot.settings import Settings, load
from bot.skills.library import Library
from bot.store import schema
from bot.store.store import Store
from bot.tools.builtin import own_tools
from bot.tools.documents import document_tools

command = typer.Typer(help="Recorded tasks, in and out: import, export.", no_args_is_help=True)


@command.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Traces, one a line, as FORMAT.md has them.")],
    scope: Annotated[str, typer.Option("--scope", help="The scope of traces that name none.")] = "local",
) -> None:
    """Bring in traces from any agent's logs: the next learning cycle of their scope reads them beside its own tasks.

    Secrets are masked. What is here already is left as it is, so a file can be imported again.
    """
    with reading(file, scope) as reader:
        taken = asyncio.run(_take(load(), reader))
    typer.echo(f"{taken.new} traces imported, {taken.changed} brought up to date, {taken.known} known already.")
    if told(file, reader):
        raise typer.Exit(1)


@command.command()
def export(
    scope: Annotated[str | None, typer.Option("--scope", help="One scope alone; all of them if absent.")] = None,
) -> None:
    """Print finished tasks as traces, one a line, and what was imported. Secrets are masked.

    Tasks that nobody may learn from are left out: private ones, suspect ones, and chats with /learn off.
    """
    asyncio.run(_give(load(), scope))


async def _take(settings: Settings, reader: Reader) -> backfill.Taken:
    schema.upgrade(settings.database)
    privacy = Privacy(settings.secrets)
    async with Store(settings.database, privacy=privacy) as store:
        return await backfill.take(store, reader, privacy, SystemClock().now().timestamp())


async def _give(settings: Settings, scope: str | None) -> None:
    clock = SystemClock()
    schema.upgrade(settings.database)
    async with Store(settings.database) as store:
        library = Library(settings.skills, store, clock)
        sources = own_tools(settings, clock, library, store, document_tools(settings, clock))
        tools = [tool for source in sources for tool in await source.tools(HERE)]
        async for line in backfill.give(store, scope, tools, Privacy(settings.secrets)):
            typer.echo(line)
