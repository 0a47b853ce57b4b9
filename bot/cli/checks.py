"""What `apprentice doctor` looks at: each check says what is well, or raises what is wrong and what to do."""

import asyncio
import os
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.cli import models, serve
from bot.cli.pairing import Pairing
from bot.cli.servers import tool_servers
from bot.engine.activity import TITLES
from bot.errors import ApprenticeError, ConfigError, Refused, SkillInvalid
from bot.ports import ModelRequest
from bot.settings import Settings
from bot.skills import folder, format
from bot.store import backup, schema
from bot.tools.command import command_tools

SECONDS = 30.0
"""Time that a check may take."""
HELLO = ModelRequest([{"role": "user", "content": "Say OK."}], max_tokens=100)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check came to. `says`: a sentence."""

    about: str
    well: bool
    says: str


async def examined(settings: Settings) -> list[Finding]:
    """All checks at once, in their order."""
    names = dict.fromkeys((settings.model, settings.tables.model.second, settings.learning_model))
    checks = [
        ("folders", _folders(settings)),
        ("database", _database(settings)),
        *((f"model {name}", _model(settings, name)) for name in names if name),
        ("embedding model", _embedding_model(settings)),
        ("telegram", _telegram(settings)),
        ("slack", _slack(settings)),
        ("skills", _skills(settings)),
        ("tool servers", _tool_servers(settings)),
        ("run_command", _commands(settings)),
    ]
    found = await asyncio.gather(*(_finding(about, check) for about, check in checks))
    return [finding for several in found for finding in several]


async def _finding(about: str, check: Awaitable[str]) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(SECONDS):
            return [Finding(about, True, await check)]
    except (ConfigError, SkillInvalid) as error:
        return [Finding(about, False, problem) for problem in error.problems]
    except ApprenticeError as error:
        return [Finding(about, False, str(error))]
    except PermissionError as error:
        return [Finding(about, False, f"{error.filename} cannot be read: let the bot's user read it.")]
    except TimeoutError:
        return [Finding(about, False, f"It gave no answer within {SECONDS:g} seconds: try again.")]


async def _folders(settings: Settings) -> str:
    places = (settings.home, settings.workspace_folder, settings.skills)
    wrong = [
        *(f"{place} cannot be written: let the bot's user write there." for place in places if not _writable(place)),
        *(f"{place} is no folder with documents: see APPRENTICE_DOCUMENTS." for place in _unread(settings.documents)),
    ]
    if wrong:
        raise ConfigError(*wrong)
    return f"{', '.join(map(str, places))} can be written."


def _writable(place: Path) -> bool:
    """Whether it is a folder that can be written, or can be made."""
    there = next(parent for parent in (place.absolute(), *place.absolute().parents) if parent.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _unread(places: Sequence[Path]) -> Sequence[Path]:
    return [place for place in places if not (place.is_dir() and os.access(place, os.R_OK | os.X_OK))]


async def _database(settings: Settings) -> str:
    database = settings.database
    if not database.exists():
        return f"{database} is made at the first start."
    found = backup.revision(database)
    if found is None or not schema.knows(found):
        whose = f"was written by a newer release ({found})" if found else "is not one of the bot's"
        raise Refused(f"{database} {whose}: set APPRENTICE_HOME or DATABASE_URL, or install the release that made it.")
    await asyncio.to_thread(backup.check, database)
    old = "" if found == schema.HEAD else f", which the next start makes {schema.HEAD}"
    return f"{database} is sound, its schema is {found}{old}."


async def _model(settings: Settings, name: str) -> str:
    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise ConfigError("There is no model: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own.")
    async with models.client(settings, name) as model:
        await model.complete(HELLO)
    return "It answers."


async def _embedding_model(settings: Settings) -> str:
    embedder = models.embedding(settings)
    if embedder is None:
        return "None is set: skills are found by words."
    async with embedder:
        await embedder.embed(["OK"])
    return f"{settings.embedding_model} answers."


async def _telegram(settings: Settings) -> str:
    if settings.telegram_bot_token is None:
        return "Without TELEGRAM_BOT_TOKEN it is not served."
    async with serve.telegram(settings, Pairing()) as adapter:
        return f"The bot is {await adapter.who()}."


async def _slack(settings: Settings) -> str:
    if settings.slack_bot_token is None:
        return "Without SLACK_BOT_TOKEN it is not served."
    async with serve.slack(settings) as adapter:
        untried = "" if settings.slack_app_token else " Whether the signing secret is right, the first request shows."
        return f"The bot is {await adapter.who()}.{untried}"


async def _skills(settings: Settings) -> str:
    folders = folder.folders(settings.skills)
    problems = [f"{path}: {problem}" for path in folders for problem in _broken(path)]
    if problems:
        raise ConfigError(*problems)
    return f"Skills in {settings.skills}: {len(folders)}, none of them broken."


def _broken(path: Path) -> Sequence[str]:
    try:
        format.parse(path.name, folder.read(path))
    except SkillInvalid as error:
        return error.problems
    return ()


async def _tool_servers(settings: Settings) -> str:
    """The names in the policy are looked at here too: only the servers know what their tools are called."""
    policy = settings.tables.tools.policy
    if not settings.servers:
        _check_names(policy.idle(TITLES))
        return "None is set."
    async with AsyncExitStack() as stack:
        [source] = await tool_servers(settings, stack)
        standing = await source.standing()
    absences = [f"{name} is not there: {why}." for name, (_, why) in standing.items() if why]
    if absences:
        raise ConfigError(*(f"{absence} See mcp.json and apprentice.toml." for absence in absences))
    _check_names(policy.idle([*TITLES, *(tool for tools, _ in standing.values() for tool in tools)]))
    return " ".join(f"{name} has {len(tools)} tools." for name, (tools, _) in standing.items())


def _check_names(idle: Sequence[str]) -> None:
    if idle:
        raise ConfigError(*idle)


async def _commands(settings: Settings) -> str:
    if not settings.tables.commands.programs:
        return "No programs are set, so there is no such tool."
    await asyncio.to_thread(command_tools, settings)
    return f"{', '.join(settings.tables.commands.programs)} can be run ({settings.tables.commands.sandbox})."
