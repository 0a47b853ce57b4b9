"""`apprentice skills run`: a live skill from the command line, with the bot's tools and the operator's word."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import NoReturn

import typer

from bot.cli import models, skill_shelf
from bot.cli.servers import tool_servers
from bot.clients.clock import SystemClock
from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure
from bot.domain.tool import Tool, ToolResult
from bot.errors import Refused, ToolError
from bot.ports import ModelClient, ModelRequest, ToolContext, ToolSource
from bot.settings import Settings
from bot.skills import life
from bot.skills.host import PlannedCall
from bot.skills.library import Library, Shelved
from bot.skills.pins import changed, pins
from bot.skills.run import Run, missing, run
from bot.store import schema, skills
from bot.store.audit import Event
from bot.store.store import Store
from bot.store.transcript import as_text
from bot.tools.builtin import own_tools
from bot.tools.documents import document_tools
from bot.tools.policed import policed
from bot.words import Sentence

HERE = ToolContext(Conversation("console", "local"), Person("console:operator"))


class Operator:
    """Runs a skill's steps for the operator at the terminal; nothing of it is recorded."""

    def __init__(self, tools: Mapping[str, tuple[Tool, ToolSource]], model: ModelClient) -> None:
        self._tools = tools
        self._model = model

    def tool(self, name: str) -> Tool | None:
        """One of the bot's tools."""
        found = self._tools.get(name)
        return found and found[0]

    async def call(self, place: str, tool: str, arguments: dict[str, JSON]) -> ToolResult:
        """Call it."""
        try:
            return await self._tools[tool][1].call(tool, arguments, HERE)
        except ToolError as error:
            return ToolResult(str(error), failed=True)

    async def prompt(self, place: str, text: str, schema: JSON | None) -> str:
        """Ask the configured model."""
        return (await self._model.complete(ModelRequest([{"role": "user", "content": text}], schema=schema))).text

    async def confirm(self, calls: Sequence[PlannedCall]) -> bool:
        """Ask at the terminal, once."""
        for call in calls:
            typer.echo(f"{call.tool} {as_text(dict(call.arguments))}", err=True)
        return typer.confirm("This needs your word. Shall it?", err=True)


async def execute(settings: Settings, name: str, parameters: Mapping[str, JSON]) -> Run:
    """Run a live skill. Raises Refused when it is not live or cannot run here."""
    settings.workspace_folder.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store(settings.database, privacy=Privacy(settings.secrets)))
        model = await stack.enter_async_context(models.working(settings))
        library = Library(settings.skills, store, SystemClock())
        entry, procedure = await _live(library, name)
        embedder = models.embedding(settings)
        if embedder is not None:
            await stack.enter_async_context(embedder)
        documents = document_tools(settings, SystemClock(), embedder)
        own = own_tools(settings, SystemClock(), library, store, documents)
        sources = policed((*own, *await tool_servers(settings, stack)), settings.tables.tools.policy)
        tools = {tool.name: (tool, source) for source in sources for tool in await source.tools(HERE)}
        away = {tool: found.away for tool, (found, _) in tools.items() if found.away}
        lacking = missing(procedure, tools.keys() - away)
        if lacking:
            why = " ".join({away[tool]: None for tool in lacking if tool in away})
            raise Refused(f"{name} needs tools that are not here: {', '.join(lacking)}. {why}".rstrip())
        now = pins(procedure, {tool: found for tool, (found, _) in tools.items()})
        if others := changed(await store.read(partial(skills.pins, ref=entry.ref)), now):
            await _suspend(store, entry, life.changed_tools(others))
        return await run(procedure, parameters, Operator(tools, model))


async def _suspend(store: Store, entry: Shelved, why: Sentence) -> NoReturn:
    """Take a skill out of use that is no longer what was agreed to. Raises Refused, which says so."""
    now, scope = skill_shelf.now(), entry.skill.scope if entry.skill else None
    event = Event("suspended", entry.ref, scope, origin=skill_shelf.ORIGIN, detail=str(why))
    await skill_shelf.decide(store, lambda connection: life.suspend(connection, entry.ref, str(why), now, event))
    raise Refused(
        f"{entry.name} was not run and is suspended: {why} `apprentice skills restore {entry.name}` takes it so."
    )


async def _live(library: Library, name: str) -> tuple[Shelved, Procedure]:
    entry = await library.find(name, None)
    if entry.state != "live":
        problems = "\n".join(entry.problems)
        raise Refused(f"{name} is not live: `apprentice skills approve {name}` approves it.\n{problems}".strip())
    if entry.skill is None or entry.skill.procedure is None:
        raise Refused(f"{name} is prose only: there is nothing to execute.")
    return entry, entry.skill.procedure
