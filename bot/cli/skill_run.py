"""`apprentice skills run`: a live skill from the command line, with the bot's tools and the operator's word."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import typer

from bot.cli import models
from bot.cli.servers import tool_servers
from bot.clients.clock import SystemClock
from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.domain.skill import Procedure
from bot.domain.tool import Tool, ToolResult
from bot.errors import Refused, ToolError
from bot.ports import ModelClient, ModelRequest, ToolContext, ToolSource
from bot.settings import Settings
from bot.skills.host import PlannedCall
from bot.skills.library import Library
from bot.skills.run import Run, missing, run
from bot.store import schema
from bot.store.store import Store
from bot.store.transcript import as_text
from bot.tools.builtin import own_tools
from bot.tools.documents import document_tools
from bot.tools.policed import policed

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
        store = await stack.enter_async_context(Store(settings.database))
        model = await stack.enter_async_context(models.working(settings))
        library = Library(settings.skills, store, SystemClock())
        procedure = await _live(library, name)
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
        return await run(procedure, parameters, Operator(tools, model))


async def _live(library: Library, name: str) -> Procedure:
    entry = await library.find(name, None)
    if entry.state != "live":
        problems = "\n".join(entry.problems)
        raise Refused(f"{name} is not live: `apprentice skills approve {name}` approves it.\n{problems}".strip())
    if entry.skill is None or entry.skill.procedure is None:
        raise Refused(f"{name} is prose only: there is nothing to execute.")
    return entry.skill.procedure
