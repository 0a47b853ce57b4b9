"""A hundred conversations at once, with a model that takes 200 ms, through the real client to another process.

Ideal is that nobody waits for anything but the model: conversations / latency calls a second. Compared in the same run
with the client alone making the very same calls, as many at once.
"""

import asyncio
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from bot.app import App, collect_rarely
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.ports import ModelReply, ModelRequest
from tests.benchmarks.figure import Figure, show
from tests.benchmarks.stage import CHECKOUT, Crowd, play
from tests.benchmarks.work import GREETING, TASK

LATENCY = 0.2
"""Seconds."""


class Recorded:
    """The real client; `requests` are those made through it."""

    def __init__(self, model: OpenAIModel) -> None:
        self.requests: list[ModelRequest] = []
        self._model = model

    async def complete(self, request: ModelRequest, heard: Callable[[str], None] | None = None) -> ModelReply:
        """Ask the server."""
        self.requests.append(replace(request, messages=[*request.messages]))
        return await self._model.complete(request, heard)


async def figures(conversations: int = 100, messages: int = 10) -> Sequence[Figure]:
    """The share of the ideal, for messages that are answered at once and for tasks with two calls of tools."""
    async with _server() as base_url, OpenAIModel("m", SystemClock(), base_url=base_url) as model:
        return (
            await _share(model, "greetings", GREETING, conversations, messages),
            await _share(model, "tasks with two tools", TASK, conversations, messages),
        )


async def _share(model: OpenAIModel, what: str, text: str, conversations: int, messages: int) -> Figure:
    recorded = Recorded(model)
    with tempfile.TemporaryDirectory() as folder:
        seconds = await _talk(Path(folder), recorded, text, conversations, messages)
    calls = len(recorded.requests)
    ideal = calls * LATENCY / conversations
    alone = await _replayed(model, recorded.requests, conversations)
    return Figure(
        f"{conversations} conversations, {messages} {what} each, model {1000 * LATENCY:.0f} ms",
        100 * ideal / seconds,
        "% of the ideal throughput",
        f"the client alone reaches {100 * ideal / alone:.0f} % ({calls / seconds:.0f} calls/s against "
        f"{calls / alone:.0f}, ideal {calls / ideal:.0f}; {conversations * messages / seconds:.0f} answers/s)",
        least=60,
    )


async def _talk(folder: Path, model: Recorded, text: str, conversations: int, messages: int) -> float:
    """Seconds until everybody has had all answers; whoever has one says the next at once."""
    took: list[float] = []

    async def one(crowd: Crowd, chat: str) -> None:
        for _ in range(messages):
            await crowd.ask(chat, text)

    async def story(_: App, crowd: Crowd) -> None:
        await crowd.ask("warm up", GREETING)
        model.requests.clear()
        began = perf_counter()
        await asyncio.gather(*(one(crowd, str(chat)) for chat in range(conversations)))
        took.append(perf_counter() - began)

    await play(folder, model, story)
    return took[0]


async def _replayed(model: OpenAIModel, requests: Sequence[ModelRequest], at_once: int) -> float:
    """Seconds that the client alone takes for the same requests."""
    waiting = deque(requests)

    async def one() -> None:
        while waiting:
            await model.complete(waiting.popleft())

    began = perf_counter()
    await asyncio.gather(*(one() for _ in range(at_once)))
    return perf_counter() - began


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    """The benchmarks' model in a process of its own; its address."""
    command = (sys.executable, "-m", "tests.benchmarks.work", "--latency", str(LATENCY))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT)
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


def main() -> None:
    """Print the figures, of a process as it serves."""
    collect_rarely()
    show(figures())


if __name__ == "__main__":
    main()
