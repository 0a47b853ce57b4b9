"""`apprentice skills …`: the skill folders, from the operator's side."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.cli import skill_exchange, skill_life, skill_run, skill_shelf, skill_versions
from bot.cli import validate as validation
from bot.cli.skill_shelf import Json, Name
from bot.domain.json import JSON
from bot.errors import ConfigError, Refused
from bot.settings import Settings, load
from bot.skills import account, folder
from bot.skills.library import Shelved
from bot.store import audit, proposals, skills
from bot.store.skills import Approval
from bot.store.store import Connection

command = typer.Typer(
    help="The skill folders: look at them, let them go live, take them out of use, bring them in and give them away.",
    no_args_is_help=True,
)


@command.command("list")
def list_skills(as_json: Json = False) -> None:
    """Every folder: its state, what it is for, how well it did."""
    asyncio.run(_list(load(), as_json))


@command.command()
def show(name: Name, as_json: Json = False) -> None:
    """All about one skill."""
    asyncio.run(_show(load(), name, as_json))


@command.command()
def validate(folders: Annotated[list[Path], typer.Argument(help="Skill folders.")]) -> None:
    """Check folders against the format: silence, or every problem and status 1."""
    raise typer.Exit(validation.validate(folders))


@command.command()
def approve(name: Name) -> None:
    """Let the folder as it is now go live."""
    asyncio.run(_approve(load(), name))


@command.command()
def run(
    name: Name,
    given: Annotated[list[str] | None, typer.Option("--set", help="PARAMETER=VALUE; JSON where it parses.")] = None,
) -> None:
    """Run a live skill with the built-in tools; asks before it changes anything. Prints what it returns as JSON."""
    done = asyncio.run(skill_run.execute(load(), name, dict(map(_parameter, given or ()))))
    if done.status != "done":
        raise Refused(done.reason or "Nothing was changed.")
    typer.echo(json.dumps(done.value, ensure_ascii=False))
    for check in done.checks:
        if not check.passed:
            raise Refused(check.reason)


def _parameter(text: str) -> tuple[str, JSON]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {text}: write PARAMETER=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


async def _list(settings: Settings, as_json: bool) -> None:
    async with skill_shelf.library(settings) as (library, store):
        shelf = await library.shelf(None)
        tallies = await store.read(lambda connection: [skills.tally(connection, entry.ref) for entry in shelf])
    if as_json:
        rows = [{**_plain(entry), "uses": t.uses, "good": t.good} for entry, t in zip(shelf, tallies, strict=True)]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("name", "state", "what it is for", "record")
    for entry, tally in zip(shelf, tallies, strict=True):
        what = entry.skill.description if entry.skill else "\n".join(entry.problems)
        table.add_row(*map(escape, (entry.name, account.STATES[entry.state], what, account.did(tally))))
    Console().print(table)


async def _show(settings: Settings, name: str, as_json: bool) -> None:
    async with skill_shelf.library(settings) as (library, store):
        entry = await library.find(name, None)
        tally = await store.read(lambda connection: skills.tally(connection, entry.ref))
    if as_json:
        typer.echo(json.dumps({**_plain(entry), "uses": tally.uses, "good": tally.good}, ensure_ascii=False))
    else:
        from rich.markdown import Markdown  # here: only this command needs a Markdown parser

        Console().print(Markdown(account.full(entry, tally)))


async def _approve(settings: Settings, name: str) -> None:
    async with skill_shelf.library(settings) as (library, store):
        entry = await library.find(name, None)
        if entry.skill is None:
            raise Refused(f"{name} is broken and cannot be approved:\n" + "\n".join(entry.problems))
        if entry.approved_by:
            back = f": `apprentice skills restore {name}` brings it back" if entry.state == "suspended" else " already"
            raise Refused(f"{name} is {entry.state}{back}.")
        files = folder.read(settings.skills / entry.name)
        if folder.digest(files) != entry.digest:
            raise Refused(f"{name} is being changed right now; run this again.")
        event = skill_shelf.event("approved", entry.ref, entry.skill.scope)

        def work(connection: Connection) -> None:
            now = skill_shelf.now()
            skills.approve(
                connection, Approval(entry.ref, event.scope, files, f"{event.by.name} ({event.origin})", now)
            )
            audit.note(connection, event, now)
            for proposal in proposals.listed(connection, entry.name):  # the same files may wait on a card
                if proposal.ref == entry.ref:
                    proposals.decide(connection, proposal.id, "approved", event.by, now)

        await skill_shelf.decide(store, work)
    typer.echo(f"{name} is live.")


def _plain(entry: Shelved) -> dict[str, object]:
    return {
        "name": entry.name,
        "state": entry.state,
        "digest": entry.digest,
        "description": entry.skill.description if entry.skill else "",
        "scope": entry.skill.scope if entry.skill else None,
        "approved_by": entry.approved_by,
        "problems": list(entry.problems),
    }


command.command("diff")(skill_versions.diff)
command.command("history")(skill_versions.history)
command.command("rollback")(skill_versions.rollback)
command.command("suspend")(skill_life.suspend)
command.command("restore")(skill_life.restore)
command.command("import")(skill_exchange.import_)
command.command("export")(skill_exchange.export)
