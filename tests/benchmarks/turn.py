"""A turn's own cost, with every commit on disk: a message, three calls of the model, two of tools, the answer.

Measured from handing the message in to the adapter's `send`, one turn at a time. The model is a fake at the port whose
time is measured and taken out: what its client costs is in `throughput`. Compared in the same run, turn by turn, with
as many commits of one small row by bare SQLite on the same disk.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from bot.app import App
from bot.domain.tool import ToolCall
from bot.ports import ModelReply, ModelRequest
from bot.store.transcript import as_text
from tests.benchmarks.figure import Figure, show
from tests.benchmarks.stage import Crowd, play
from tests.benchmarks.work import ANSWER, STEPS, TASK, next_call

THINKING = 0.01
"""Seconds a call of the model takes: long enough for the process to fall asleep, as it does before a real one."""
CONVERSATION = 10
"""Turns of one conversation: the later have history."""


class TimedModel:
    """Does the benchmarks' task; `seconds` is the time it took so far."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def complete(self, request: ModelRequest, heard: Callable[[str], None] | None = None) -> ModelReply:
        """The next call, or the answer."""
        began = perf_counter()
        await asyncio.sleep(THINKING)
        call = next_call(request.messages)
        wished = (ToolCall("", call[0], as_text(call[1])),) if call else ()
        reply = ModelReply("" if call else ANSWER, wished, 100, 10, False, 1000)
        self.seconds += perf_counter() - began
        return reply


class BareCommits:
    """SQLite alone, as durable as the store."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("CREATE TABLE rows (text TEXT)")

    def seconds(self, count: int) -> float:
        """How long so many commits take, one after the other."""
        began = perf_counter()
        for _ in range(count):
            self._connection.execute("INSERT INTO rows VALUES (?)", ("x" * 200,))
        return perf_counter() - began

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


async def figures(turns: int = 200) -> Sequence[Figure]:
    """The cost of a turn, at the median and at the 95th percentile."""
    with tempfile.TemporaryDirectory() as folder:
        costs, bare, commits = await _measured(Path(folder), turns)
    compared = f"{median(costs) / median(bare):.1f} times {commits} commits by bare SQLite ({median(bare):.2f} ms)"
    tail = quantiles(costs, n=20)[-1]
    slow = quantiles(bare, n=20)[-1]
    what = f"a turn's own cost, {STEPS} steps"
    return (
        Figure(f"{what}, median of {turns}", median(costs), "ms", compared, most=10),
        Figure(f"{what}, 95th percentile", tail, "ms", f"bare SQLite's is {slow:.2f} ms"),
    )


async def _measured(folder: Path, turns: int) -> tuple[list[float], list[float], int]:
    """Milliseconds of each turn without its model, and of the bare commits beside it; commits until the answer."""
    model, bare = TimedModel(), BareCommits(folder / "bare.db")
    costs: list[float] = []
    baseline: list[float] = []
    done: list[str] = []
    counts: list[int] = []

    async def story(app: App, crowd: Crowd) -> None:
        for number in range(-1, turns):  # the first one warms up
            model.seconds = 0.0
            done.clear()
            seconds = await crowd.ask(str(1 + number // CONVERSATION), TASK)
            counts.append(sum(point.startswith("after:") and point != "after:send" for point in done))
            costs.append(1000 * (seconds - model.seconds))
            await app.settled()
            baseline.append(1000 * bare.seconds(counts[-1]))

    await play(folder, model, story, done.append)
    bare.close()
    return costs[1:], baseline[1:], round(median(counts))


def main() -> None:
    """Print the figures."""
    show(figures())


if __name__ == "__main__":
    main()
