"""Chats that the bot left and may come back to, and chats that the platform gave another id."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from bot.domain.chat import Conversation
from bot.store.store import WOKEN
from bot.store.tables import chats, conversations, turns

KEPT_SECONDS = 86_400.0
"""How long what was to be posted waits for the bot's return: older words would come out of nowhere."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat by the id under which it became known. `gone`: since when the bot is not in it; `moved`: its id now."""

    id: str
    gone: float | None
    moved: str | None

    def place(self, conversation: Conversation) -> Conversation:
        """The conversation with both ids of its chat."""
        return conversation if self.moved is None else replace(conversation, chat=self.moved, formerly=self.id)


# Built once: it runs with every event, and building a statement costs more than running it.
_KNOWN = (
    sa.select(chats)
    .where(
        chats.c.platform == sa.bindparam("of"),
        sa.or_(chats.c.chat == sa.bindparam("id"), chats.c.moved == sa.bindparam("id")),
    )
    .order_by(chats.c.chat == sa.bindparam("id"))  # the chat that it became known as comes first
    .limit(1)
)


def find(connection: sa.Connection, conversation: Conversation) -> Chat | None:
    """What is known of a conversation's chat, by its id of then or of now; None of most chats."""
    row = connection.execute(_KNOWN, {"of": conversation.platform, "id": conversation.chat}).one_or_none()
    return None if row is None else Chat(row.chat, row.gone, row.moved)


def gone(connection: sa.Connection, conversation: Conversation) -> bool:
    """Whether the bot is not in the conversation's chat any more."""
    chat = find(connection, conversation)
    return chat is not None and chat.gone is not None


def leave(connection: sa.Connection, conversation: Conversation, now: float) -> None:
    """The bot is not in the chat any more: deliveries to it rest, and nothing is learned there."""
    _set(connection, conversation, gone=now)


def come_back(connection: sa.Connection, conversation: Conversation, now: float) -> int:
    """The bot is in the chat again: what was to be posted goes out, unless it is old; how much was dropped as such."""
    _set(connection, conversation, gone=None)
    lane = conversation.out_lane
    connection.info[WOKEN].add(lane)
    old = (turns.c.lane == lane, turns.c.finished.is_(None), turns.c.created < now - KEPT_SECONDS)
    dropped = {"status": "dead", "finished": now, "error": "The bot was not in this chat for longer than a day."}
    return connection.execute(turns.update().where(*old).values(dropped)).rowcount


def move(connection: sa.Connection, conversation: Conversation, chat: str) -> None:
    """The platform gave the chat the id `chat`; it stays the chat it was."""
    _set(connection, conversation, moved=chat)


def lanes(connection: sa.Connection, conversation: Conversation) -> Sequence[str]:
    """The lanes of all conversations in the conversation's chat."""
    where = (conversations.c.platform == conversation.platform, conversations.c.scope == conversation.scope)
    return [f"chat:{key}" for key in connection.scalars(sa.select(conversations.c.key).where(*where))]


def _set(connection: sa.Connection, conversation: Conversation, **values: float | str | None) -> None:
    chat = {"platform": conversation.platform, "chat": conversation.formerly or conversation.chat}
    where = (chats.c.platform == chat["platform"], chats.c.chat == chat["chat"])
    if connection.execute(chats.update().where(*where).values(**values)).rowcount == 0:
        connection.execute(chats.insert().values(**chat, **values))
