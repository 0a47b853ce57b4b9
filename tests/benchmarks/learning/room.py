"""The chat that a workplace's people share with the bot, as an adapter; each task is a thread in it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from time import monotonic

from bot.domain.chat import (
    Attachment,
    Button,
    ButtonClicked,
    Conversation,
    Event,
    Form,
    Home,
    MessageReceived,
    Outgoing,
    Person,
    Progress,
)
from bot.errors import Undeliverable

CHANNEL = "T1/C1"
SCOPE = f"slack:{CHANNEL}"
REVIEWER = Person("slack:T1/RITA", "Rita")
"""Who decides on cards; nobody else may."""
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
SLOT = timedelta(minutes=20)
"""Between the beginnings of two tasks."""
SHORT = 0.004
"""Seconds that any wait takes at most: nobody is there to wait for."""


class OfficeClock:
    """Each task begins at its slot, whenever that is for the machine; within a task time passes as it does."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, number: int) -> None:
        """The slot of a task begins."""
        self._slot, self._since = FIRST_DAY + number * SLOT, monotonic()

    def now(self) -> datetime:
        """The office's time."""
        return self._slot + timedelta(seconds=monotonic() - self._since)

    async def sleep(self, seconds: float) -> None:
        """Wait a moment."""
        await asyncio.sleep(min(seconds, SHORT))


def person(name: str) -> Person:
    """One of the people, as the platform knows them."""
    return Person(f"slack:T1/{name.upper()}", name)


def thread(number: int) -> Conversation:
    """Where a task is talked about."""
    return Conversation("slack", CHANNEL, f"{number}.0", direct=False)


class Room:
    """Port ChatAdapter: runs a story; what is said and pressed goes in as any event; answers wait in `messages`."""

    platform = "slack"

    def __init__(self, clock: OfficeClock) -> None:
        self.story: Callable[[], Awaitable[None]]
        self.settled: Callable[[], Awaitable[None]]
        self.messages: list[Outgoing] = []
        self._clock = clock
        self._count = itertools.count(1)
        self._accept: Callable[[Event], Awaitable[None]]

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Tell the story to its end."""
        self._accept = accept
        await self.story()

    async def say(self, where: Conversation, who: Person, text: str) -> Sequence[Outgoing]:
        """Say something and wait until the bot has done all there is to do; what it posted, at least an answer."""
        id = str(next(self._count))
        return await self._happened(MessageReceived(f"slack:{id}", where, who, text, id, self._clock.now()), 1)

    async def press(self, button: Button, under: Outgoing, who: Person, answers: int = 0) -> Sequence[Outgoing]:
        """Press a button; what the bot posted then, at least so many messages."""
        id = str(next(self._count))
        place = str(self.messages.index(under))
        click = ButtonClicked(f"slack:{id}", under.conversation, who, button.id, place, id, self._clock.now())
        return await self._happened(click, answers)

    async def _happened(self, event: Event, answers: int) -> Sequence[Outgoing]:
        before = len(self.messages)
        await self._accept(event)
        await self.settled()
        while len(self.messages) < before + answers:  # the model's server asked to be left alone for a while
            await self._clock.sleep(SHORT)
            await self.settled()
        return self.messages[before:]

    def parts(self, message: Outgoing) -> int:
        """Any length fits."""
        return 1

    async def send(self, message: Outgoing, part: int) -> str:
        """Keep it; its id is its place."""
        self.messages.append(message)
        return str(len(self.messages) - 1)

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """Nobody asks."""
        return None

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """Keep the newer one."""
        self.messages[int(message_id)] = message

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """Nobody reads it."""

    async def form(self, click: ButtonClicked, form: Form) -> bool:
        """Nobody fills it in."""
        return False

    async def home(self, home: Home) -> None:
        """There are no such pages here."""

    async def working(self, conversation: Conversation) -> None:
        """Nobody looks."""

    def pace(self, conversation: Conversation) -> float:
        """Nobody looks."""
        return inf

    async def progress(self, progress: Progress, message_id: str) -> str:
        """Nobody looks."""
        return ""

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """Nobody sends files."""
        raise Undeliverable("No files are sent here.")

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        """Nobody looks."""

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        """Only the reviewer is."""
        return person == REVIEWER

    async def is_here(self, conversation: Conversation, person: Person) -> bool:
        """Everybody is."""
        return True


def button(messages: Sequence[Outgoing], label: str) -> tuple[Button, Outgoing] | None:
    """The first button that reads so, with its message."""
    for message in messages:
        for row in message.buttons:
            for each in row:
                if each.label == label:
                    return each, message
    return None
