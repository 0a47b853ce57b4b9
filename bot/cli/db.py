"""`apprentice db …`: the database, from the operator's side."""

from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ConfigError, Refused
from bot.settings import load
from bot.store import backup as copies
from bot.store import schema
from bot.store.lock import process_lock

command = typer.Typer(
    help="The database: bring it to this release's schema, copy it, put a copy back.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(help="The copy: one file.")]


@command.command()
def upgrade() -> None:
    """Bring the database to the schema of this release, or make it. `run` does it too, at its start."""
    database = load().database
    before = copies.revision(database) if database.exists() else None
    schema.upgrade(database)
    was = "" if before == schema.HEAD else f" (it was {before})" if before else " (it is new)"
    typer.echo(f"{database} has the schema {schema.HEAD}{was}.")


@command.command()
def backup(file: File) -> None:
    """Copy the database into a file, also while the bot runs. The folders of skills and files are not in it."""
    settings = load()
    copies.make(settings.database, file)
    typer.echo(f"{file} has all of {settings.database}.")
    typer.echo(
        f"Copy {settings.skills} (the skills) and {settings.workspace_folder} (the files) beside it. "
        "Keep it as you keep secrets: what was said is in it.",
        err=True,
    )


@command.command()
def restore(file: File) -> None:
    """Put a copy in the database's place, while the bot does not run. What stood there is kept beside it."""
    settings = load()
    try:
        with process_lock(settings.home):
            copies.put_back(file, settings.database)
    except ConfigError as error:
        raise Refused(f"{error} Nothing was changed.") from None
    typer.echo(f"{settings.database} is what {file} holds.")
    typer.echo(
        f"What was there is now {settings.database}{copies.BEFORE}, if there was any. What was open when the copy was "
        "made goes on at the next start, so a message may be sent again; what was forgotten since is known again.",
        err=True,
    )
