"""The ChatAdapter for a terminal: lines typed or piped in, Markdown shown, buttons pressed by their letter."""

import asyncio
import getpass
import io
import itertools
import secrets
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import replace
from math import inf
from typing import TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from adapters import piped
from adapters.editor import edited
from adapters.letters import Letters
from adapters.screen import Harmless, markdown
from bot.clients.clock import SystemClock
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
from bot.domain.text import shorten
from bot.errors import ConfigError, MaybeDelivered, StoreError, Undeliverable

PLATFORM = "console"
ROOM = Conversation(PLATFORM, "local")
GREETING = "Say what you need; /help says what I understand. Ctrl-D leaves."
LEAVING = "I finish what I am at; Ctrl-C leaves it for the next start."
SIGN_SECONDS = 6.0
"""How long the working sign stands: it is renewed every four seconds while work goes on."""
UNCHANGED = "Nothing was changed."
NO_EDITOR = "To change it, run `apprentice chat` in a terminal: it opens your editor."
WORKING = "working…"
DOING_CHARACTERS = 40
PACE_SECONDS = 0.5
"""How often the sign says something else, at most."""
ANSWER_CHARACTERS = 200


class ConsoleAdapter:
    """One person at a terminal, or a pipe with a message on each line; all of it is one conversation.

    Where both ends are terminals there is a prompt that keeps what is being typed while messages arrive. Where
    `output` is none, messages are written as they are, one blank line between them. Raises ConfigError where the
    process has no standard input or output.
    """

    platform = PLATFORM

    def __init__(self, input: TextIO | None = None, output: TextIO | None = None) -> None:
        self._input, self._output = input or sys.stdin, output or sys.stdout
        if not (self._input and self._output):  # Python has none where the shell closed it
            raise ConfigError("Standard input or output is closed, so nobody can talk here: run this in a terminal.")
        self._clock = SystemClock()
        if isinstance(self._output, io.TextIOWrapper):
            self._output.reconfigure(errors="replace")  # a terminal that cannot show a letter is no reason to stop
        self._console = Console(file=self._output, force_terminal=self._output.isatty(), highlight=False)
        self._prompts = self._input.isatty() and self._console.is_terminal
        self._person = _person()
        self._session = secrets.token_hex(8)
        self._count = itertools.count(1)
        self._letters = Letters()
        self._sign: asyncio.TimerHandle | None = None
        self._doing = WORKING
        self._redraw: Callable[[], None] = lambda: None
        self._above_prompt: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
        self._accept: Callable[[Event], Awaitable[None]] | None = None

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Receive until the person leaves (Ctrl-C, Ctrl-D, the end of the input) or until cancelled."""
        self._accept = accept
        async with aclosing(self._typed() if self._prompts else piped.lines(self._input.fileno())) as lines:
            async for line in lines:
                if text := line.strip():
                    await self._take(text, accept)

    def parts(self, message: Outgoing) -> int:
        """See the port: a terminal takes any length."""
        return 1

    async def send(self, message: Outgoing, part: int) -> str:
        """See the port."""
        message_id = self._name()
        self._rest()
        self._doing = WORKING
        header = [Text("apprentice", "bold green")] if self._console.is_terminal else []
        words = [self._body(message.text)] if message.text.strip() or not message.file else []
        file = [self._indented(Text(message.file, "bold"))] if message.file else []
        await self._show(*header, *words, *file, *self._buttons(message.buttons, message_id))
        return message_id

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """See the port: what an earlier process printed is not known."""
        raise MaybeDelivered("Nobody knows what the terminal showed.")

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """See the port: what was printed stays, so the last line, which says what changed, is printed below."""
        self._letters.remove(message_id)
        changed = message.text.strip().split("\n")[-1]
        await self._show(self._body(f"↳ {changed}"), *self._buttons(message.buttons, message_id))

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """See the port."""
        await self._note(shorten(text, ANSWER_CHARACTERS))

    async def form(self, click: ButtonClicked, form: Form) -> bool:
        """See the port: it is filled in while this runs, and without a prompt it cannot be."""
        text = await edited(form) if self._prompts and self._accept else None
        if text is None or self._accept is None:
            await self._note(UNCHANGED if self._prompts else NO_EDITOR)
            return True
        name = self._name()
        key, now = f"{PLATFORM}:{name}", self._clock.now()
        await self._accept(replace(click, key=key, token=name, at=now, text=text))
        return True

    async def home(self, home: Home) -> None:
        """There are no such pages here."""

    async def working(self, conversation: Conversation) -> None:
        """See the port: a word at the right of the prompt."""
        self._rest()
        self._sign = asyncio.get_running_loop().call_later(SIGN_SECONDS, self._rest)
        self._redraw()

    def pace(self, conversation: Conversation) -> float:
        """See the port: what is written to a pipe stays, so nothing goes there before the answer."""
        return PACE_SECONDS if self._prompts else inf

    async def progress(self, progress: Progress, message_id: str) -> str:
        """See the port: the working sign says what is being done."""
        running = [activity.title for activity in progress.activities if activity.state == "running"]
        self._doing = f"{shorten(running[-1], DOING_CHARACTERS)}…" if running else WORKING
        self._redraw()
        return ""

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """See the port: nobody sends files here."""
        raise Undeliverable("No files are sent in a terminal.")

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        """See the port: each line has an answer of its own here."""

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        """See the port: the terminal is the person's own."""
        return True

    async def is_here(self, conversation: Conversation, person: Person) -> bool:
        """See the port."""
        return True

    def _rest(self) -> None:
        """Take the working sign away."""
        if self._sign is not None:
            self._sign.cancel()
            self._sign = None
            self._redraw()

    def _name(self) -> str:
        """A name that nothing else ever has: for messages in and out, and clicks."""
        return f"{self._session}:{next(self._count)}"

    async def _take(self, text: str, accept: Callable[[Event], Awaitable[None]]) -> None:
        pressed = self._letters.live(text)
        if not pressed and (gone := self._letters.gone(text)) is not None:
            await self._note(f"[{text}] {gone} is not there any more. Say {text} again to send it as a message.")
            return
        name, now = self._name(), self._clock.now()
        key = f"{PLATFORM}:{name}"
        event: Event = MessageReceived(key, ROOM, self._person, text, name, now)
        if pressed:
            event = ButtonClicked(key, ROOM, self._person, pressed.button.id, pressed.message_id, name, now)
        try:
            await accept(event)
        except StoreError as error:
            await self._note(f"{error} What you said was not kept: say it again.")

    async def _typed(self) -> AsyncGenerator[str, None]:
        """Lines that a person types; pasted lines are one."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.application import in_terminal
        from prompt_toolkit.input.vt100 import Vt100Input
        from prompt_toolkit.output.vt100 import Vt100_Output

        screen = Vt100_Output.from_pty(self._output)
        screen.enable_cpr = False  # a terminal that answers late where its cursor is types into the shell that follows
        prompt: PromptSession[str] = PromptSession(
            [("bold ansicyan", "you"), ("", " › ")],
            rprompt=lambda: "" if self._sign is None or prompt.app.is_done else self._doing,
            input=Vt100Input(self._input),
            output=screen,
            interrupt_exception=EOFError,
            enable_suspend=True,
        )
        self._above_prompt, self._redraw = in_terminal, prompt.app.invalidate
        await self._note(GREETING)
        while True:
            try:
                # Its own handler of what fails anywhere in the loop would hold up the typing until Enter is pressed.
                line = await prompt.prompt_async(set_exception_handler=False)
            except EOFError:
                self._console.print()
                if self._sign:
                    await self._note(LEAVING)
                return
            if line.strip():
                self._console.print()
            yield line

    def _buttons(self, rows: Sequence[Sequence[Button]], message_id: str) -> list[RenderableType]:
        """The rows with the letters that press them."""
        named = [[f"[{self._letters.give(button, message_id)}] {button.label}" for button in row] for row in rows]
        return [Text(), *(self._indented(Text("  ".join(row), "bold")) for row in named)] if named else []

    def _body(self, text: str) -> RenderableType:
        text = text.strip("\n") if text.strip() else "…"
        return self._indented(markdown(text)) if self._console.is_terminal else Text(text)

    async def _note(self, text: str) -> None:
        """A short word that is no message."""
        if text:
            await self._show(Text(text, "dim"))

    def _indented(self, content: RenderableType) -> RenderableType:
        return Padding(content, (0, 0, 0, 2)) if self._console.is_terminal else content

    async def _show(self, *blocks: RenderableType) -> None:
        """Print, with a blank line behind."""
        async with self._above_prompt():
            for block in (*blocks, Text()):
                self._console.print(Harmless(block), soft_wrap=not self._console.is_terminal)


def _person() -> Person:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = "operator"
    return Person(f"{PLATFORM}:{name}", name)
