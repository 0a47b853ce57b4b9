"""A program beside the bot: no shell, nothing of the bot's environment; its whole group of processes ends with it."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bot.errors import ApprenticeError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs without a path are looked for; others are named with theirs."""
GRACE_SECONDS = 2.0
"""For the last output of a group that was ended."""


class NotStarted(ApprenticeError):
    """The program could not be started."""


@dataclass(slots=True)
class Printed:
    """What was written to a stream: its beginning and its end, each at most `half` bytes, whatever stood between."""

    half: int
    beginning: bytearray = field(default_factory=bytearray)
    end: bytearray = field(default_factory=bytearray)
    left_out: int = 0

    def take(self, data: bytes) -> None:
        """Keep what comes next."""
        room = self.half - len(self.beginning)
        self.beginning += data[:room]
        self.end += data[room:]
        more = max(0, len(self.end) - self.half)
        self.left_out += more
        del self.end[:more]

    @property
    def text(self) -> str:
        """The text, with a mark where something is left out."""
        if not self.left_out:
            return bytes(self.beginning + self.end).decode("utf-8", "replace")
        before, after = self.beginning.decode("utf-8", "replace"), self.end.decode("utf-8", "replace")
        return f"{before}\n[… {self.left_out} bytes left out …]\n{after}"


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended. `status`: its exit code, -N for signal N; None if its time was over."""

    status: int | None
    stdout: Printed
    stderr: Printed


class _Watched(asyncio.SubprocessProtocol):
    """What a process prints, and when it ended: what it started may hold its output open for longer."""

    def __init__(self, most: int) -> None:
        self.exited, self.closed = asyncio.Event(), asyncio.Event()
        self.printed = {1: Printed(most // 2), 2: Printed(most // 2)}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Keep it, up to the limit."""
        self.printed[fd].take(data)

    def process_exited(self) -> None:
        """The process itself has ended."""
        self.exited.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody can print any more."""
        self.closed.set()


async def run(
    command: Sequence[str], folder: Path, seconds: float, most: int, *, given: bytes = b"", together: bool = False
) -> Ended:
    """Run a program in a folder, with `given` on its stdin; of each stream at most so many bytes are kept.

    `together`: what it prints as errors stands in its output. Raises NotStarted.
    """
    environment = {"PATH": PATH, "HOME": str(folder), "LANG": "C.UTF-8"}
    loop, stdin, stderr = asyncio.get_running_loop(), PIPE if given else DEVNULL, STDOUT if together else PIPE
    start = partial(loop.subprocess_exec, partial(_Watched, most), *command, stdin=stdin, stdout=PIPE, stderr=stderr)
    try:
        transport, watched = await start(cwd=folder, env=environment, start_new_session=True)
    except (OSError, ValueError) as error:
        raise NotStarted(f"it cannot be started: {error}") from None
    status = None
    try:
        if isinstance(pipe := transport.get_pipe_transport(0), asyncio.WriteTransport):
            pipe.write(given)
            pipe.write_eof()
        async with asyncio.timeout(seconds):
            await watched.exited.wait()
        status = transport.get_returncode()
    except TimeoutError:
        pass
    finally:
        await _end(transport, watched)
    return Ended(status, watched.printed[1], watched.printed[2])


async def _end(transport: asyncio.SubprocessTransport, watched: _Watched) -> None:
    """End the group, and read what it printed to the end; a process that left its group is not waited for."""
    with suppress(ProcessLookupError):
        os.killpg(transport.get_pid(), signal.SIGKILL)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await watched.closed.wait()
    finally:
        transport.close()
