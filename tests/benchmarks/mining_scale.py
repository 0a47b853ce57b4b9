"""Mining at scale: `python -m tests.benchmarks.mining_scale [--traces FILE] [--counts 100,1000,10000]`.

First, `apprentice mine` runs as a process of its own on files of so many traces: its wall time, its processor time and
the most memory it held. Then a bot's cycles over as many, in the process beside its event loop (the workbench): the
first one, which sends that process everything; the longest time for which the event loop stood still meanwhile; the
process's memory; what one more trace costs until it is indexed beside the others (asking what is lacking, reading it,
sending it, indexing it: the wall time of all four); and the report that follows it, with the processor's time of that
process, which tells more where other work goes on.

The traces are made here, the same ones every time: people of a few workplaces who share their procedures, each task
with names, ids and values of its own, a third of the calls noise (tests/learning/workplaces.py). With --traces, copies
of a real file are taken instead, the digits of every id exchanged in each.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, islice
from pathlib import Path
from random import Random
from statistics import median
from string import digits
from typing import Any, BinaryIO

from anyio import to_process

from bot.domain.trace import Trace
from bot.learning import workbench
from bot.learning.mining import Report, Taken
from bot.learning.traces import Reader, read, write
from bot.learning.workbench import Workbench
from tests.benchmarks.figure import Figure
from tests.learning import workplaces
from tests.learning.workplaces import Desk

COUNTS = (100, 1_000, 10_000)
SECONDS, MEGABYTES, ONE_MORE = 20, 500, 50
"""Targets for 10,000 traces on two cores; milliseconds for one more."""
MORE = 20
"""Traces that come one by one."""
REPORTS = 15
"""Reports after one more trace."""
PROCEDURES = (workplaces.shop, workplaces.files, workplaces.tickets, workplaces.build)
NOISE = (workplaces.question, workplaces.noise)
_ID = re.compile(r"(?<!call_)(?<![\w.])[\w#-]*\d[\w-]*\d[\w-]*")
_CALL_ID = "call_"


def made(random: Random, scope: str = "local") -> Iterator[Trace]:
    """Tasks without end: one or two procedures each, with something else before, between or behind."""
    for number in count():
        desk = Desk(f"trace-{number}", scope=scope, person=f"{scope}:{random.randrange(40)}")
        works = random.choices(PROCEDURES, k=random.randint(1, 2)) + random.choices(NOISE, k=random.randint(0, 1))
        for work in random.sample(works, len(works)):
            work(desk, random)
        yield desk.trace()


def copies(traces: Sequence[Trace]) -> Iterator[Trace]:
    """Copies of real traces without end, in each the digits of every id exchanged for others."""
    for number in count():
        table = str.maketrans(digits, "".join(Random(number).sample(digits, len(digits))))
        for trace in traces:
            text = json.dumps(trace.messages, ensure_ascii=False)
            messages = json.loads(_ID.sub(lambda found: _exchanged(found[0], table), text))  # noqa: B023 - called here
            yield replace(trace, id=f"{trace.id}~{number}", task=f"{trace.task}~{number}", messages=tuple(messages))


def mined(file: Path, out: Path) -> tuple[float, float, float, int]:
    """Mine a file as the command does: wall seconds, processor seconds, megabytes at most, skills found."""
    command = [sys.executable, "-m", "bot", "mine", "--traces", str(file), "--out", str(out), "--no-model", "--json"]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own command
    with process, process.stdout or sys.stdin.buffer as told:
        skills = len(json.load(told)["skills"])
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, skills


def figures(counts: Sequence[int], source: Path | None) -> Iterator[Figure]:
    """Time and memory for each number of traces."""
    for number in counts:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "traces.jsonl"
            calls = _written(file, number, source)
            seconds, used, memory, skills = mined(file, Path(folder) / "skills")
            size = f"{calls} calls, {skills} skills"
            yield Figure(f"mining {number} traces", seconds, "s", f"{used:.2f} s of a core; {size}", most=SECONDS)
            yield Figure(f"memory for {number} traces", memory, "MB", size, most=MEGABYTES)
            _written(file, number + MORE, source)
            yield from asyncio.run(Bot(file).cycles(number))


class Bot:
    """Cycles over a file of traces as the running bot makes them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with file.open("rb") as lines:
            self._places = {json.loads(line)["id"]: place for place, line in _with_places(lines)}
        self._stalled = 0.0

    async def cycles(self, number: int) -> list[Figure]:
        """The figures of a first cycle over so many traces, and of what comes behind them."""
        ids = list(self._places)
        watching = asyncio.create_task(self._watch())
        start = time.monotonic()
        await self._cycle(ids[:number])
        first, stalled = time.monotonic() - start, self._stalled
        added = [await self._timed(self._add(ids[: number + more])) for more in range(1, MORE + 1)]
        again, used = await self._reports([ids[: number + more] for more in range(1, REPORTS + 1)])
        memory = await to_process.run_sync(_resident)
        watching.cancel()
        after, worst = f"to {number}", 1_000 * max(added)
        return [
            Figure(f"first cycle of {number}", first, "s", "read, sent and mined beside the loop", most=SECONDS),
            Figure("the loop stood still", 1_000 * stalled, "ms", "at most, in that time"),
            Figure("memory of the process", memory, "MB", "behind all cycles", most=MEGABYTES),
            Figure(
                "one more trace", 1_000 * median(added), "ms", f"median {after}; at most {worst:.0f}", most=ONE_MORE
            ),
            Figure("a report then", median(again), "ms", f"median {after}; at most {max(again):.0f}", most=ONE_MORE),
            Figure("its work", median(used), "ms of a core", f"median {after}; at most {max(used):.0f}", most=ONE_MORE),
        ]

    async def _reports(self, each: Sequence[Sequence[str]]) -> tuple[list[float], list[float]]:
        """What a cycle over each of these takes: milliseconds, and those of the process's processor."""
        took, used = [], []
        before = await to_process.run_sync(time.process_time)
        for ids in each:
            took.append(1_000 * await self._timed(self._cycle(ids)))
            now = await to_process.run_sync(time.process_time)
            used.append(1_000 * (now - before))
            before = now
        return took, used

    async def _cycle(self, ids: Sequence[str]) -> Report:
        return await Workbench(3)("local", dict.fromkeys(ids, ""), self._read, Taken())

    async def _add(self, ids: Sequence[str]) -> None:
        marks = dict.fromkeys(ids, "")
        lacking = await to_process.run_sync(partial(workbench._lacking, "local", marks))
        found = [("", trace) for trace in await self._read(lacking)]
        await to_process.run_sync(partial(workbench._take, "local", found))

    async def _read(self, ids: Sequence[str]) -> list[Trace]:
        with self._file.open("rb") as lines:
            return list(Reader(lines.readline() for id in ids if lines.seek(self._places[id]) >= 0))

    async def _timed(self, work: Coroutine[Any, Any, object]) -> float:
        start = time.monotonic()
        await work
        return time.monotonic() - start

    async def _watch(self) -> None:
        while True:
            start = time.monotonic()
            await asyncio.sleep(0.001)
            self._stalled = max(self._stalled, time.monotonic() - start)


def _with_places(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    place = 0
    for line in lines:
        yield place, line
        place += len(line)


def _resident() -> float:
    """The most memory that this process held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _written(file: Path, number: int, source: Path | None) -> int:
    """Write so many traces, none of them held on to; how many calls they have."""
    calls = 0

    def counted() -> Iterator[Trace]:
        nonlocal calls
        endless = copies(read(source.read_bytes().splitlines()).traces) if source else made(Random(1))
        for trace in islice(endless, number):
            calls += sum(len(message.get("tool_calls") or ()) for message in trace.messages)
            yield trace

    with file.open("w") as out:
        write(counted(), out)
    return calls


def _exchanged(word: str, table: dict[int, int]) -> str:
    return word if word.startswith(_CALL_ID) or len(word) < 4 else word.translate(table)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=Path, help="a real file to take copies of")
    parser.add_argument("--counts", default=",".join(map(str, COUNTS)), help="numbers of traces, with commas between")
    given = parser.parse_args()
    for figure in figures([int(part) for part in given.counts.split(",")], given.traces):
        print(figure, flush=True)


if __name__ == "__main__":
    main()
