"""The demo's chat: a port like Telegram's, with a story in the person's place and a terminal to show it on."""

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable
from math import inf

from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding

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
from bot.ports import Clock

ROOM = Conversation("console", "local")
YOU = Person("console:you", "you")


class DemoChat:
    """Runs a story: what it says goes in as any message does, what the bot sends is shown and kept in `shown`."""

    platform = "console"

    def __init__(self, console: Console, clock: Clock) -> None:
        self.shown: list[Outgoing] = []
        self.story: Callable[[], Awaitable[None]]
        self.settled: Callable[[], Awaitable[None]]
        self._console = console
        self._clock = clock
        self._session = secrets.token_hex(4)
        self._count = itertools.count(1)
        self._accept: Callable[[Event], Awaitable[None]]

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Tell the story to its end."""
        self._accept = accept
        await self.story()

    async def say(self, text: str) -> str:
        """Say something and wait until the bot has done all there is to do; the message's key."""
        self._console.print(f"[bold cyan]you[/] {text}", highlight=False)
        key = f"demo:{self._session}:{next(self._count)}"
        await self._accept(MessageReceived(key, ROOM, YOU, text, key, self._clock.now()))
        await self.settled()
        return key

    async def press(self, label: str) -> None:
        """Press a button of the newest card that has it."""
        card = next(message for message in reversed(self.shown) if self._button(message, label))
        button = self._button(card, label)
        key = f"demo:{self._session}:{next(self._count)}"
        message_id = str(self.shown.index(card))
        await self._accept(
            ButtonClicked(key, ROOM, YOU, button.id if button else "", message_id, key, self._clock.now())
        )
        await self.settled()

    def parts(self, message: Outgoing) -> int:
        """A terminal takes any length."""
        return 1

    async def send(self, message: Outgoing, part: int) -> str:
        """Show a message."""
        self.shown.append(message)
        self._show(message)
        return str(len(self.shown) - 1)

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """Showing does not fail; nobody asks."""
        return None

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """Show what became of a message: its last line says so."""
        self.shown[int(message_id)] = message
        self._console.print(Padding(Markdown(message.text.splitlines()[-1]), (0, 0, 0, 4)))

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """Show the answer to a click."""
        self._console.print(f"    [dim]{text}[/]", highlight=False)

    async def form(self, click: ButtonClicked, form: Form) -> bool:
        """Nobody writes here."""
        return False

    async def home(self, home: Home) -> None:
        """There are no such pages here."""

    async def working(self, conversation: Conversation) -> None:
        """Nothing: the demo's model answers at once."""
        await asyncio.sleep(0)

    def pace(self, conversation: Conversation) -> float:
        """Nothing is shown of the work but what it leads to."""
        return inf

    async def progress(self, progress: Progress, message_id: str) -> str:
        """Nothing."""
        return ""

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """Nobody sends files."""
        raise Undeliverable("No files are sent here.")

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        """Nothing: each task is told when the one before it is answered."""

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        """The person at the terminal is."""
        return True

    async def is_here(self, conversation: Conversation, person: Person) -> bool:
        """Everybody is."""
        return True

    def _show(self, message: Outgoing) -> None:
        self._console.print("[bold green]apprentice[/]")
        self._console.print(Padding(Markdown(message.text.replace("\n", "  \n")), (0, 0, 0, 4)))
        if message.buttons:
            labels = "  ".join(f"[reverse] {button.label} [/]" for row in message.buttons for button in row)
            self._console.print(f"    {labels}", highlight=False)

    @staticmethod
    def _button(message: Outgoing, label: str) -> Button | None:
        return next((button for row in message.buttons for button in row if button.label == label), None)
