"""In the child process: the real bot before the emulators, or the real command line, until its plan kills it."""

import asyncio
import gc
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from adapters.telegram.adapter import TelegramAdapter
from bot.__main__ import main
from bot.app import Outside, opened
from bot.cli import skill_shelf
from bot.cli.logs import configure
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.tool import Tool, ToolResult
from bot.engine import live
from bot.engine.commands import COMMANDS
from bot.ports import ToolContext
from bot.settings import load
from bot.store.store import Probe, Store
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators.telegram import TOKEN

ANY = "any"
"""Stands for each crash point."""
NOTHING: JSON = {"type": "object", "properties": {}, "additionalProperties": False}
TEXT: JSON = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a child works on and when it dies: as it passes `point` for the n-th time (0: never).

    `telegram` and `model` are the emulators' addresses; `settings` go to `load`.
    """

    folder: Path
    telegram: str = ""
    model: str = ""
    settings: Mapping[str, JSON] = field(default_factory=dict)
    point: str = ANY
    nth: int = 0

    @property
    def home(self) -> Path:
        """APPRENTICE_HOME."""
        return self.folder / "data"

    @property
    def database(self) -> Path:
        """Where the bot keeps it by itself."""
        return self.home / "apprentice.db"

    @property
    def skills(self) -> Path:
        """APPRENTICE_SKILLS."""
        return self.folder / "skills"

    @property
    def lines(self) -> Path:
        """What `append_line` writes to."""
        return self.folder / "lines"

    @property
    def log(self) -> Path:
        """What the children of this folder have said."""
        return self.folder / "log"


class Reports:
    """Tells the parent of crash points and pairing codes; dies where the plan says."""

    def __init__(self, plan: Plan, pipe: Connection) -> None:
        self._plan = plan
        self._pipe = pipe
        self._passed: Counter[str] = Counter()
        self._lock = Lock()

    def point(self, name: str) -> None:
        """Called by the store's thread and by the loop's."""
        with self._lock:
            self._pipe.send(("point", name))
            self._passed.update([name, ANY])
            if self._plan.point in (name, ANY) and self._passed[self._plan.point] == self._plan.nth:
                os.kill(os.getpid(), signal.SIGKILL)

    def code(self, code: str) -> None:
        """Where an operator would read it."""
        self._pipe.send(("code", code))


class Ledger:
    """A tool that writes where a second run would be seen, and one that reads. The writing has crash points too."""

    def __init__(self, lines: Path, probe: Probe) -> None:
        self._lines = lines
        self._probe = probe

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        return (
            Tool("append_line", "Append a line to the ledger", TEXT),
            Tool("count_lines", "Count the ledger's lines", NOTHING, reads=True),
        )

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        with self._lines.open("a+") as lines:
            if name == "count_lines":
                lines.seek(0)
                return ToolResult({"count": len(lines.readlines())})
            self._probe("before:line")
            lines.write(f"{arguments['text']}\n")
            lines.flush()
            os.fsync(lines.fileno())
            self._probe("after:line")
        return ToolResult({"written": arguments["text"]})


def serve(plan: Plan, pipe: Connection) -> None:
    """The bot on Telegram. SIGTERM ends it when no turn is due."""
    _settle_in(plan)
    asyncio.run(_serve(plan, Reports(plan, pipe)))


async def _serve(plan: Plan, reports: Reports) -> None:
    live.SHOWN_SECONDS = 0.5  # who watches need not watch for long
    clock = SystemClock()
    ledger = Ledger(plan.lines, reports.point)
    leaving = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    async with (
        TelegramAdapter(TOKEN, plan.telegram, tuple(COMMANDS.items()), clock, limits=UNLIMITED) as adapter,
        OpenAIModel("m", clock, base_url=plan.model) as model,
        opened(
            load(home=plan.home, skills=plan.skills, **plan.settings),
            Outside({adapter.platform: adapter}, model, model, clock, reports.code, (ledger,), reports.point),
        ) as app,
        asyncio.TaskGroup() as group,
    ):
        serving = group.create_task(app.run())
        await leaving.wait()
        await app.settled()
        serving.cancel()


def command(plan: Plan, pipe: Connection, arguments: Sequence[str]) -> None:
    """`apprentice` with these arguments."""
    _settle_in(plan)
    os.environ.update(APPRENTICE_HOME=str(plan.home), APPRENTICE_SKILLS=str(plan.skills))
    # The command opens its store by itself, without a probe: this one process gives it one.
    skill_shelf.Store = partial(Store, probe=Reports(plan, pipe).point)  # type: ignore[attr-defined, assignment]
    sys.argv = ["apprentice", *arguments]
    main()


def _settle_in(plan: Plan) -> None:
    """Away from the checkout's `.env`, with a log of its own."""
    gc.freeze()  # a collection would copy all the memory that is shared with the server
    os.chdir(plan.folder)
    log = os.open(plan.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    configure("console", Privacy())
