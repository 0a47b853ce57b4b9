"""A connection to a tool server: its process and what that complains of, or its address."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TextIO

import httpx2
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client import Transport
from mcp.client.session import MessageHandlerFnT
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

from bot.mcp_json import Server

MOST_LINES = 100
"""Lines that are told of what one process says on its standard error."""
LONGEST_LINE = 500
CONNECT_SECONDS = 30.0
LARGEST_ANSWER = 16 * 2**20
"""Bytes of an answer over HTTP; the SDK itself bounds the events of a stream."""
# Their errors carry tracebacks and quote what servers send; what matters of them is told by us.
for _name in ("mcp", "client"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of a server: its notifications, each line of its standard error, and the end of that."""

    notified: MessageHandlerFnT
    complained: Callable[[str], None]
    ended: Callable[[], None]


@asynccontextmanager
async def connected(server: Server, seconds: float, ears: Ears) -> AsyncIterator[Client]:
    """Start a server's process or reach its address; `seconds` is the time that an answer about itself may take."""
    async with AsyncExitStack() as stack:
        transport: Transport
        if server.url is not None:
            timeout = httpx2.Timeout(CONNECT_SECONDS, read=None)
            headers = {"Accept-Encoding": "identity", **server.headers}
            hooks: dict[str, list[Callable[..., Any]]] = {"response": [_bound]}
            speaking = httpx2.AsyncClient(headers=headers, timeout=timeout, event_hooks=hooks)
            http = await stack.enter_async_context(speaking)
            # A server that hangs is told no good-bye: the end of the bot would wait for its answer.
            transport = streamable_http_client(server.url, http_client=http, terminate_on_close=False)
        else:
            transport = _process(server, ears)
        client = Client(transport, read_timeout_seconds=seconds, message_handler=ears.notified, cache=None)
        await stack.enter_async_context(client)
        client.session.validate_tool_result = _taken  # type: ignore[method-assign]  # there is no setting for it
        yield client


async def _taken(name: str, result: CallToolResult) -> None:
    """Hold a result against no schema of its server: the SDK does so on the loop, and some never end."""


class _Bounded(httpx2.AsyncByteStream):
    """What is read of an answer ends with an error behind LARGEST_ANSWER bytes."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = LARGEST_ANSWER
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx2.StreamError(f"it has more than {LARGEST_ANSWER} bytes")
            yield chunk

    async def aclose(self) -> None:
        """End it."""
        await self._stream.aclose()


async def _bound(response: httpx2.Response) -> None:
    """Nobody has asked for what is packed, which could be anything once it is unpacked: so it stays packed."""
    response.headers.pop("content-encoding", None)
    events = response.headers.get("content-type", "").lower().startswith("text/event-stream")
    if not events and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


@asynccontextmanager
async def _process(server: Server, ears: Ears) -> AsyncIterator[Any]:
    """The streams of a process, which gets what the SDK passes on of our environment, and `env`: nothing else."""
    parameters = StdioServerParameters(
        command=server.command or "", args=list(server.args), env=dict(server.env), cwd=server.cwd
    )
    async with _standard_error(ears) as errors, stdio_client(parameters, errors) as streams:
        errors.close()  # the process has it now; the last of them to close it ends it
        yield streams


@asynccontextmanager
async def _standard_error(ears: Ears) -> AsyncIterator[TextIO]:
    """A file for a process to write to; what comes is told, and its end."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        lines = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(reading, "rb")
        )
        telling = asyncio.create_task(_tell(lines, ears))
        try:
            yield file
        finally:
            telling.cancel()
            pipe.close()


async def _tell(stream: asyncio.StreamReader, ears: Ears) -> None:
    """Tell the first lines and read on, since a process whose pipe is full stands still."""
    told, rest = 0, b""
    while chunk := await stream.read(2**16):
        *lines, rest = (rest[-LONGEST_LINE:] + chunk).split(b"\n")
        for line in filter(bytes.strip, lines[: MOST_LINES - told]):
            ears.complained(line[:LONGEST_LINE].decode(errors="replace").rstrip())
            told += 1
    if rest.strip() and told < MOST_LINES:
        ears.complained(rest[:LONGEST_LINE].decode(errors="replace").rstrip())
    ears.ended()
