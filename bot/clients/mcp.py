"""The tools of all tool servers (Model Context Protocol), as one source. Their SDK is loaded beside the start."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.mcp_json import Server
from bot.ports import ToolContext

if TYPE_CHECKING:
    from bot.clients.mcp_server import Pace, ToolServer

PATIENCE = 30.0
"""Seconds after the start in which the first work waits for servers that are still starting."""


class ServerTools:
    """The tools of the servers, for everybody. Open it with `served`."""

    def __init__(self) -> None:
        self._servers: list[ToolServer] = []
        self._tried = asyncio.Event()
        self._waited_until = asyncio.get_running_loop().time() + PATIENCE

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """Those of each server that was ever reached; where it is away, they say so."""
        await self._begun()
        return [tool for server in self._servers for tool in server.tools]

    async def standing(self) -> Mapping[str, tuple[Sequence[str], str]]:
        """Of each server the tools that it has, and why it is away where it is."""
        await self._begun()
        return {server.name: ([tool.name for tool in server.tools], server.away) for server in self._servers}

    async def _begun(self) -> None:
        """Wait for servers that are still starting, as long as that is worth it."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._waited_until):
                await self._tried.wait()

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Call one at its server, which judges the arguments. Raises ToolError."""
        for server in self._servers:
            if server.has(name):
                return await server.call(name, arguments)
        raise ToolError(f"No tool server has {name} any more. Go on without it.")

    async def run(self, servers: Mapping[str, Server], mask: Callable[[str], str], pace: "Pace | None") -> None:
        """Load the SDK, which takes most of a second, and keep the servers there until cancelled."""
        made = await asyncio.to_thread(_maker)
        self._servers = made(servers, mask, pace)
        async with asyncio.TaskGroup() as group:
            for server in self._servers:
                group.create_task(server.run())
            for server in self._servers:
                await server.tried.wait()
            self._tried.set()


@asynccontextmanager
async def served(
    servers: Mapping[str, Server], mask: Callable[[str], str], pace: "Pace | None" = None
) -> AsyncIterator[ServerTools]:
    """The tools of servers that are started now and ended with the context. `mask` takes secrets out of a text."""
    source = ServerTools()
    running = asyncio.create_task(source.run(servers, mask, pace))
    try:
        yield source
    finally:
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()


def _maker() -> "Callable[[Mapping[str, Server], Callable[[str], str], Pace | None], list[ToolServer]]":
    from bot.clients.mcp_server import Pace, ToolServer

    return lambda servers, mask, pace: [
        ToolServer(name, server, pace or Pace(), mask) for name, server in servers.items()
    ]
