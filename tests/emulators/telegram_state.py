"""Telegram as people see it: who is there, which chats they have, what was said and which buttons were pressed.

People act by methods (`person.say`, `person.press`); what a bot would get to know of it becomes an update. The rules
are those of core.telegram.org/bots/api and core.telegram.org/bots/features (privacy mode).
"""

import re
import time
from dataclasses import dataclass, field
from itertools import count

from bot.domain.json import JSON
from tests.emulators.telegram_files import Files
from tests.emulators.telegram_members import change_bot
from tests.emulators.telegram_rates import Rates
from tests.emulators.telegram_updates import UpdateQueue
from tests.emulators.watched import Watched

DRAFT_SECONDS = 30
_SERVICE = {"migrate_to_chat_id", "migrate_from_chat_id"}
_ENTITY = re.compile(r"(?P<bot_command>(?<!\S)/\w{1,32}(@\w+)?)|(?P<mention>(?<![\w@])@\w{3,32})", re.ASCII)


def utf16(text: str) -> int:
    """A text's length as Telegram counts it, in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(eq=False)
class Message:
    """A message in a chat, as it stands now; `edits` counts how often it was changed, `reactions` are the bot's."""

    chat: "Chat"
    sender: "User"
    text: str
    entities: list[JSON] = field(default_factory=list)
    reply_to: "Message | None" = None
    keyboard: list[list[JSON]] = field(default_factory=list)
    caption: bool = False
    extra: dict[str, JSON] = field(default_factory=dict)
    edits: int = 0
    reactions: list[str] = field(default_factory=list)
    id: int = 0
    date: int = field(default_factory=lambda: int(time.time()))

    def json(self, quoting: bool = True) -> JSON:
        """A Message of the Bot API."""
        said = ("caption", "caption_entities") if self.caption else ("text", "entities")
        shown = {
            "message_id": self.id,
            "from": self.sender.json(),
            "chat": self.chat.json(),
            "date": self.date,
            **{name: value for name, value in zip(said, (self.text, self.entities), strict=True) if value},
            **self.extra,
        }
        if self.edits:
            shown["edit_date"] = self.date
        if self.reply_to and quoting:
            shown["reply_to_message"] = self.reply_to.json(quoting=False)
        if self.keyboard:
            shown["reply_markup"] = {"inline_keyboard": self.keyboard}
        return shown

    @property
    def buttons(self) -> list[list[str]]:
        """The labels on the buttons below it, row by row."""
        return [[button["text"] for button in row] for row in self.keyboard]


@dataclass(eq=False)
class Draft:
    """What a bot shows of a message that it is writing, until `ends`; `shows` counts how often it was sent."""

    text: str
    entities: list[JSON]
    ends: float
    shows: int = 1


@dataclass(eq=False)
class Chat:
    """A chat; `members` maps the ids of users to their status, as getChatMember names it."""

    id: int
    type: str
    title: str = ""
    members: dict[int, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    migrated_to: int | None = None
    last_id: int = 0
    topics: set[int] = field(default_factory=set)
    drafts: dict[int, Draft] = field(default_factory=dict)

    def json(self) -> JSON:
        """A Chat of the Bot API."""
        name = "first_name" if self.type == "private" else "title"
        return {"id": self.id, "type": self.type, name: self.title, **({"is_forum": True} if self.topics else {})}

    def topic(self) -> JSON:
        """A new topic: what a message in it carries. The chat is a forum from then on."""
        self.topics.add(max(self.topics, default=100) + 1)
        return in_topic(max(self.topics))

    def find(self, message_id: object) -> Message | None:
        """The message with this id, if it still stands."""
        return next((message for message in self.messages if message.id == message_id), None)


def in_topic(thread: int) -> JSON:
    """The fields of a message in a forum's topic."""
    return {"message_thread_id": thread, "is_topic_message": True}


@dataclass(eq=False)
class Query:
    """A pressed button, as the bot has to answer it. `answer` is what the person was shown."""

    id: str
    data: str
    stale: bool = False
    answered: bool = False
    answer: str = ""


@dataclass(eq=False)
class User:
    """A person, or a bot. Every person has a direct chat with our bot, whose id is their own."""

    world: "World"
    id: int
    name: str
    username: str
    is_bot: bool = False
    language: str = ""

    def json(self) -> JSON:
        """A User of the Bot API."""
        spoken = {"language_code": self.language} if self.language else {}
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.name, "username": self.username, **spoken}

    @property
    def direct(self) -> Chat:
        """The direct chat with the bot."""
        return self.world.chats[self.id]

    def say(
        self,
        text: str,
        chat: Chat | None = None,
        reply_to: Message | None = None,
        entities: list[JSON] | None = None,
        caption: bool = False,
        **extra: JSON,
    ) -> Message:
        """Write into a chat (None: the direct one). Without `entities` mentions and commands are found as apps do.

        `extra` are further fields of the Message: `sticker`, `sender_chat`, `message_thread_id`.
        """
        marks = _entities(text) if entities is None else entities
        message = Message(chat or self.direct, self, text, marks, reply_to, caption=caption, extra=extra)
        self.world.post(message)
        if self.world.bot_sees(message):
            self.world.updates.add("message", message.json())
        return message

    def edit(self, message: Message, text: str) -> None:
        """Change what was said."""
        message.text, message.entities, message.edits = text, _entities(text), message.edits + 1
        self.world.touch()
        if self.world.bot_sees(message):
            self.world.updates.add("edited_message", message.json())

    def press(self, label: str, message: Message) -> Query:
        """Press the button that reads `label` (or carries it as data) under a message. Raises LookupError."""
        keys = [button for row in message.keyboard for button in row]
        button = next((key for key in keys if label in (key["text"], key.get("callback_data"))), None)
        if button is None:
            raise LookupError(f"No button {label!r} under message {message.id}, only {message.buttons}")
        return self.world.query(self, message, button["callback_data"])

    def react(self, message: Message, *emoji: str) -> None:
        """Let just these reactions of one's own stand at a message."""
        stand = [{"type": "emoji", "emoji": one} for one in emoji]
        place = {"chat": message.chat.json(), "message_id": message.id, "date": message.date}
        update = {**place, "user": self.json(), "old_reaction": [], "new_reaction": stand}
        self.world.updates.add("message_reaction", update)

    def block(self, blocked: bool = True) -> None:
        """Block the bot, or let it write again."""
        change_bot(self.world, self.direct, "kicked" if blocked else "member", self)

    def take_in(self, chat: Chat) -> None:
        """Let the bot into a group."""
        change_bot(self.world, chat, "member", self)

    def throw_out(self, chat: Chat) -> None:
        """Remove the bot from a group."""
        change_bot(self.world, chat, "kicked", self)


