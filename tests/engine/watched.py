"""A chat in which running turns show themselves, and a clock that stands until a test lets time pass."""

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.domain.chat import Button, ButtonClicked, Conversation, Progress
from bot.ports import ModelReply, ModelRequest
from bot.store.store import Store
from tests.engine.desk import Desk
from tests.engine.made import ANA, ROOM, HandClock, KeptChat

PATIENCE = 60.0
"""Seconds after which something that should happen is taken not to happen."""


class SteppedClock(HandClock):
    """Whoever sleeps wakes when a test lets the time come."""

    def __init__(self) -> None:
        super().__init__()
        self._asleep: list[tuple[float, asyncio.Event]] = []
        self._changed = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        waked = asyncio.Event()
        sleeper = (self.now().timestamp() + seconds, waked)
        self._asleep.append(sleeper)
        self._changed.set()
        try:
            await waked.wait()
        finally:
            if sleeper in self._asleep:
                self._asleep.remove(sleeper)

    async def passes(self, seconds: float, asleep: int) -> None:
        """As soon as so many are asleep, let time pass and wake those whose time has come."""
        async with asyncio.timeout(PATIENCE):
            while len(self._asleep) != asleep:
                self._changed.clear()
                await self._changed.wait()
        self.time += timedelta(seconds=seconds)
        for sleeper in [*self._asleep]:
            if sleeper[0] <= self.now().timestamp() + 1e-6:
                self._asleep.remove(sleeper)
                sleeper[1].set()


class WatchedChat(KeptChat):
    """Keeps what is shown: `shown` are pairs of the progress and the live message's id that it was shown in.

    `faults_shown` are raised first, one a call. While `open` is not set, calls wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 1.0
        self.signs = 0
        self.shown: list[tuple[Progress, str]] = []
        self.faults_shown: list[Exception] = []
        self.open = asyncio.Event()
        self.open.set()
        self._calls: asyncio.Queue[Progress] = asyncio.Queue()

    async def working(self, conversation: Conversation) -> None:
        self.signs += 1

    def pace(self, conversation: Conversation) -> float:
        return self.seconds

    async def progress(self, progress: Progress, message_id: str) -> str:
        self._calls.put_nowait(progress)
        await self.open.wait()
        if self.faults_shown:
            raise self.faults_shown.pop(0)
        self.shown.append((progress, message_id))
        return message_id or f"live{len(self.shown)}"

    async def next(self) -> Progress:
        """What is shown next; it may not be through yet."""
        return await asyncio.wait_for(self._calls.get(), PATIENCE)

    @property
    def read(self) -> list[str]:
        """What a person reads who looks now: the messages, each as it was edited last."""
        places = {f"m{number}": message.text for number, message in enumerate(self.sent, 1)}
        places |= {place: message.text for place, message in self.edited}
        return [*places.values()]


class WatchedDesk(Desk):
    """A desk whose turns are watched: `begin` one, then let time pass."""

    clock: SteppedClock
    chat: WatchedChat

    def __init__(self, store: Store, path: Path) -> None:
        super().__init__(store, path)
        self.clock, self.chat = SteppedClock(), WatchedChat()
        self.watched = {"telegram": self.chat}
        self.reply: asyncio.Future[ModelReply] = asyncio.get_running_loop().create_future()
        self.open()

    async def begin(self, text: str = "work", conversation: Conversation = ROOM) -> asyncio.Task[float | None]:
        """Somebody says something; the turn runs until the model is asked, which answers when `reply` is set."""
        await self.hear(text, ANA, conversation)
        return await self.goes_on(conversation)

    async def goes_on(self, conversation: Conversation = ROOM) -> asyncio.Task[float | None]:
        """The same for what is open in the conversation."""
        asked = asyncio.Event()

        async def answer(request: ModelRequest) -> ModelReply:
            asked.set()
            return await self.reply

        self.model.script.append(answer)
        running = asyncio.create_task(self.lanes.drain(conversation.lane))
        await asyncio.wait_for(asked.wait(), PATIENCE)
        return running

    async def until_shown(self) -> None:
        """Two seconds pass: the sign stands, and more may be shown."""
        await self.clock.passes(0.4, asleep=1)
        await self.clock.passes(1.6, asleep=2)

    def says(self, text: str) -> None:
        """The model has said so much."""
        assert self.model.heard is not None
        self.model.heard(text)

    async def clicks(self, button: Button) -> str:
        """The person presses a button of the first turn's live message; the words that answer it."""
        click = ButtonClicked(f"click:{next(self.numbers)}", ROOM, ANA, button.id, "live1", "token", self.clock.now())
        await self.intake.accept(click)
        await self.lanes.drain("card:1")
        return self.chat.answers[-1]

    async def ends(self, running: asyncio.Task[float | None], reply: ModelReply) -> None:
        """The model has answered; the turn ends, and what it left to do is done."""
        self.reply.set_result(reply)
        await asyncio.wait_for(running, PATIENCE)
        await self.work()

    async def dies(self, running: asyncio.Task[float | None]) -> None:
        """The process is killed and starts again. What was on its way to the platform arrives."""
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        self.reply = asyncio.get_running_loop().create_future()
        self.open()
