"""What engine tests are made of: a clock that is set by hand, turns, a chat that keeps what it is sent."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from math import inf

from bot.domain.chat import (
    Attachment,
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
from bot.engine.prompt import with_history
from bot.errors import MaybeDelivered
from bot.store import turns
from bot.store.commits import Commit
from bot.store.store import Connection, Store
from bot.store.turns import NewTurn, Turn

ROOM = Conversation("telegram", "7")
GROUP = Conversation("telegram", "-100", direct=False)
ANA = Person("telegram:7", "Ana")
BOB = Person("telegram:8", "Bob")


class HandClock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class KeptChat:
    """A chat adapter that keeps what it is sent; `faults` are raised first, one a call."""

    platform = "telegram"

    def __init__(self, *faults: Exception, admins: tuple[str, ...] = ()) -> None:
        self.faults = list(faults)
        self.admins = admins
        self.left: list[Person] = []
        self.sent: list[Outgoing] = []
        self.edited: list[tuple[str, Outgoing]] = []
        self.answers: list[str] = []
        self.homes: list[Home] = []
        self.forms: list[Form] | None = None
        self.files: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.heard: list[tuple[Conversation, str]] = []

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        raise NotImplementedError

    def parts(self, message: Outgoing) -> int:
        return message.text.count("|") + 1

    async def send(self, message: Outgoing, part: int) -> str:
        self._fail()
        self.sent.append(message)
        return f"m{len(self.sent)}"

    async def posted(self, message: Outgoing, part: int) -> str | None:
        raise MaybeDelivered("This chat does not tell.")

    async def edit(self, message: Outgoing, message_id: str) -> None:
        self._fail()
        self.edited.append((message_id, message))

    async def answer(self, click: ButtonClicked, text: str) -> None:
        self.answers.append(text)

    async def form(self, click: ButtonClicked, form: Form) -> bool:
        if self.forms is not None:
            self.forms.append(form)
        return self.forms is not None

    async def home(self, home: Home) -> None:
        self._fail()
        self.homes.append(home)

    async def working(self, conversation: Conversation) -> None:
        pass

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        self.heard.append((conversation, message_id))

    def pace(self, conversation: Conversation) -> float:
        return inf

    async def progress(self, progress: Progress, message_id: str) -> str:
        raise NotImplementedError

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        self._fail()
        self.fetched.append(attachment.id)
        return self.files.get(attachment.id, attachment.name.encode())

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        return person.id in self.admins

    async def is_here(self, conversation: Conversation, person: Person) -> bool:
        self._fail()
        return person not in self.left

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


def said(text: str, number: int = 1, conversation: Conversation = ROOM, person: Person = ANA) -> MessageReceived:
    """A message; `number` makes it one of its own."""
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return MessageReceived(f"{conversation.key}:{number}", conversation, person, text, str(number), at)


async def claimed(store: Store, new: NewTurn) -> Turn:
    """A turn that was enqueued and claimed."""
    await store.write(Commit.INTAKE, lambda connection: turns.enqueue(connection, new, 1.0))

    def claim(connection: Connection) -> Turn:
        turn = turns.claim(connection, new.lane, 1.0)
        assert isinstance(turn, Turn)
        return with_history(connection, turn)

    return await store.write(Commit.CLAIM, claim)
