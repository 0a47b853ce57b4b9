"""The console adapter at a pseudo-terminal, as the contract wants it: a keyboard, and a screen to read."""

import os
import pty
import re
import termios
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TextIO
from unittest import mock

import pyte

from adapters.console import ROOM, ConsoleAdapter
from bot.domain.chat import Person
from tests.adapters.contract import PATIENCE, Shown

COLUMNS, LINES = 80, 1000
"""More lines than any test fills: nothing scrolls away."""
BUTTON = re.compile(r"\[([a-z])\] (.+?)(?=  \[|$)")


class Terminal:
    """A pseudo-terminal whose far end draws a screen, in a thread: what writes to it never waits for its reader."""

    def __init__(self, far: int, keyboard: TextIO, output: TextIO) -> None:
        self.keyboard = keyboard
        self.output = output
        self._far = far
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._changed = threading.Condition()
        self._marks = 0
        self._drawing = threading.Thread(target=self._draw)
        self._drawing.start()

    def type(self, keys: str) -> None:
        """Press keys; Enter is `\\r`."""
        os.write(self._far, keys.encode())

    def lines(self) -> list[str]:
        """What stands on the screen when all that was written until now is drawn."""
        self._marks += 1
        mark = f"mark {self._marks}"
        os.write(self.output.fileno(), f"\x1b]2;{mark}\x07".encode())
        self.wait(lambda _: self._screen.title == mark)
        return self._lines()

    def wait(self, drawn: Callable[[list[str]], bool]) -> None:
        """Wait until this is true of the lines on the screen. It blocks: use a thread where the loop must run."""
        with self._changed:
            if not self._changed.wait_for(lambda: drawn(self._lines()), PATIENCE):
                raise AssertionError("The screen never came to it:\n" + "\n".join(self._lines()))

    def off(self) -> None:
        """Wait until the last was drawn, after the near end was closed."""
        self._drawing.join(PATIENCE)
        os.close(self._far)

    def _draw(self) -> None:
        stream = pyte.ByteStream(self._screen)
        while data := self._read():
            with self._changed:
                stream.feed(data)
                self._changed.notify_all()

    def _read(self) -> bytes:
        try:
            return os.read(self._far, 65_536)
        except OSError:  # the near end is closed
            return b""

    def _lines(self) -> list[str]:
        rows = (self._screen.buffer[line] for line in range(self._screen.cursor.y + 1))
        return ["".join(row[column].data for column in range(COLUMNS)).rstrip() for row in rows]


class ConsoleHarness:
    """The person at the terminal."""

    redelivers = False
    conversation = ROOM

    def __init__(self, terminal: Terminal, adapter: ConsoleAdapter, person: Person) -> None:
        self.terminal = terminal
        self.adapter = adapter
        self.person = person

    async def say(self, text: str) -> None:
        """See the contract."""
        self.terminal.type(f"{text}\r")

    async def share(self, name: str, content: bytes) -> None:
        """See the contract."""
        raise NotImplementedError

    async def press(self, label: str) -> None:
        """See the contract."""
        self.terminal.type(f"{self.letter(label)}\r")

    def letter(self, label: str) -> str:
        """The letter of the newest button that reads so."""
        found = (button for line in reversed(self.terminal.lines()) for button in BUTTON.findall(line))
        return next(str(letter) for letter, named in found if named == label)

    def shown(self) -> Sequence[Shown]:
        """See the contract. A message is what stands indented below the bot's name, an edit what follows an arrow."""
        messages: list[list[str]] = []
        inside = False
        for line in self.terminal.lines():
            new = line == "apprentice" or line.startswith("  ↳ ")
            inside = new or (inside and (not line or line.startswith("  ")))
            if new:
                messages.append([])
            if inside and line != "apprentice":
                messages[-1].append(line.removeprefix("  ").removeprefix("↳ "))
        return [_shown(lines) for lines in messages]


def _shown(lines: Sequence[str]) -> Shown:
    rows = [row for line in lines if (row := tuple(label for _, label in BUTTON.findall(line)))]
    text = "\n".join(line for line in lines if not BUTTON.match(line))
    return Shown(text.strip(), tuple(rows))


@contextmanager
def terminal() -> Iterator[Terminal]:
    """A terminal, switched on."""
    far, near = pty.openpty()
    termios.tcsetwinsize(near, (LINES, COLUMNS))
    with (
        ExitStack() as after,
        open(near, encoding="utf-8") as keyboard,
        open(near, "w", encoding="utf-8", closefd=False) as output,
    ):
        on = Terminal(far, keyboard, output)
        after.callback(on.off)
        yield on


@asynccontextmanager
async def console_harness() -> AsyncIterator[ConsoleHarness]:
    """An adapter at a terminal of its own, where Ann is logged in."""
    ann = {"LOGNAME": "ann", "COLUMNS": str(COLUMNS), "LINES": str(LINES), "TERM": "xterm"}
    with terminal() as on, mock.patch.dict(os.environ, ann):
        yield ConsoleHarness(on, ConsoleAdapter(on.keyboard, on.output), Person("console:ann", "ann"))
