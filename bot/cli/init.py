"""`apprentice init`: the files that an operator begins with."""

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.skill_shelf import writing
from bot.settings import TABLES, load
from bot.skills import folder

STARTING = Path(__file__).with_name("starting")
"""What is written. In a checkout there are links in it: each of these files stands in one place."""
ENVIRONMENT = Path(".env")
EXAMPLE = "read-folder"
"""The skill that is shipped."""
NEXT = """Next:
1. In .env set OPENAI_API_KEY, or OPENAI_BASE_URL and APPRENTICE_MODEL for a server of your own.
2. `apprentice doctor` says what is still wrong.
3. `apprentice chat` talks to the bot here. For Telegram and Slack set their tokens in .env (README says how to get
   them), then `apprentice run`."""


def init(
    example: Annotated[
        bool, typer.Option("--example", help=f"Put the skill {EXAMPLE} into the skills' folder.")
    ] = False,
) -> None:
    """Write a commented .env and apprentice.toml into this folder; what is there already stays as it is."""
    for place, name in ((ENVIRONMENT, "env"), (TABLES, TABLES.name)):
        _tell(place, made=_made(place, (STARTING / name).read_bytes()))
    if example:
        place = load().skills / EXAMPLE
        if new := not os.path.lexists(place):
            with writing(place):
                folder.write(place, folder.read((STARTING / EXAMPLE).resolve()))
        _tell(place, made=new)
    typer.echo(NEXT)


def _made(place: Path, content: bytes) -> bool:
    """Write a file for its owner's eyes alone, as it will hold keys; False where something has its name."""
    with writing(place):
        try:
            descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return False
        with open(descriptor, "wb") as file:
            file.write(content)
    return True


def _tell(place: Path, *, made: bool) -> None:
    typer.echo(f"{place} is written." if made else f"{place} is there already and stays as it is.")
