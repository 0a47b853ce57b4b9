"""`apprentice skills suspend` and `restore`: out of use at once, and back."""

import asyncio
from typing import Annotated

import typer

from bot.cli import skill_shelf
from bot.cli.skill_shelf import Name
from bot.errors import ConfigError, Refused
from bot.settings import Settings, load
from bot.skills import life, versions
from bot.skills.library import Library, Shelved
from bot.store.store import Connection, Store

BY_THE_OPERATOR = "the operator suspended it."


def suspend(
    name: Annotated[str, typer.Argument(help="The skill's name: its folder's.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All that are live.")] = False,
) -> None:
    """Take a skill out of use, or all of them; a bot that is running sees it with its next turn."""
    if bool(name) == everything:
        raise ConfigError("Give the name of a skill, or --all.")
    for suspended in asyncio.run(_suspend(load(), name)):
        typer.echo(f"{suspended} is suspended.")


def restore(name: Name) -> None:
    """Bring a skill back that is suspended or was evicted; it is on trial again."""
    asyncio.run(_restore(load(), name))
    typer.echo(f"{name} is live again, on trial.")


async def _suspend(settings: Settings, name: str) -> list[str]:
    async with skill_shelf.library(settings) as (library, store):
        chosen = [await _live(library, name)] if name else await library.live(None)

        def work(connection: Connection) -> None:
            now = skill_shelf.now()
            for entry in chosen:
                event = skill_shelf.event("suspended", entry.ref, _scope(entry))
                life.suspend(connection, entry.ref, BY_THE_OPERATOR, now, event)

        await skill_shelf.decide(store, work)
    return [entry.name for entry in chosen]


async def _live(library: Library, name: str) -> Shelved:
    entry = await library.find(name, None)
    if entry.state != "live":
        raise Refused(f"{name} is not live: it is {entry.state}.")
    return entry


async def _restore(settings: Settings, name: str) -> None:
    async with skill_shelf.library(settings) as (library, store):
        found = [entry for entry in await library.shelf(None) if entry.name == name]
        if not found:
            await _bring_back(library, store, name)
            return
        [entry] = found
        if entry.state != "suspended":
            raise Refused(
                f"{name} is {entry.state}, not suspended: `apprentice skills approve {name}` lets the folder as it is "
                f"go live, `apprentice skills rollback {name} DIGEST` puts an approved version back."
                if entry.state in ("pending", "broken")
                else f"{name} is live already."
            )
        event = skill_shelf.event("restored", entry.ref, _scope(entry))
        await skill_shelf.decide(store, lambda connection: versions.back(connection, event, skill_shelf.now()))


async def _bring_back(library: Library, store: Store, name: str) -> None:
    """One whose folder is gone, by the version that was in use last."""
    version = await store.read(lambda connection: versions.latest(connection, name))
    if version is None:
        raise Refused(f"There is no skill named {name}, and no version of it was ever approved.")
    with skill_shelf.writing(library.root / name):
        await library.put_back(version)
    event = skill_shelf.event("restored", version.ref, version.scope)
    await skill_shelf.decide(store, lambda connection: versions.back(connection, event, skill_shelf.now()))


def _scope(entry: Shelved) -> str | None:
    return entry.skill.scope if entry.skill else None
