"""The real bot in this process, with people before it who ask and read answers, and nothing to wait for in between."""

import asyncio
import itertools
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
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
from bot.errors import Undeliverable
from bot.ports import ModelClient
from bot.settings import load
from bot.store.store import Probe
from tests.benchmarks.work import FILES

CHECKOUT = Path(__file__).parents[2]


class Crowd:
    """A chat adapter that takes no time."""

    platform = "telegram"

    def __init__(self) -> None:
        self.story: Callable[[], Awaitable[None]]
        self._count = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[float]] = {}
        self._accept: Callable[[Event], Awaitable[None]]

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Tell the story to its end."""
        self._accept = accept
        await self.story()

    async def ask(self, chat: str, text: str) -> float:
        """Say something in a direct chat and wait for the answer; the seconds from handing it in to `send`."""
        number = str(next(self._count))
        conversation, person = Conversation(self.platform, chat), Person(f"telegram:{chat}", "Ana")
        said = MessageReceived(f"telegram:{chat}:{number}", conversation, person, text, number, datetime.now(UTC))
        answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[chat] = answered
        began = perf_counter()
        await self._accept(said)
        return await answered - began

    def parts(self, message: Outgoing) -> int:
        """Any length fits."""
        return 1

    async def send(self, message: Outgoing, part: int) -> str:
        """The answer is there."""
        self._waiting.pop(message.conversation.chat).set_result(perf_counter())
        return str(next(self._count))

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """Nobody asks."""
        return None

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """Nothing is edited in these stories."""

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """Nobody clicks."""

    async def form(self, click: ButtonClicked, form: Form) -> bool:
        """Nobody clicks."""
        return False

    async def home(self, home: Home) -> None:
        """There are no such pages here."""

    async def working(self, conversation: Conversation) -> None:
        """Nobody looks."""

    def pace(self, conversation: Conversation) -> float:
        """As in real chats, so that answers are streamed as there."""
        return 1.0

    async def progress(self, progress: Progress, message_id: str) -> str:
        """Nobody looks."""
        return ""

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """Nobody sends files."""
        raise Undeliverable("No files are sent here.")

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        """Nobody looks."""

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        """Nobody is."""
        return False

    async def is_here(self, conversation: Conversation, person: Person) -> bool:
        """Everybody is."""
        return True


async def play(
    folder: Path,
    model: ModelClient,
    story: Callable[[App, Crowd], Awaitable[None]],
    probe: Probe = lambda _: None,
) -> None:
    """Run the bot on a fresh folder, with the release's skills, until the story has been told."""
    furnish(folder)
    settings = load(
        home=folder / "data",
        skills=folder / "skills",
        workspace=folder / "workspace",
        DATABASE_URL=None,
        allowed=("*",),
        learn_after=0,
        learn_every=timedelta(0),
    )
    crowd = Crowd()
    outside = Outside({crowd.platform: crowd}, model, model, SystemClock(), lambda _: None, probe=probe)
    async with opened(settings, outside) as app:
        crowd.story = partial(story, app, crowd)
        await app.run()


def furnish(folder: Path) -> None:
    """Put the release's skills and a workspace into a folder."""
    shutil.copytree(CHECKOUT / "skills", folder / "skills")
    (folder / "workspace").mkdir()
    for name, text in FILES.items():
        (folder / "workspace" / name).write_text(text)
