"""Mining at scale: `python -m tests.benchmarks.mining_scale [--traces FILE] [--counts 100,1000,10000]`.

`apprentice mine` runs as a process of its own on files of so many traces: its wall time, its processor time and the
most memory it held. The traces are made here, the same ones every time: people of a few workplaces who share their
procedures, each task with names, ids and values of its own, a third of the calls noise (tests/learning/workplaces.py).
With --traces, copies of a real file are taken instead, the digits of every id exchanged in each.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from random import Random
from string import digits

from bot.domain.trace import Trace
from bot.learning.traces import read, write
from tests.benchmarks.figure import Figure
from tests.learning import workplaces
from tests.learning.workplaces import Desk

COUNTS = (100, 1_000, 10_000)
SECONDS, MEGABYTES = 20, 500
"""Targets for 10,000 traces on two cores."""
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


def _written(file: Path, number: int, source: Path | None) -> int:
    """Write so many traces, none of them held on to; how many calls they have."""
    calls = 0

    def counted() -> Iterator[Trace]:
        nonlocal calls
        endless = copies(read(source.open("rb")).traces) if source else made(Random(1))
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
