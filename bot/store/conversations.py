"""Conversations and their history."""

from typing import Any

import sqlalchemy as sa

from bot.domain.chat import Conversation
from bot.domain.json import JSON
from bot.store.chats import Chat
from bot.store.tables import chats, conversations, turns

SPEAKING = ("message", "resume", "scheduled")
"""Kinds of turns in which a person and the bot speak: history and traces are made of them."""
HEARD = (*SPEAKING, "reminder")
"""Kinds that history is made of: a reminder is no work, but people answer it."""


def known(connection: sa.Connection, key: str) -> bool:
    """Whether there is a conversation with this key."""
    return connection.scalar(_LANGUAGE, {"of": key}) is not None


def remember(connection: sa.Connection, conversation: Conversation) -> None:
    """Insert the conversation unless it is known, and keep its language where that is told anew."""
    language = connection.scalar(_LANGUAGE, {"of": conversation.key})
    if language is None:
        connection.execute(
            conversations.insert().values(
                key=conversation.key,
                platform=conversation.platform,
                chat=conversation.formerly or conversation.chat,
                thread=conversation.thread,
                direct=conversation.direct,
                scope=conversation.scope,
                language=conversation.language,
            )
        )
    elif conversation.language not in ("", language):
        told = conversations.update().where(conversations.c.key == conversation.key)
        connection.execute(told.values(language=conversation.language))


def find(connection: sa.Connection, key: str) -> Conversation:
    """The conversation with this key, which must be known."""
    return _conversation(connection.execute(_WITH_CHAT.where(conversations.c.key == key)).one())


def alone_with(connection: sa.Connection, person: str) -> Conversation:
    """The direct chat with a person, whose id both platforms take for one."""
    platform, _, chat = person.partition(":")
    alone = Conversation(platform, chat)
    return find(connection, alone.key) if known(connection, alone.key) else alone


def _conversation(row: sa.Row[Any]) -> Conversation:
    found = Conversation(row.platform, row.chat, row.thread, row.direct, row.language)
    return Chat(row.chat, None, row.moved).place(found)


def latest(connection: sa.Connection, scope: str) -> Conversation | None:
    """The conversation of a scope in which was spoken last."""
    row = connection.execute(
        _WITH_CHAT.join(turns, turns.c.conversation == conversations.c.key)
        .where(conversations.c.scope == scope)
        .order_by(turns.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _conversation(row)


def speakers(connection: sa.Connection, scope: str) -> set[str]:
    """The names of the people who spoke in a scope, as its platform gave them."""
    name = turns.c.payload["person"]["name"].as_string()
    return set(
        connection.scalars(
            sa.select(name)
            .distinct()
            .join(conversations, turns.c.conversation == conversations.c.key)
            .where(conversations.c.scope == scope, turns.c.kind == "message", name != "")
        )
    )


def begin_anew(connection: sa.Connection, key: str, turn: int) -> None:
    """Start the history behind this turn."""
    connection.execute(conversations.update().where(conversations.c.key == key).values(since=turn))


def begin_behind(connection: sa.Connection, turn: int) -> None:
    """Start every history behind this turn, unless it starts later."""
    connection.execute(conversations.update().where(conversations.c.since < turn).values(since=turn))


# Built once: it runs in every turn, and building a statement costs more than running it.
_SINCE = sa.select(conversations.c.since).where(conversations.c.key == sa.bindparam("of")).scalar_subquery()
_HISTORY = (
    sa.select(turns.c.id, turns.c.payload)
    .where(
        turns.c.conversation == sa.bindparam("of"),
        turns.c.kind.in_(HEARD),
        turns.c.finished.is_not(None),
        turns.c.joined.is_(None),
        turns.c.id > _SINCE,
        turns.c.id < sa.bindparam("before"),
    )
    .order_by(turns.c.id.desc())
    .limit(sa.bindparam("most"))
)
_LANGUAGE = sa.select(conversations.c.language).where(conversations.c.key == sa.bindparam("of"))
_WITH_CHAT = sa.select(conversations, chats.c.moved).outerjoin_from(
    conversations, chats, sa.and_(chats.c.platform == conversations.c.platform, chats.c.chat == conversations.c.chat)
)


def history(connection: sa.Connection, key: str, before: int, limit: int) -> dict[int, JSON]:
    """The last finished speaking turns before a turn, oldest first: their ids and payloads.

    Those that joined another are told with it.
    """
    rows = connection.execute(_HISTORY, {"of": key, "before": before, "most": limit}).all()
    return {row.id: row.payload for row in reversed(rows)}
