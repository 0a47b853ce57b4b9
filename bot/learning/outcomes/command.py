"""A verifier's command: without a shell, without the bot's environment, within a time."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.errors import ApprenticeError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs without a path are looked for; others are named with theirs."""
MOST_OUTPUT = 1024 * 1024
"""Bytes that a command may print."""
KEPT = 2_000
"""Bytes of its end that are kept."""
GRACE_SECONDS = 2.0
"""For the last output of a group that was ended."""


class NotRun(ApprenticeError):
    """The command told nothing: it could not be started, or was ended before it came to its end."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that came to its end: its status, and the last line that it printed."""

    status: int
    last_line: str


class _Watched(asyncio.SubprocessProtocol):
    """The end of what a process prints, and when it ended: what it started may hold its output open for longer."""

    def __init__(self) -> None:
        self.exited, self.closed = asyncio.Event(), asyncio.Event()
        self.kept, self.total = b"", 0

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Keep the last bytes; a process that prints too much has ended."""
        self.kept, self.total = (self.kept + data)[-KEPT:], self.total + len(data)
        if self.total > MOST_OUTPUT:
            self.exited.set()

    def process_exited(self) -> None:
        """The process itself has ended."""
        self.exited.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody can print any more."""
        self.closed.set()


async def execute(command: Sequence[str], folder: Path, seconds: float) -> Ran:
    """Run a command in a folder; its whole group of processes ends with it. Raises NotRun."""
    environment = {"PATH": PATH, "HOME": str(folder), "LANG": "C.UTF-8"}
    loop = asyncio.get_running_loop()
    start = partial(loop.subprocess_exec, _Watched, *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
    try:
        transport, watched = await start(cwd=folder, env=environment, start_new_session=True)
    except (OSError, ValueError) as error:
        raise NotRun(f"it cannot be started: {error}") from None
    try:
        async with asyncio.timeout(seconds):
            await watched.exited.wait()
        status = transport.get_returncode()
    except TimeoutError:
        raise NotRun(f"it took more than {seconds:g} seconds") from None
    finally:
        await _end(transport, watched)
    if watched.total > MOST_OUTPUT:
        raise NotRun(f"it printed more than {MOST_OUTPUT} bytes")
    if status is None or status < 0:
        raise NotRun(f"it was ended by {signal.Signals(-(status or -signal.SIGKILL)).name}")
    lines = watched.kept.decode("utf-8", "replace").strip().splitlines()
    return Ran(status, lines[-1].strip() if lines else "")


async def _end(transport: asyncio.SubprocessTransport, watched: _Watched) -> None:
    """End the group, and read what it printed to the end; a process that left its group is not waited for."""
    with suppress(ProcessLookupError):
        os.killpg(transport.get_pid(), signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            await watched.closed.wait()
    transport.close()
