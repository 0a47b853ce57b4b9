"""What the commands of `apprentice skills` share: the opened library, who gives them, how it is kept."""

import getpass
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.logs import configure
from bot.clients.clock import SystemClock
from bot.domain.chat import Person
from bot.domain.privacy import Privacy
from bot.domain.skill import SkillRef
from bot.errors import Refused
from bot.settings import Settings
from bot.skills.library import Library
from bot.store import schema
from bot.store.audit import Action, Event
from bot.store.commits import Commit
from bot.store.store import Store, Work

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="The skill's name: its folder's.")]
ORIGIN = "command line"
SHOWN = 12
"""Characters of a digest that tables show; the commands take them for all of it."""


@asynccontextmanager
async def library(settings: Settings) -> AsyncIterator[tuple[Library, Store]]:
    """The skill folders and the database, beside a bot that may be running; the log says errors only."""
    configure(settings.log, Privacy(settings.secrets), quiet=True)
    schema.upgrade(settings.database)
    async with Store(settings.database, privacy=Privacy(settings.secrets)) as store:
        yield Library(settings.skills, store, SystemClock()), store


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """What the system does not let us write is a sentence."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{place} cannot be written: {error.strerror}.") from error


def operator() -> Person:
    """Who gives the command, by the system's name for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have none
        name = "operator"
    return Person(f"operator:{name}", name)


def event(action: Action, ref: SkillRef, scope: str | None, detail: str = "") -> Event:
    """Something that the operator decides here."""
    return Event(action, ref, scope, operator(), ORIGIN, detail)


def now() -> float:
    """Seconds since 1970."""
    return SystemClock().now().timestamp()


async def decide(store: Store, work: Work[object]) -> None:
    """Write what the operator decided."""
    await store.write(Commit.APPROVE, work)


def time(seconds: float | None) -> str:
    """A time as JSON has it: ISO 8601, UTC; empty for none."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def shown(time: str) -> str:
    """The same as tables have it: to the minute."""
    return time[:16].replace("T", " ")
