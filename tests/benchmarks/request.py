"""The bytes of the request that a bare "hi" makes: what every message pays, on every call of the model."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.app import App
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from tests.benchmarks.figure import Figure, show
from tests.benchmarks.stage import Crowd, play
from tests.benchmarks.work import GREETING, script
from tests.emulators.openai_server import OpenAIServer


async def figures() -> Sequence[Figure]:
    """The size of the first request of a new conversation, as the server got it."""
    async with OpenAIServer(script) as server, OpenAIModel("gpt-5-mini", SystemClock(), base_url=server.base_url) as m:
        with tempfile.TemporaryDirectory() as folder:
            await play(Path(folder), m, _greet)
    request = server.requests[0]
    tools = _size(request.json["tools"])
    compared = (
        f"without its {len(request.json['tools'])} tools ({tools:,} bytes) it would be {len(request.body) - tools:,}"
    )
    return (Figure(f'the request for a bare "{GREETING}"', len(request.body), "bytes", compared, most=6_000),)


async def _greet(_: App, crowd: Crowd) -> None:
    await crowd.ask("42", GREETING)


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def main() -> None:
    """Print the figure."""
    show(figures())


if __name__ == "__main__":
    main()
