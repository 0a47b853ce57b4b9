"""One tool server: started, kept in view, started again when it goes, called."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from typing import NoReturn

import structlog
from anyio import BrokenResourceError, ClosedResourceError
from httpx2 import HTTPError
from mcp import Client, MCPError, types
from mcp.types import CONNECTION_CLOSED, REQUEST_TIMEOUT
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from bot.clients.mcp_connection import Ears, connected
from bot.clients.mcp_tool import Catalogue, catalogue, result
from bot.domain.json import JSON
from bot.domain.text import shorten
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.mcp_json import Server

log = structlog.get_logger()
MOST_PAGES = 50
"""Pages of a list of tools."""
ADVICE = "run the command by hand, or ask the address with curl; the server's own words stand above as mcp.says"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that a server may take to `start` and to `answer` about itself, between two looks at it, and until it is
    started again: twice as long after each failure, up to `longest`; one that was `steady` begins anew."""

    start: float = 60.0
    answer: float = 15.0
    look: float = 30.0
    again: float = 1.0
    longest: float = 300.0
    steady: float = 60.0


class ToolServer:
    """A server under its name. `mask` takes secrets out of what is told of it."""

    def __init__(self, name: str, server: Server, pace: Pace, mask: Callable[[str], str]) -> None:
        self.name = name
        self._server = server
        self._pace = pace
        self._mask = mask
        self._catalogue = Catalogue()
        self._client: Client | None = None
        self._away = "it is being started"
        self._last_words = ""
        self._garbled = False
        self._news = asyncio.Event()
        self.tried = asyncio.Event()
        """The first attempt to reach it has ended, one way or the other."""

    @property
    def tools(self) -> list[Tool]:
        """Its tools, as it listed them last."""
        away = "" if self._client is not None else self._absence()
        return [replace(tool, away=away) for tool in self._catalogue.tools.values()]

    @property
    def away(self) -> str:
        """Why it is not there; empty where it is."""
        return "" if self._client is not None else self._away

    def has(self, tool: str) -> bool:
        """Whether it listed a tool of this name (ours)."""
        return tool in self._catalogue.tools

    async def run(self) -> None:
        """Keep it there until cancelled."""
        loop, wait = asyncio.get_running_loop(), self._pace.again
        while True:
            began = loop.time()
            # In a task of its own: where a server dies just as it is closed, the SDK's task groups raise its error in
            # place of the cancellation, which would be lost here.
            try:
                (error,) = await asyncio.gather(self._serve(), return_exceptions=True)
            finally:
                self._client = None
                self.tried.set()
            self._away = self._reason(error)
            if loop.time() - began >= self._pace.steady:
                wait = self._pace.again
            log.warning("mcp.away", server=self.name, why=self._away, advice=ADVICE, again_in=wait)
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._pace.longest)

    async def call(self, tool: str, arguments: dict[str, JSON]) -> ToolResult:
        """Call one of its tools. Raises ToolError: it is away, it died or was too slow meanwhile, it refused."""
        client, seconds = self._client, self._server.seconds
        if client is None:
            raise ToolError(self._absence())
        theirs = self._catalogue.theirs[tool]
        try:
            async with asyncio.timeout(seconds):
                given = await client.call_tool(theirs, arguments, read_timeout_seconds=seconds)
        except TimeoutError:
            raise self._lost(tool, f"gave no answer within {seconds:g} s") from None
        except MCPError as error:
            if error.code == REQUEST_TIMEOUT:
                raise self._lost(tool, f"gave no answer within {seconds:g} s") from None
            if error.code == CONNECTION_CLOSED:
                raise self._lost(tool, f"ended while {tool} ran") from None
            raise ToolError(f"{tool} was refused by its server: {self._said(error)}") from None
        except (ClosedResourceError, BrokenResourceError, HTTPError, OSError) as error:
            raise self._lost(tool, f"could not be reached any more ({self._said(error)})") from None
        except (RuntimeError, ValueError) as error:
            raise ToolError(
                f"{tool} was called, but its server gave what does not fit its own words: {self._said(error)}"
            ) from None
        return result(tool, given)

    def _lost(self, tool: str, what: str) -> ToolError:
        """A call without an answer; the server is looked at, and started again if it does not speak."""
        self._news.set()
        after = (
            "Try again in a moment, or go on without it."
            if self._catalogue.tools[tool].reads
            else "Whether it was done is unknown: look before you call it again, and tell the person."
        )
        return ToolError(f"The tool server {self.name} {what}. {after}")

    def _absence(self) -> str:
        return (
            f"The tool server {self.name} is not there: {self._away}. It is started again by itself; "
            "tell the person, or go on without it."
        )

    async def _serve(self) -> NoReturn:
        """Connect and watch; it ends with what ended the connection."""
        self._last_words, self._garbled = "", False
        ears = Ears(self._notified, self._complained, self._news.set)
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._pace.start):
                client = await stack.enter_async_context(connected(self._server, self._pace.answer, ears))
                await self._list(client)
            self._client = client
            self.tried.set()
            log.info("mcp.ready", server=self.name, tools=len(self._catalogue.tools))
            if client.protocol_version in MODERN_PROTOCOL_VERSIONS:
                # Since 2026-07-28 changes are told to those who listen; who does not tell them is looked at in time.
                with suppress(MCPError):
                    await stack.enter_async_context(client.listen(tools_list_changed=True))
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.look):
                        await self._news.wait()
                self._news.clear()
                await self._list(client)

    async def _list(self, client: Client) -> None:
        listed: list[types.Tool] = []
        cursor: str | None = None
        async with asyncio.timeout(self._pace.answer):
            for _ in range(MOST_PAGES):
                page = await client.list_tools(cursor=cursor)
                listed += page.tools
                cursor = page.next_cursor
                if not cursor:
                    break
        found = catalogue(self.name, listed)
        if found != self._catalogue:
            self._catalogue = found
            for problem in found.refused:
                log.warning("mcp.tool_refused", server=self.name, why=problem)

    async def _notified(self, message: object) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._news.set()
        elif isinstance(message, Exception) and not self._garbled:
            self._garbled = True
            log.warning("mcp.garbage", server=self.name, why=self._said(message))

    def _complained(self, line: str) -> None:
        self._last_words = line
        log.info("mcp.says", server=self.name, line=self._mask(line))

    def _reason(self, error: BaseException) -> str:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, TimeoutError):
            return "it does not answer"
        if isinstance(error, MCPError) and error.code == CONNECTION_CLOSED:
            last = f" (its last words: {self._mask(shorten(self._last_words, 200))})" if self._last_words else ""
            return f"it has ended{last}"
        return self._said(error)

    def _said(self, error: BaseException) -> str:
        return self._mask(shorten(" ".join(str(error).split()) or type(error).__name__, 200))
