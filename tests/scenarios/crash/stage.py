"""The stage: the emulators, a folder, and the children that work on it one after the other."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Message
from tests.scenarios.crash.child import ANY, Plan, serve
from tests.scenarios.crash.process import Child
from tests.scenarios.crash.remains import Remains, remains
from tests.scenarios.crash.talk import SECONDS, Model, Talk, fits

Kill = tuple[str, int]
"""A crash point, and for the how-manieth time it is passed."""


class Stage:
    """`abandoned` are the posts that a kill left unrecorded: those, and only those, may stand twice.

    `cut_off` are the lines whose writing a kill cut off: of those, and only those, nobody knows.
    """

    def __init__(self, folder: Path, telegram: TelegramEmulator, model: Model) -> None:
        self.folder = folder
        self.telegram = telegram
        self.model = model
        self.children: list[Child] = []
        self.abandoned: list[Message] = []
        self.cut_off: set[str] = set()

    def newest_code(self) -> str:
        """The pairing code that was announced last."""
        return [code for child in self.children for code in child.codes][-1]

    async def play(self, story: Coroutine[None, None, None], *kills: Kill) -> None:
        """Let the story be told to a bot that is killed, and started again, and in the end left alive."""
        async with asyncio.TaskGroup() as group:
            people = group.create_task(story)
            for point, nth in kills:
                async with self._child(point, nth) as child:
                    ended = group.create_task(child.ended())
                    await asyncio.wait([people, ended], return_when=asyncio.FIRST_COMPLETED)
                    assert await child.kill() == -signal.SIGKILL
                self._look_at_the_wreck()
            polls = self._polls()
            async with self._child() as child:
                ended = group.create_task(child.ended())
                await asyncio.wait([people, ended], return_when=asyncio.FIRST_COMPLETED)
                assert people.done(), "the bot died by itself"
                await self.telegram.wait_for(
                    lambda: self._polls() > polls and not self.telegram.updates.pending, SECONDS
                )
                assert await child.terminate() == 0

    def _polls(self) -> int:
        return len(self.telegram.called("getUpdates"))

    def _child(self, point: str = ANY, nth: int = 0) -> Child:
        plan = Plan(self.folder, self.telegram.base_url, self.model.base_url, {"learn_after": 0}, point, nth)
        self.children.append(Child(plan, serve))
        return self.children[-1]

    def _look_at_the_wreck(self) -> None:
        left = self.remains()
        posted = [
            message for chat in self.telegram.chats.values() for message in chat.messages if message.sender.is_bot
        ]
        unrecorded = [
            message
            for message in posted
            if (message.chat.id, message.id) not in left.recorded and message not in self.abandoned
        ]
        assert max(Counter(message.chat.id for message in unrecorded).values(), default=0) <= 1
        self.abandoned += unrecorded
        self.cut_off |= left.cut_off

    def remains(self) -> Remains:
        """What the database holds now that nobody works on it."""
        return remains(self.folder / "data" / "apprentice.db")


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """A stage on a folder."""
    async with TelegramEmulator() as telegram, Model() as model:
        yield Stage(folder, telegram, model)


def check(stage: Stage, talks: Sequence[Talk], words: Sequence[str], dead: Sequence[str] = ()) -> None:
    """Nothing is lost, nothing is done twice, nothing is left over; `words` are the lines that were to be written."""
    for talk in talks:
        heard = [message.text for message in talk.heard() if message not in stage.abandoned]
        assert len(heard) == len(talk.expected), heard
        assert all(map(fits, talk.expected, heard)), heard
    lines = Counter((stage.folder / "lines").read_text().split())
    unknown = {word for word in words if any(f"Unknown: {word}" == m.text for talk in talks for m in talk.heard())}
    assert unknown == stage.cut_off
    assert all(lines[word] == 1 or (lines[word] == 0 and word in unknown) for word in words), lines
    left = stage.remains()
    assert set(left.waiting) <= {"close"}
    assert left.dead == tuple(dead)
    assert left.said == sum(talk.said for talk in talks)
