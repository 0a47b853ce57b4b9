"""An update becomes an event of the domain, or nothing when nobody said anything to the bot."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberRestricted,
    ChatMemberUpdated,
    MaybeInaccessibleMessage,
    Message,
    MessageEntity,
    MessageReactionUpdated,
    ReactionTypeEmoji,
    Update,
    User,
)

from adapters.telegram.contents import attached, told
from bot.domain.chat import (
    HELP,
    ButtonClicked,
    ChatMoved,
    Conversation,
    Event,
    MembershipChanged,
    MessageReceived,
    Person,
    Reacted,
)
from bot.domain.text import clean

PLATFORM = "telegram"
UPDATES = (Update.MESSAGE, Update.CALLBACK_QUERY, Update.MESSAGE_REACTION, Update.MY_CHAT_MEMBER)
"""What is asked for; edits, channel posts and other members' comings and goings start nothing.

Reactions come in direct chats, and in groups whose administrator the bot is.
"""


@dataclass(frozen=True, slots=True)
class UpdateReader:
    """Reads updates for the bot `me`. `commands`: those it answers in groups without its name behind them."""

    me: User
    commands: Collection[str]

    def read(self, update: Update, now: datetime) -> Event | None:
        """The event, or None: an update of another kind, without a word, by a bot, or in a group not for this bot."""
        if update.callback_query:
            return self._click(update.callback_query, now)
        if update.message_reaction:
            return self._reaction(update.message_reaction, update.update_id)
        if update.my_chat_member:
            return self._membership(update.my_chat_member, update.update_id)
        if update.message is None:
            return None
        return self._move(update.message) or self._message(update.message)

    def moved(self, chat: str, new: str, at: datetime) -> ChatMoved:
        """A group became a supergroup, as an answer of Telegram tells: nobody is known to have done it."""
        return self._moved(Conversation(PLATFORM, chat, direct=False), new, _person(self.me), at)

    def _click(self, query: CallbackQuery, now: datetime) -> ButtonClicked | None:
        if not query.message or not query.data:
            return None
        return ButtonClicked(
            key=f"{PLATFORM}:{self.me.id}:{query.id}",
            conversation=_conversation(query.message, query.from_user),
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
            conversation=_room(reaction.chat, reaction.user),
            person=_person(reaction.user),
            message_id=str(reaction.message_id),
            emoji=tuple(one.emoji for one in reaction.new_reaction if isinstance(one, ReactionTypeEmoji)),
            at=reaction.date,
        )

    def _membership(self, change: ChatMemberUpdated, update: int) -> MembershipChanged | None:
        member = inside(change.new_chat_member)
        if member == inside(change.old_chat_member):
            return None
        return MembershipChanged(
            key=f"{PLATFORM}:{self.me.id}:member:{update}",
            conversation=_room(change.chat, change.from_user),
            person=_person(change.from_user),
            member=member,
            at=change.date,
        )

    def _move(self, message: Message) -> ChatMoved | None:
        """Telegram tells of it twice: in the group that was, and in the supergroup that is."""
        here, person = str(message.chat.id), _person(message.from_user or self.me)
        if message.migrate_to_chat_id:
            return self._moved(_room(message.chat), str(message.migrate_to_chat_id), person, message.date)
        if message.migrate_from_chat_id:
            old = Conversation(PLATFORM, str(message.migrate_from_chat_id), direct=False)
            return self._moved(old, here, person, message.date)
        return None

    def _moved(self, old: Conversation, new: str, person: Person, at: datetime) -> ChatMoved:
        return ChatMoved(f"{PLATFORM}:{self.me.id}:moved:{old.chat}:{new}", old, person, new, at)

    def _message(self, message: Message) -> MessageReceived | None:
        # A sender chat is an anonymous admin or a channel: nobody who could be answered or asked.
        if message.from_user is None or message.from_user.is_bot or message.sender_chat:
            return None
        text, files = self._said_to_bot(message), attached(message)
        if text is None:
            return None
        if not text.startswith("/") and (shown := self._pointed_at(message)):
            text = f"{text}\n\n{shown}".strip()
        if not (text or files):
            if not message.text:
                return None
            text = HELP  # its name, and nothing else
        return MessageReceived(
            key=f"{PLATFORM}:{self.me.id}:{message.chat.id}:{message.message_id}",
            conversation=_conversation(message, message.from_user),
            person=_person(message.from_user),
            text=text,
            message_id=str(message.message_id),
            at=message.date,
            attachments=files,
            quotes=str(message.reply_to_message.message_id) if message.reply_to_message else "",
            album=message.media_group_id or "",
        )

    def _said_to_bot(self, message: Message) -> str | None:
        """The text without the bot's name, None when it is not for the bot.

        In a group it is when it names the bot, replies to it or is one of its commands.
        """
        text = message.text or message.caption or told(message)
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
                    return None
                addressed = addressed or bool(owner) or command.removeprefix("/") in self.commands
                text = command + text[end:]
        return clean(text).strip() if addressed else None

    def _pointed_at(self, message: Message) -> str:
        """What others said in a group, quoted, where a message answers it: the bot has not seen it."""
        answered = message.reply_to_message
        if answered is None or message.chat.type == Chat.PRIVATE:
            return ""
        if answered.from_user is not None and answered.from_user.id == self.me.id:
            return ""
        said = message.quote.text if message.quote else answered.text or answered.caption or told(answered)
        return "\n".join(f"> {line}" for line in clean(said).strip().splitlines())

    def _names_bot(self, entity: MessageEntity, word: str) -> bool:
        if entity.type == MessageEntity.TEXT_MENTION:
            return entity.user is not None and entity.user.id == self.me.id
        return entity.type == MessageEntity.MENTION and word.lower() == f"@{self._username}"

    @property
    def _username(self) -> str:
        return (self.me.username or "").lower()


def _conversation(message: MaybeInaccessibleMessage, speaker: User) -> Conversation:
    """The chat; in a forum, the topic in it. (Replies outside of forums have thread ids too, and are no topics.)"""
    topic = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return _room(message.chat, speaker, str(topic or ""))


def _room(chat: Chat, speaker: User | None = None, topic: str = "") -> Conversation:
    language = clean(speaker.language_code or "") if speaker else ""
    return Conversation(PLATFORM, str(chat.id), topic, direct=chat.type == Chat.PRIVATE, language=language)


def inside(member: ChatMember) -> bool:
    """Whether somebody is in a chat; in a direct one, whether they have not blocked the bot."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)


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
