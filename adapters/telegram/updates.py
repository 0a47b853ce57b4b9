"""An update becomes an event of the domain, or nothing when nobody said anything to the bot."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from telegram import (
    CallbackQuery,
    Chat,
    MaybeInaccessibleMessage,
    Message,
    MessageEntity,
    MessageReactionUpdated,
    ReactionTypeEmoji,
    Update,
    User,
)

from bot.domain.chat import ButtonClicked, Conversation, Event, MessageReceived, Person, Reacted
from bot.domain.text import clean

PLATFORM = "telegram"
UPDATES = (Update.MESSAGE, Update.CALLBACK_QUERY, Update.MESSAGE_REACTION)
"""What is asked for; edits, channel posts and members' comings and goings start nothing.

Reactions come in direct chats, and in groups whose administrator the bot is.
"""


@dataclass(frozen=True, slots=True)
class UpdateReader:
    """Reads updates for the bot `me`. `commands`: those it answers in groups without its name behind them."""

    me: User
    commands: Collection[str]

    def read(self, update: Update, now: datetime) -> Event | None:
        """The event, or None: an update of another kind, without text, by a bot, or in a group not for this bot."""
        if update.callback_query:
            return self._click(update.callback_query, now)
        if update.message_reaction:
            return self._reaction(update.message_reaction, update.update_id)
        return self._message(update.message) if update.message else None

    def _click(self, query: CallbackQuery, now: datetime) -> ButtonClicked | None:
        if not query.message or not query.data:
            return None
        return ButtonClicked(
            key=f"{PLATFORM}:{self.me.id}:{query.id}",
            conversation=_conversation(query.message),
            person=_person(query.from_user),
            button=clean(query.data),
            message_id=str(query.message.message_id),
            token=query.id,
            at=now,
        )

    def _reaction(self, reaction: MessageReactionUpdated, update: int) -> Reacted | None:
        if reaction.user is None or reaction.user.is_bot:
            return None
        return Reacted(
            key=f"{PLATFORM}:{self.me.id}:reaction:{update}",
            conversation=Conversation(PLATFORM, str(reaction.chat.id), direct=reaction.chat.type == Chat.PRIVATE),
            person=_person(reaction.user),
            message_id=str(reaction.message_id),
            emoji=tuple(one.emoji for one in reaction.new_reaction if isinstance(one, ReactionTypeEmoji)),
            at=reaction.date,
        )

    def _message(self, message: Message) -> MessageReceived | None:
        # A sender chat is an anonymous admin or a channel: nobody who could be answered or asked.
        if message.from_user is None or message.from_user.is_bot or message.sender_chat:
            return None
        text = self._said_to_bot(message)
        if not text:
            return None
        return MessageReceived(
            key=f"{PLATFORM}:{self.me.id}:{message.chat.id}:{message.message_id}",
            conversation=_conversation(message),
            person=_person(message.from_user),
            text=text,
            message_id=str(message.message_id),
            at=message.date,
        )

    def _said_to_bot(self, message: Message) -> str:
        """The text without the bot's name, empty when it is not for the bot.

        In a group it is when it names the bot, replies to it or is one of its commands.
        """
        text = message.text or message.caption or ""
        answered = message.reply_to_message.from_user if message.reply_to_message else None
        addressed = message.chat.type == Chat.PRIVATE or (answered is not None and answered.id == self.me.id)
        entities = message.entities or message.caption_entities
        for entity in sorted(entities, key=lambda entity: entity.offset, reverse=True):
            start, end = _index(text, entity.offset), _index(text, entity.offset + entity.length)
            if self._names_bot(entity, text[start:end]):
                addressed, text = True, _without(text, start, end)
            elif entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0:
                command, _, owner = text[:end].partition("@")
                if owner and owner.lower() != self._username and message.chat.type != Chat.PRIVATE:
                    return ""
                addressed = addressed or bool(owner) or command.removeprefix("/") in self.commands
                text = command + text[end:]
        return clean(text).strip() if addressed else ""

    def _names_bot(self, entity: MessageEntity, word: str) -> bool:
        if entity.type == MessageEntity.TEXT_MENTION:
            return entity.user is not None and entity.user.id == self.me.id
        return entity.type == MessageEntity.MENTION and word.lower() == f"@{self._username}"

    @property
    def _username(self) -> str:
        return (self.me.username or "").lower()


def _conversation(message: MaybeInaccessibleMessage) -> Conversation:
    """The chat; in a forum, the topic in it. (Replies outside of forums have thread ids too, and are no topics.)"""
    topic = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return Conversation(PLATFORM, str(message.chat.id), str(topic or ""), direct=message.chat.type == Chat.PRIVATE)


def _person(user: User) -> Person:
    return Person(f"{PLATFORM}:{user.id}", clean(user.full_name))


def _index(text: str, units: int) -> int:
    """Where in a Python string an offset in UTF-16 code units lies."""
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "surrogatepass"))


def _without(text: str, start: int, end: int) -> str:
    """The text without a name, and without the comma or the second space that would be left of it."""
    before, after = text[:start], text[end:]
    if not before.strip():
        return after.lstrip(" ,:")
    return before + (after.removeprefix(" ") if before.endswith((" ", "\n")) else after)