class World(Watched):
    """All people, chats and messages around one bot, and what it has yet to hear of."""

    def __init__(self, username: str = "apprentice_bot") -> None:
        super().__init__()
        self.updates = UpdateQueue(self.touch)
        self.files = Files()
        self.rates: Rates | None = None
        self.now = time.time
        self.chats: dict[int, Chat] = {}
        self.users: dict[int, User] = {}
        self.queries: dict[str, Query] = {}
        self._ids = count(1001)
        self.bot = User(self, 7_000_000_001, "Apprentice", username, is_bot=True)
        self.users[self.bot.id] = self.bot

    def person(self, name: str, username: str = "", is_bot: bool = False, language: str = "") -> User:
        """Somebody new, with a direct chat in which the bot may write."""
        user = User(self, next(self._ids), name, username or name.lower(), is_bot, language)
        self.users[user.id] = user
        self.chats[user.id] = Chat(user.id, "private", name, {user.id: "member", self.bot.id: "member"})
        return user

    def group(self, title: str, *people: User, admins: tuple[User, ...] = ()) -> Chat:
        """A new supergroup of these people and the bot; the first of `admins` is its creator."""
        chat = Chat(-1_000_000_000_000 - next(self._ids), "supergroup", title)
        chat.members = {user.id: "member" for user in (*people, *admins, self.bot)}
        for place, user in enumerate(admins):
            chat.members[user.id] = "administrator" if place else "creator"
        self.chats[chat.id] = chat
        return chat

    def migrate(self, chat: Chat, by: User, *, told: bool = True) -> Chat:
        """Make a group a supergroup, which is another chat; the bot is told twice, or never."""
        new = Chat(-1_000_000_000_000 - next(self._ids), "supergroup", chat.title, dict(chat.members))
        self.chats[new.id] = new
        chat.type, chat.migrated_to = "group", new.id
        if told:
            by.say("", chat, migrate_to_chat_id=new.id)
            by.say("", new, migrate_from_chat_id=chat.id)
        return new

    def post(self, message: Message) -> None:
        """Put a message into its chat, where it gets its id; everybody sees it. One of the bot ends its drafts."""
        if message.sender is self.bot:
            message.chat.drafts.clear()
        message.chat.last_id += 1
        message.id = message.chat.last_id
        message.chat.messages.append(message)
        self.touch()

    def drafts(self, chat: Chat) -> dict[int, Draft]:
        """The drafts that people see in a chat now, by their ids."""
        return {id: draft for id, draft in chat.drafts.items() if draft.ends > self.now()}

    def query(self, user: User, message: Message, data: str) -> Query:
        """A click that carries any data, as an app that breaks the rules might send it."""
        query = Query(f"{user.id}{next(self._ids)}", data)
        self.queries[query.id] = query
        pressed = {
            "id": query.id,
            "from": user.json(),
            "message": message.json(),
            "chat_instance": str(message.chat.id),
        }
        self.updates.add("callback_query", {**pressed, "data": data})
        return query

    def bot_sees(self, message: Message) -> bool:
        """Privacy mode: in groups a bot that is no admin gets commands, mentions of it and replies to it."""
        status = message.chat.members.get(self.bot.id, "left")
        if message.chat.type == "private" or status == "administrator":
            return status not in ("left", "kicked")
        heard = _SERVICE & message.extra.keys() or (message.reply_to and message.reply_to.sender is self.bot)
        named = any(self._for_bot(message.text, mark) for mark in message.entities)
        return status == "member" and bool(heard or named)

    def _for_bot(self, text: str, mark: JSON) -> bool:
        units = text.encode("utf-16-le", "surrogatepass")[2 * mark["offset"] : 2 * (mark["offset"] + mark["length"])]
        _, _, name = units.decode("utf-16-le", "surrogatepass").partition("@")
        if mark["type"] == "text_mention":
            return bool(mark["user"]["id"] == self.bot.id)
        return name == self.bot.username or (mark["type"] == "bot_command" and not name)


def _entities(text: str) -> list[JSON]:
    return [
        {"type": match.lastgroup, "offset": utf16(text[: match.start()]), "length": utf16(match[0])}
        for match in _ENTITY.finditer(text)
    ]
