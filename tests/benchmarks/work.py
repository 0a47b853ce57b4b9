"""What is asked in the benchmarks, and what their model does about it: a greeting is answered, a task takes two tools.

`python -m tests.benchmarks.work --latency 0.2` serves that model in a process of its own.
"""

import argparse
import asyncio
from collections.abc import Sequence

from bot.domain.json import JSON
from tests.emulators.openai_server import OpenAIServer, Reply, calls, text

GREETING = "hi"
TASK = "Look which files there are, read notes.txt and say what it is about."
FILES = {"notes.txt": "Ana ordered 12 chairs.\n" * 20, "todo.txt": "Call Ana.\n"}
"""The workspace that the task is about."""
TOOLS: Sequence[tuple[str, JSON]] = (("list_files", {}), ("read_file", {"path": "notes.txt"}))
STEPS = 2 * len(TOOLS) + 1
"""Calls that a task takes: of the model and of its tools."""
ANSWER = "There are `notes.txt` and `todo.txt`; the notes are about **12 chairs** that Ana ordered."


def next_call(messages: Sequence[JSON]) -> tuple[str, JSON] | None:
    """The tool that the model calls next; None when it answers."""
    last = max(place for place, message in enumerate(messages) if message["role"] == "user")
    done = sum(message["role"] == "tool" for message in messages[last:])
    return TOOLS[done] if messages[last]["content"] == TASK and done < len(TOOLS) else None


def script(request: JSON) -> Reply:
    """The model behind its server."""
    call = next_call(request["messages"])
    return calls(call) if call else text(ANSWER)


async def _serve(latency: float) -> None:
    async with OpenAIServer(script, latency=latency) as server:
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--latency", type=float, required=True, help="seconds")
    asyncio.run(_serve(options.parse_args().latency))
