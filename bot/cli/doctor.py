"""`apprentice doctor`: whether the bot could work as it is set up, and what to do where it could not."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import typer

from bot.cli.checks import Finding, examined
from bot.cli.logs import configure
from bot.cli.skill_shelf import Json
from bot.domain.privacy import Privacy
from bot.errors import ConfigError
from bot.settings import load
from bot.skills.core_yaml import UNWANTED


def doctor(as_json: Json = False) -> None:
    """Look at settings, folders, database, models, platforms, skills and tools: one line each; 1 if one is wrong."""
    found = _found()
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False))
    else:
        for one in found:
            typer.echo(f"{'ok   ' if one.well else 'WRONG'}  {one.about}: {UNWANTED.sub('?', one.says)}")
    if not all(one.well for one in found):
        raise typer.Exit(1)


def _found() -> Sequence[Finding]:
    """No secret of the settings stands in it, whatever a server has said."""
    try:
        settings = load()
    except ConfigError as error:
        return [Finding("settings", False, problem) for problem in error.problems]
    privacy = Privacy(settings.secrets)
    configure(settings.log, privacy, quiet=True)
    well = Finding("settings", True, "They hold no mistake.")
    found = asyncio.run(examined(settings))
    return [well, *(replace(one, says=" ".join(privacy.masked(one.says).split())) for one in found)]
