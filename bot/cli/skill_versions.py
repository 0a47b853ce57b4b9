"""`apprentice skills diff`, `history` and `rollback`: the versions of a skill."""

import asyncio
import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from bot.cli import skill_shelf
from bot.cli.skill_shelf import SHOWN, Json, Name
from bot.domain.json import JSON
from bot.errors import Refused, SkillInvalid
from bot.settings import Settings, load
from bot.skills import account, folder, format, versions
from bot.skills.core_yaml import UNWANTED
from bot.skills.difference import difference
from bot.store import lives, skills
from bot.store.skills import Approval
from bot.store.store import Connection

Digest = Annotated[str, typer.Argument(help="A version's digest, or how it begins (`history` lists them).")]


def diff(
    name: Name, digest: Annotated[str, typer.Argument(help="A version's digest; else the last in use.")] = ""
) -> None:
    """Show how a folder differs from an approved version: step by step, then line by line. Status 1 if it does."""
    lines = asyncio.run(_diff(load(), name, digest))
    for line in lines:
        typer.echo(UNWANTED.sub("?", line))
    if lines:
        raise typer.Exit(1)


def history(name: Name, as_json: Json = False) -> None:
    """List a skill's approved versions: who let them go live and when, what became of them, how well they did."""
    rows = asyncio.run(_history(load(), name))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(Column("version", no_wrap=True), "state", "approved", "scope", "record")
    for row in rows:
        approved = f"{skill_shelf.shown(row['approved_at'])} by {row['approved_by']}"
        state, scope = f"{row['state']} {row['why']}".strip(), row["scope"] or "everywhere"
        table.add_row(*map(escape, (row["digest"][:SHOWN], state, approved, scope, row["record"])))
    Console().print(table)


def rollback(name: Name, digest: Digest) -> None:
    """Put an approved version back into the folder. What nobody approved there is set aside, not lost."""
    typer.echo(asyncio.run(_rollback(load(), name, digest)))


async def _diff(settings: Settings, name: str, digest: str) -> list[str]:
    async with skill_shelf.library(settings) as (library, store):
        entry = await library.find(name, None)

        def version(connection: Connection) -> Approval | None:
            if digest:
                return versions.chosen(skills.history(connection, entry.name), name, digest)
            return versions.latest(connection, entry.name)

        found = await store.read(version)
    if found is None:
        raise Refused(f"{name} has no approved version to compare it with.")
    files = folder.read(settings.skills / entry.name)
    return [*_steps(entry.name, found.files, files), *_lines(found, files)]


def _steps(name: str, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[str]:
    """In sentences, where both have procedures that can be read."""
    try:
        before, after = (format.parse(name, files).procedure for files in (old, new))
    except SkillInvalid:
        return
    if before and after:
        yield from map(str, difference(before, after))


def _lines(version: Approval, files: Mapping[str, bytes]) -> Iterator[str]:
    for path in sorted({*version.files, *files}):
        old, new = (_text(each.get(path)) for each in (version.files, files))
        told = f"{path} ({version.ref.digest[:SHOWN]})"
        yield from difflib.unified_diff(old, new, told, f"{path} (folder)", lineterm="")


def _text(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode("utf-8", "replace").split("\n")


async def _history(settings: Settings, name: str) -> list[JSON]:
    async with skill_shelf.library(settings) as (library, store):
        standing = {entry.ref: entry.state for entry in await library.shelf(None)}

        def row(connection: Connection, version: Approval) -> JSON:
            life, tally = lives.of(connection, version.ref), skills.tally(connection, version.ref)
            return {
                "digest": version.ref.digest,
                "state": standing.get(version.ref) or ("kept" if life.up else life.state),
                "why": life.why,
                "approved_by": version.by,
                "approved_at": skill_shelf.time(version.at),
                "scope": version.scope,
                "uses": tally.uses,
                "good": tally.good,
                "record": str(account.did(tally)),
            }

        rows = await store.read(lambda connection: [row(connection, one) for one in skills.history(connection, name)])
    if not rows:
        raise Refused(f"No version of {name} was ever approved.")
    return rows


async def _rollback(settings: Settings, name: str, digest: str) -> str:
    async with skill_shelf.library(settings) as (library, store):
        known = await store.read(lambda connection: skills.history(connection, name))
        version = versions.chosen(known, name, digest)
        if any(entry.ref == version.ref and entry.state == "live" for entry in await library.shelf(None)):
            raise Refused(f"{name} is at {version.ref.digest[:SHOWN]} already.")
        with skill_shelf.writing(library.root / name):
            aside = await library.put_back(version)
        event = skill_shelf.event("rolled-back", version.ref, version.scope)
        await skill_shelf.decide(store, lambda connection: versions.back(connection, event, skill_shelf.now()))
    moved = f" What stood there is in {aside}." if aside else ""
    return f"{name} is at {version.ref.digest[:SHOWN]} again.{moved}"
