"""What chats say to the bot and what the bot says back, free of any platform's types."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

HELP = "/help"
"""The command that tells what the bot understands: its name alone is taken for it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread on one platform.

    `chat` is the platform's id of the room (`42`, `-100123`; on Slack `T1/C9`), `thread` its part if it has
    such (a Slack timestamp). `direct` says that one person and the bot are alone in it. `language` is the IETF tag
    (`de`, `en-GB`) of whoever spoke last there, where the platform tells it. `formerly` is the id of a room that has
    moved by which it became known: it stays the room's identity, `chat` is where it is now.
    """

    platform: str
    chat: str
    thread: str = ""
    direct: bool = field(default=True, compare=False)
    language: str = field(default="", compare=False)
    formerly: str = ""

    @property
    def key(self) -> str:
        """The identity as text: `telegram:42`, `slack:T1/C9:1700.12`."""
        return ":".join(filter(None, (self.platform, self.formerly or self.chat, self.thread)))

    @property
    def scope(self) -> str:
        """Where what is learned here belongs (bot/skills/FORMAT.md): the room, or `local` on the console."""
        return "local" if self.platform == "console" else f"{self.platform}:{self.formerly or self.chat}"

    @property
    def lane(self) -> str:
        """The lane in which this conversation's turns run one after the other."""
        return f"chat:{self.key}"

    @property
    def out_lane(self) -> str:
        """The lane in which deliveries to this room wait: ordered for each chat."""
        return f"out:{self.platform}:{self.formerly or self.chat}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes. `id` is the platform's, with the platform before it: `telegram:42`, `slack:T1/U7`.

    `zone` is the name of their time zone (`Europe/Berlin`), where the platform tells it.
    """

    id: str
    name: str = field(default="", compare=False)
    zone: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a person sent: the platform hands it out by `id`; `size` in bytes, 0 where it is not told.

    `media` is its media type (`text/csv`) as the platform says it, `audio/…` for a voice message, `sticker` for one.
    """

    id: str
    name: str
    media: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A person said `text` to the bot (its own name and mention already taken out), or sent files with or without it.

    `key` names the thing said and is unique for all time. `message_id` is the
    platform's, for replies that quote. Not `addressed`: said in a thread where people talk, without naming the bot.
    `quotes` is the id of the message that it answers, where people point at one. `album` names what a person sent as
    one and the platform brings as a message a file.
    """

    key: str
    conversation: Conversation
    person: Person
    text: str
    message_id: str
    at: datetime
    addressed: bool = True
    attachments: tuple[Attachment, ...] = ()
    quotes: str = ""
    album: str = ""

    @property
    def quote(self) -> str:
        """The message that its answer quotes: none where the person is alone with the bot."""
        return "" if self.conversation.direct else self.message_id


@dataclass(frozen=True, slots=True)
class ButtonClicked:
    """A person pressed the button with the opaque id `button` under the message `message_id`, empty on their home.

    `token` is what the platform needs to answer the click (Telegram's callback query id); it goes stale. With `text` or
    `file` the person has filled in the form that pressing the button opened: this is what they made of its text.
    """

    key: str
    conversation: Conversation
    person: Person
    button: str
    message_id: str
    token: str
    at: datetime
    text: str | None = None
    file: Attachment | None = None


class InPassing(str):
    """The answer to a click whose outcome the chat shows anyway: for platforms on which such answers vanish."""


@dataclass(frozen=True, slots=True)
class Reacted:
    """A person changed the reactions to the message `message_id`: `emoji` are those that stand there now.

    Each is the emoji itself, or its name where the platform has names (`+1`).
    """

    key: str
    conversation: Conversation
    person: Person
    message_id: str
    emoji: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """The bot came into a chat (`member`), or was thrown out of it or blocked."""

    key: str
    conversation: Conversation
    person: Person
    member: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ChatMoved:
    """The platform gave the chat of `conversation` another id: `chat`."""

    key: str
    conversation: Conversation
    person: Person
    chat: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """A person looks at their page of the bot; `conversation` is their direct chat."""

    key: str
    conversation: Conversation
    person: Person
    at: datetime


Event = MessageReceived | ButtonClicked | Reacted | MembershipChanged | ChatMoved | HomeOpened


@dataclass(frozen=True, slots=True)
class Button:
    """A button: what it reads, its opaque id of at most 32 ASCII characters, and whether pressing it opens a form."""

    label: str
    id: str
    form: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A text that a person may change: what it belongs to, its file's name, and what was wrong with it as it stands."""

    title: str
    file: str
    text: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to a conversation: Markdown as models write it, rows of buttons, the message it answers.

    With `file`, the path of one, that file with the text (short then) beside it: one part. `mention` is called by name
    before the text, and told of it by the platform. `key` names the message for all time once it is on its way: a
    platform may find by it what it was given.
    """

    conversation: Conversation
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    reply_to: str = ""
    file: str = ""
    mention: Person | None = None
    key: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Home:
    """A person's page of the bot, where the platform has such: pieces one below the other, each with its buttons.

    `conversation` is their direct chat: a click on the page is a click there, under no message.
    """

    conversation: Conversation
    person: Person
    pieces: tuple[Outgoing, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """A tool at work, as people read it (`Reads notes/a.txt`): running, done or failed."""

    title: str
    state: Literal["running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Progress:
    """What a turn shows of itself while it works: what it did and does, and its answer as far as it has come.

    `text` is Markdown, empty before the first word; `person` and `reply_to` say whose message is answered.
    """

    conversation: Conversation
    person: Person
    reply_to: str
    text: str
    activities: tuple[Activity, ...]
    stop: Button
