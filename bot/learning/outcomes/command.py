"""A verifier's command: without a shell, without the bot's environment, within a time."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ApprenticeError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs without a path are looked for; others are named with theirs."""
MOST_OUTPUT = 1024 * 1024
"""Bytes that a command may print."""
KEPT = 2_000
"""Bytes of its end that are kept."""
_CHUNK = 65_536


class NotRun(ApprenticeError):
    """The command told nothing: it could not be started, or was ended before it came to its end."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that came to its end: its status, and the last line that it printed."""

    status: int
    last_line: str


async def execute(command: Sequence[str], folder: Path, seconds: float) -> Ran:
    """Run a command in a folder; its whole group of processes ends with it. Raises NotRun."""
    environment = {"PATH": PATH, "HOME": str(folder), "LANG": "C.UTF-8"}
    try:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise NotRun(f"it cannot be started: {error}") from None
    reading = asyncio.create_task(_end_of(process))
    try:
        async with asyncio.timeout(seconds):
            status = await process.wait()
    except TimeoutError:
        raise NotRun(f"it took more than {seconds:g} seconds") from None
    finally:
        _end(process)
        await process.wait()
        printed = await reading
    if printed is None:
        raise NotRun(f"it printed more than {MOST_OUTPUT} bytes")
    if status < 0:
        raise NotRun(f"it was ended by {signal.Signals(-status).name}")
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    return Ran(status, lines[-1].strip() if lines else "")


async def _end_of(process: Process) -> bytes | None:
    """The last bytes of the output; None, and the end of the command, where it is too much."""
    kept, total = b"", 0
    while process.stdout and (chunk := await process.stdout.read(_CHUNK)):
        kept, total = (kept + chunk)[-KEPT:], total + len(chunk)
        if total > MOST_OUTPUT:
            _end(process)
            return None
    return kept


def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
