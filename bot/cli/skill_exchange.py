"""`apprentice skills import` and `export`: Agent Skills folders from elsewhere, and for elsewhere."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import skill_shelf
from bot.cli.skill_run import HERE
from bot.cli.skill_shelf import Name
from bot.clients.clock import SystemClock
from bot.domain.privacy import Privacy
from bot.domain.skill import Skill, SkillRef
from bot.errors import ConfigError, Refused
from bot.settings import Settings, load
from bot.skills import archive, folder, format, words
from bot.skills.library import Library
from bot.skills.warnings import warnings
from bot.store import audit, proposals
from bot.store.store import Store
from bot.tools.builtin import own_tools
from bot.tools.documents import document_tools


def import_(
    path: Annotated[Path, typer.Argument(help="A skill's folder, or a .zip or .tar.gz with one.")],
    scope: Annotated[str | None, typer.Option("--scope", help="Where it may be used, as telegram:-100123.")] = None,
) -> None:
    """Put a skill from elsewhere among the others. It waits for approval; nothing in it is ever run as a script."""
    if not path.exists():
        raise ConfigError(f"{path} is not there.")
    if scope is not None and not scope.strip():
        raise ConfigError("--scope is empty: name a chat, or leave it out.")
    told, cautions = asyncio.run(_import(load(), path, scope))
    for caution in cautions:
        typer.echo(caution, err=True)
    typer.echo(told)


def export(
    name: Name,
    out: Annotated[Path, typer.Option("--out", help="A folder to put it into, or a .zip to write.")] = Path(),
) -> None:
    """Write a skill for other agents: its folder, without the chat that it belongs to, its steps in words."""
    typer.echo(asyncio.run(_export(load(), name, out)))


async def _import(settings: Settings, path: Path, scope: str | None) -> tuple[str, list[str]]:
    name, files = archive.read(path)
    skill = format.parse(name, files)
    if scope is not None:
        skill = replace(skill, scope=scope)
        files = {**files, **_front(skill)}
        skill = format.parse(name, files)
    ref = SkillRef(name, folder.digest(files))
    async with skill_shelf.library(settings) as (library, store):
        await _free(library, store, name)
        with skill_shelf.writing(library.root / name):
            await asyncio.to_thread(folder.write, library.root / name, files)
        event = skill_shelf.event("imported", ref, skill.scope, path.name)
        await skill_shelf.decide(store, lambda connection: audit.note(connection, event, skill_shelf.now()))
        entry = await library.find(name, None)
        cautions = await _cautions(settings, library, store, skill, files)
    if entry.state == "live":
        return f"{name} is live: just these files were approved before.", cautions
    if entry.approved_by:
        told = f"{name} is {entry.state}: just these files were approved before"
        return f"{told}. `apprentice skills restore {name}` brings it back.", cautions
    return f"{name} waits for approval: by its card in the chat, or `apprentice skills approve {name}`.", cautions


def _front(skill: Skill) -> Mapping[str, bytes]:
    """`SKILL.md` alone, with the text that stands in it."""
    return format.render(replace(skill, procedure=None))


async def _free(library: Library, store: Store, name: str) -> None:
    if (library.root / name).exists() or (library.root / name).is_symlink():
        raise Refused(f"A skill named {name} is here already: give one of the two another name.")
    waiting = await store.read(lambda connection: proposals.listed(connection, name))
    if any(proposal.state == "pending" for proposal in waiting):
        raise Refused(f"A skill named {name} is proposed and waits for a decision: give the imported one another name.")


async def _cautions(
    settings: Settings, library: Library, store: Store, skill: Skill, files: Mapping[str, bytes]
) -> list[str]:
    clock = SystemClock()
    sources = own_tools(settings, clock, library, store, document_tools(settings, clock))
    tools = {tool.name: tool for source in sources for tool in await source.tools(HERE)}
    return [str(warning) for warning in warnings(skill, files, tools, Privacy(settings.secrets))]


async def _export(settings: Settings, name: str, out: Path) -> str:
    async with skill_shelf.library(settings) as (library, _):
        entry = await library.find(name, None)
    if entry.skill is None:
        raise Refused(f"{name} is broken and cannot be exported:\n" + "\n".join(entry.problems))
    files = {**folder.read(settings.skills / entry.name), **_front(_for_elsewhere(entry.skill))}
    target = out if out.suffix == ".zip" else out / entry.name
    if target.exists():
        raise ConfigError(f"{target} is there already: give --out another place.")
    with skill_shelf.writing(target):
        await asyncio.to_thread(_put, target, entry.name, files)
    return str(target)


def _for_elsewhere(skill: Skill) -> Skill:
    """Without its chat, and with its steps in words, for agents that cannot execute a procedure."""
    body = words.body(skill, skill.procedure) if skill.procedure else skill.body
    if body not in skill.body:
        return replace(skill, scope=None, body=f"{skill.body}\n\n{body}".strip())
    return replace(skill, scope=None)


def _put(target: Path, name: str, files: Mapping[str, bytes]) -> None:
    if target.suffix == ".zip":
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.packed(name, files))
    else:
        folder.write(target, files)
