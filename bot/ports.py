"""Where the process ends: what the core needs from chats, models, tools, runners and the clock."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.chat import Attachment, ButtonClicked, Conversation, Event, Form, Home, Outgoing, Person, Progress
from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolCall, ToolResult


class ChatAdapter(Protocol):
    """One platform. SDK types stop behind it."""

    platform: str

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Receive until cancelled. `accept` returns when the event is committed: acknowledge only then.

        It raises StoreError when nothing was committed: the platform must bring the event again.
        """

    def parts(self, message: Outgoing) -> int:
        """How many messages of the platform this one takes: a pure function of the message."""

    async def send(self, message: Outgoing, part: int) -> str:
        """Post part number `part` (from 0) of a message; buttons stand under the last part.

        The split is a pure function of the message, so part 1 after a restart goes on behind part 0.
        Raises DeliverLater, MaybeDelivered or Undeliverable.
        """

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """The id of a part whose answer was lost, found by the message's key; None if it is not there.

        Raises DeliverLater when the platform does not tell now, and MaybeDelivered where it never does.
        """

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """Replace a posted message by part 0; no buttons given, none left. Raises as `send`.

        A live message of `progress` ends with it, also after a restart.
        """

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """Answer a click with at most 200 characters, as well as can be: a stale click is nobody's error.

        A text that is InPassing is left out where it would stay.
        """

    async def form(self, click: ButtonClicked, form: Form) -> bool:
        """Let who clicked change a text: what they make of it comes as a click on the same button that has it.

        As well as can be, like `answer`; a click that came out of a form shows the next one in its place. False where
        the platform has no forms: what answers a posted file comes as such a click then.
        """

    async def home(self, home: Home) -> None:
        """Show a person's page in the place of what stood there. Raises as `send`.

        Wanted only where the platform tells that somebody has opened theirs.
        """

    async def working(self, conversation: Conversation) -> None:
        """Show that the bot works, for a few seconds. Transient; never raises DeliveryError."""

    def pace(self, conversation: Conversation) -> float:
        """Seconds that must lie between two calls of `progress` for one conversation; infinite: nothing is shown."""

    async def progress(self, progress: Progress, message_id: str) -> str:
        """Show how far a turn has come, in the live message `message_id` or, if that is empty, anew.

        Returns the live message's id, for the next call and for the `edit` that puts the answer in its place; empty
        where the platform shows it without a message. Transient: what is shown may be cut. Raises as `send`.
        """

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The file's bytes, at most `limit`. Raises DeliverLater; Undeliverable if it is larger or gone."""

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        """Show under a message that it was taken into the work under way. Transient; never raises DeliveryError."""

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        """Ask the platform whether the person administers the chat. Raises DeliverLater when it cannot tell."""

    async def is_here(self, conversation: Conversation, person: Person) -> bool:
        """Ask the platform whether the person is in the chat; yes where it never tells.

        Raises DeliverLater when it cannot tell now.
        """


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """OpenAI chat messages and tools. With `schema` (a JSON Schema of type object) the reply's text is such JSON.

    `max_tokens` caps the answer; None leaves it to the server.
    """

    messages: Sequence[JSON]
    tools: Sequence[Tool] = ()
    schema: JSON | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ModelReply:
    """Text, calls (ids made unique within the reply), and what it cost.

    Tokens are the server's count, or an estimate (4 bytes a token) where `estimated`.
    """

    text: str
    calls: tuple[ToolCall, ...]
    tokens_in: int
    tokens_out: int
    estimated: bool
    bytes_out: int
    """Bytes of the request's body, as sent to the server."""
    model: str = ""
    """The name by which the model was asked for; empty where none was asked."""


class ModelClient(Protocol):
    """A chat completion. Raises ModelUnavailable, ModelRefused or ContextTooLong."""

    async def complete(self, request: ModelRequest, heard: Callable[[str], None] | None = None) -> ModelReply:
        """The reply. With `heard` it is streamed: that is given the text as far as it has come, all of it each time."""


class Embedder(Protocol):
    """Texts become vectors whose directions are near where the meanings are."""

    model: str

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector a text, all of one length. Raises ModelError."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """For whom a tool is called: authority and visibility are decided from this, where the call is made."""

    conversation: Conversation
    person: Person


class ToolSource(Protocol):
    """A group of tools."""

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """What this person may use in this conversation."""

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Call one; the arguments already fit its schema. Raises ToolError with a sentence for the model."""


class Dispatcher(Protocol):
    """Which lanes run where. Embedded: a task for each busy lane in this process."""

    async def wake(self, lane: str) -> None:
        """There may be work in this lane. Idempotent."""

    async def run(self, drain: Callable[[str], Awaitable[None]]) -> None:
        """Call `drain` for woken lanes, never twice at once for one lane, until cancelled."""


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The time, in UTC, aware."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
