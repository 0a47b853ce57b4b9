"""The text of HTML, read by a process of its own: whatever a page does to its reader, it does not do to the bot."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = 10.0
"""Time for one page."""
_PROGRAM = Path(__file__).with_name("html_program.py")
_LINE = 16 * 2**20
"""Bytes of an answer: a million characters, as JSON writes them at worst."""


@dataclass(frozen=True, slots=True)
class Page:
    """What people read of a page."""

    title: str
    text: str


class HtmlReader:
    """Reads one page after the other; its process starts with the first, and again after one that it died of."""

    def __init__(self) -> None:
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def page(self, html: str, address: str = "") -> Page | None:
        """What people read of it; links stand in it if its address is given. None if it cannot be read."""
        question = json.dumps([html, address]).encode() + b"\n"
        answer = b""
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._answer(question)
        except (TimeoutError, ConnectionError):
            pass
        if not answer:
            await self._end()
            return None
        return Page(*json.loads(answer))

    async def _answer(self, question: bytes) -> bytes:
        """The line that answers; empty if the process ended instead."""
        if self._process is None:
            # Without the bot's environment, and without the program's folder among what it imports from.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", _PROGRAM, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, limit=_LINE
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("both were asked for")
        stdin.write(question)
        await stdin.drain()
        return await stdout.readline()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()
