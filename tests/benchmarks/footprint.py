"""What `apprentice run` costs to start and to hold: the real process before emulators of Telegram and of a model.

Start is from the process's creation to its first getUpdates; compared with python-telegram-bot alone in a process that
does nothing but poll. Resident memory (Linux: /proc/PID/status) is compared with an interpreter that has imported the
two SDKs. It is read at the first poll (what is imported at its first use is not there yet), after some answers, and
after a learning cycle, which has a process of its own.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.benchmarks.figure import Figure, show
from tests.benchmarks.stage import furnish
from tests.benchmarks.work import TASK, script
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import User

PATIENCE = 60.0
"""Seconds after which a process that does not come is a failure."""
BOT = (sys.executable, "-m", "bot", "run")
BARE_POLLER = """
import asyncio, os
from telegram import Bot
from telegram.ext import Updater

async def poll():
    bot = Bot(os.environ["TELEGRAM_BOT_TOKEN"], os.environ["TELEGRAM_BASE_URL"])
    async with Updater(bot, asyncio.Queue()) as updater:
        await updater.start_polling(timeout=30)
        await asyncio.Event().wait()

asyncio.run(poll())
"""
NO_MODEL = "http://127.0.0.1:9/v1"
SDKS = "import openai, telegram.ext; print(open('/proc/self/status').read())"


@dataclass(frozen=True, slots=True)
class Held:
    """Resident memory in MB: the bot's at three times and at its peak, and the miner's."""

    polling: float
    answered: float
    mined: float
    peak: float
    miner: float


async def figures(starts: int = 5, tasks: int = 8) -> Sequence[Figure]:
    """Seconds to the first poll, with a fresh and with an existing database, and megabytes."""
    return *await _start_figures(starts), *await _memory_figures(tasks)


async def _start_figures(starts: int) -> Sequence[Figure]:
    fresh, existing, bare = [], [], []
    for _ in range(starts):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            furnish(folder)
            bare.append(await _start((sys.executable, "-c", BARE_POLLER), folder))
            fresh.append(await _start(BOT, folder))
            existing.append(await _start(BOT, folder))
    compared = f"python-telegram-bot alone takes {median(bare):.2f} s"
    return (
        Figure("start to first poll, fresh database", median(fresh), "s", compared, most=2),
        Figure("start to first poll, existing database", median(existing), "s", compared, most=2),
    )


async def _memory_figures(tasks: int) -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        furnish(Path(folder))
        held = await _memory(Path(folder), tasks)
    sdks = _megabytes(await _output(sys.executable, "-c", SDKS), "VmRSS")
    return (
        Figure(
            f"resident memory after {tasks} answers",
            held.answered,
            "MB",
            f"{held.polling:.0f} MB at the first poll; an interpreter that has imported the two SDKs has {sdks:.0f} MB",
            most=150,
        ),
        Figure(
            "resident memory after a learning cycle",
            held.mined,
            "MB",
            f"{held.peak:.0f} MB at the peak; the miner's own process has {held.miner:.0f} MB",
            most=150,
        ),
    )


async def _start(command: Sequence[str], folder: Path) -> float:
    """Seconds from a process's creation to its first getUpdates."""
    async with TelegramEmulator() as telegram:
        began = perf_counter()
        async with _process(command, folder, telegram):
            await telegram.wait_for(lambda: telegram.called("getUpdates"), PATIENCE)
            return perf_counter() - began


async def _memory(folder: Path, tasks: int) -> Held:
    """A person has some tasks done and asks for a learning cycle over them."""
    async with (
        TelegramEmulator() as telegram,
        OpenAIServer(script) as model,
        _process(BOT, folder, telegram, model.base_url) as process,
    ):
        ann = telegram.person("Ann")
        await telegram.wait_for(lambda: telegram.called("getUpdates"), PATIENCE)
        polling = _status(process.pid, "VmRSS")
        for _ in range(tasks):
            await _said(ann, TASK, "There are notes.txt")
            await _said(ann, "/done", "Done:")
        answered = _status(process.pid, "VmRSS")
        await _said(ann, "/learn", "I looked at")
        miner = sum(_status(child, "VmRSS") for child in _children(process.pid))
        return Held(polling, answered, _status(process.pid, "VmRSS"), _status(process.pid, "VmHWM"), miner)


async def _said(person: User, text: str, answer: str) -> None:
    """Say something and wait for what begins with `answer`."""
    said = person.say(text)
    await person.world.wait_for(
        lambda: any(
            message.id > said.id and message.sender.is_bot and message.text.startswith(answer)
            for message in person.direct.messages
        ),
        PATIENCE,
    )


@asynccontextmanager
async def _process(
    command: Sequence[str], folder: Path, telegram: TelegramEmulator, model: str = NO_MODEL
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process with these two servers in its settings; stopped as an operator stops it."""
    settings = {
        "TELEGRAM_BASE_URL": telegram.base_url,
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "OPENAI_BASE_URL": model,
        "OPENAI_API_KEY": "none",
        "APPRENTICE_HOME": str(folder / "data"),
        "APPRENTICE_SKILLS": str(folder / "skills"),
        "APPRENTICE_WORKSPACE": str(folder / "workspace"),
        "APPRENTICE_ALLOWED": "*",
        "APPRENTICE_LEARN_AFTER": "0",
        "APPRENTICE_LEARN_TOKENS": "0",
    }
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env={**os.environ, **settings}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def _output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _status(process: int, field: str) -> float:
    return _megabytes(Path(f"/proc/{process}/status").read_text(), field)


def _megabytes(status: str, field: str) -> float:
    """A field of /proc/PID/status, which is in KiB, in MB of a million bytes."""
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{field}:")) * 1024 / 1e6


def main() -> None:
    """Print the figures."""
    show(figures())


if __name__ == "__main__":
    main()
