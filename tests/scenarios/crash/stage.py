"""The stage: the emulators, a folder, and the children that work on it one after the other."""

import asyncio
import signal
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.domain.json import JSON
from bot.store import people
from bot.store.store import writing_engine
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import User
from tests.scenarios.crash.child import ANY, Plan, serve
from tests.scenarios.crash.process import Child
from tests.scenarios.crash.remains import Remains, knows, remains
from tests.scenarios.crash.talk import SECONDS

Kill = tuple[str, int]
"""A crash point, and for the how-manieth time it is passed."""


class Stage:
    """`recorded` are the chat and message ids of all posts that were ever on record, `kills` counts the kills so far.

    `cut_off` are the lines whose writing a kill cut off: of those, and only those, nobody knows.
    """

    def __init__(self, folder: Path, telegram: TelegramEmulator, model: str, settings: Mapping[str, JSON]) -> None:
        self.children: list[Child] = []
        self.recorded: set[tuple[int, int]] = set()
        self.cut_off: set[str] = set()
        self.kills = 0
        self._telegram = telegram
        self._plan = Plan(folder, telegram.base_url, model, settings)

    def let_in(self, someone: Iterable[User]) -> None:
        """Have people paired before the story begins."""
        engine = writing_engine(self._plan.database)
        with engine.begin() as connection:
            for person in someone:
                people.offer(connection, person.name, expires=2.0)
                people.pair(connection, f"telegram:{person.id}", person.name, now=1.0)
        engine.dispose()

    def newest_code(self) -> str:
        """The pairing code that was announced last."""
        return [code for child in self.children for code in child.codes][-1]

    async def play(self, story: Coroutine[None, None, None], *kills: Kill) -> None:
        """Let the story be told to a bot that is killed, and started again, and in the end left alive."""
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(story)
            for point, nth in kills:
                async with self._child(point, nth) as child:
                    await asyncio.wait([telling, child.dead], return_when=asyncio.FIRST_COMPLETED)
                    assert await child.kill() == -signal.SIGKILL
                self.kills += 1
                self._look()
            polls = self._polls()
            async with self._child() as child:
                await asyncio.wait([telling, child.dead], return_when=asyncio.FIRST_COMPLETED)
                assert telling.done(), "the bot died by itself"
                await self._telegram.wait_for(
                    lambda: self._polls() > polls and not self._telegram.updates.pending, SECONDS
                )
                assert await child.terminate() == 0
            self._look()

    def _polls(self) -> int:
        return len(self._telegram.called("getUpdates"))

    def _child(self, point: str = ANY, nth: int = 0) -> Child:
        self.children.append(Child(replace(self._plan, point=point, nth=nth), serve))
        return self.children[-1]

    def _look(self) -> None:
        left = self.remains()
        self.recorded |= left.recorded
        self.cut_off |= left.cut_off

    @property
    def lines(self) -> Sequence[str]:
        """The lines that were written."""
        return self._plan.lines.read_text().split()

    def knows(self, word: str) -> bool:
        """Whether a word stands anywhere in the database."""
        return knows(self._plan.database, word)

    def remains(self) -> Remains:
        """What the database holds now that nobody works on it."""
        return remains(self._plan.database)
