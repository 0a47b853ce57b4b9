"""Conversations and their history."""

import sqlalchemy as sa

from bot.domain.chat import Conversation
from bot.domain.json import JSON
from bot.store.tables import conversations, turns

SPEAKING = ("message", "resume")
"""Kinds of turns in which a person and the bot speak: history and traces are made of them."""


def known(connection: sa.Connection, key: str) -> bool:
    """Whether there is a conversation with this key."""
    return connection.scalar(_KNOWN, {"of": key}) is not None


def remember(connection: sa.Connection, conversation: Conversation) -> None:
    """Insert the conversation unless it is known."""
    if not known(connection, conversation.key):
        connection.execute(
            conversations.insert().values(
                key=conversation.key,
                platform=conversation.platform,
                chat=conversation.chat,
                thread=conversation.thread,
                direct=conversation.direct,
                scope=conversation.scope,
            )
        )


def find(connection: sa.Connection, key: str) -> Conversation:
    """The conversation with this key, which must be known."""
    row = connection.execute(sa.select(conversations).where(conversations.c.key == key)).one()
    return Conversation(row.platform, row.chat, row.thread, row.direct)


def latest(connection: sa.Connection, scope: str) -> Conversation | None:
    """The conversation of a scope in which was spoken last."""
    row = connection.execute(
        sa.select(conversations)
        .join(turns, turns.c.conversation == conversations.c.key)
        .where(conversations.c.scope == scope)
        .order_by(turns.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Conversation(row.platform, row.chat, row.thread, row.direct)


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


# Built once: it runs in every turn, and building a statement costs more than running it.
_SINCE = sa.select(conversations.c.since).where(conversations.c.key == sa.bindparam("of")).scalar_subquery()
_HISTORY = (
    sa.select(turns.c.id, turns.c.payload)
    .where(
        turns.c.conversation == sa.bindparam("of"),
        turns.c.kind.in_(SPEAKING),
        turns.c.finished.is_not(None),
        turns.c.joined.is_(None),
        turns.c.id > _SINCE,
        turns.c.id < sa.bindparam("before"),
    )
    .order_by(turns.c.id.desc())
    .limit(sa.bindparam("most"))
)
_KNOWN = sa.select(conversations.c.key).where(conversations.c.key == sa.bindparam("of"))


def history(connection: sa.Connection, key: str, before: int, limit: int) -> dict[int, JSON]:
    """The last finished speaking turns before a turn, oldest first: their ids and payloads.

    Those that joined another are told with it.
    """
    rows = connection.execute(_HISTORY, {"of": key, "before": before, "most": limit}).all()
    return {row.id: row.payload for row in reversed(rows)}
