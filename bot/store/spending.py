"""What the model's work used: sums by day, person, conversation and model.

They are written with the end of each call in the journal, and stay when what was said is forgotten: a budget that
`/forget` made anew would be none, and a sum over a day's journal would be read before each call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from bot.domain.cost import Used
from bot.store.tables import conversations, spending

LEARNING = "learning:"
"""Begins what stands for the conversation in the use of learning cycles; the scope follows."""
EMBEDDINGS = "embeddings"
"""Stands for the conversation in the use of the embedding model, which is nobody's in particular."""
By = Literal["day", "person", "conversation", "model"]

_SINCE = sa.func.coalesce(
    sa.select(conversations.c.since).where(conversations.c.key == sa.bindparam("of")).scalar_subquery(), 0
)
# Built once: they run with every call of the model, and building a statement costs more than running it.
_MORE = (
    spending.update()
    .where(
        spending.c.day == sa.bindparam("on"),
        spending.c.person == sa.bindparam("by"),
        spending.c.conversation == sa.bindparam("of"),
        spending.c.since == _SINCE,
        spending.c.model == sa.bindparam("with"),
    )
    .values(
        calls=spending.c.calls + sa.bindparam("more"),
        tokens_in=spending.c.tokens_in + sa.bindparam("into"),
        tokens_out=spending.c.tokens_out + sa.bindparam("out"),
    )
)
_FIRST = spending.insert().values(
    day=sa.bindparam("on"),
    person=sa.bindparam("by"),
    conversation=sa.bindparam("of"),
    since=_SINCE,
    model=sa.bindparam("with"),
    calls=sa.bindparam("more"),
    tokens_in=sa.bindparam("into"),
    tokens_out=sa.bindparam("out"),
)
_SUMS = (
    spending.c.model,
    sa.func.sum(spending.c.calls),
    sa.func.sum(spending.c.tokens_in),
    sa.func.sum(spending.c.tokens_out),
)


def add(connection: sa.Connection, day: str, person: str, conversation: str, used: Used) -> None:
    """Count what was used on a day for a person in a conversation."""
    who = {"on": day, "by": person, "of": conversation, "with": used.model}
    what = {"more": used.calls, "into": used.tokens_in, "out": used.tokens_out}
    if connection.execute(_MORE, who | what).rowcount == 0:
        connection.execute(_FIRST, who | what)


def of_day(connection: sa.Connection, day: str) -> list[Used]:
    """What all used on a day."""
    return _used(connection, spending.c.day == day)


def of_person(connection: sa.Connection, day: str, person: str) -> list[Used]:
    """What a person used on a day."""
    return _used(connection, spending.c.day == day, spending.c.person == person)


def of_conversation(connection: sa.Connection, conversation: str) -> list[Used]:
    """What a conversation used since it began, or began anew."""
    since = sa.select(conversations.c.since).where(conversations.c.key == conversation).scalar_subquery()
    return _used(connection, spending.c.conversation == conversation, spending.c.since == since)


def began(connection: sa.Connection, conversation: str) -> int:
    """The turn behind which a conversation began, or began anew."""
    return connection.scalar(sa.select(conversations.c.since).where(conversations.c.key == conversation)) or 0


def of_scope(connection: sa.Connection, scope: str, day: str) -> list[Used]:
    """What the conversations of a scope used from a day on, learning left out."""
    here = sa.select(conversations.c.key).where(conversations.c.scope == scope)
    return _used(connection, spending.c.day >= day, spending.c.conversation.in_(here))


def of_learning(connection: sa.Connection, scope: str, day: str) -> list[Used]:
    """What a scope's learning used from a day on."""
    return _used(connection, spending.c.day >= day, spending.c.conversation == LEARNING + scope)


@dataclass(frozen=True, slots=True)
class Line:
    """What one day, person, conversation or model used."""

    of: str
    used: Sequence[Used]


def lines(connection: sa.Connection, by: By) -> list[Line]:
    """All that was used, by days, people, conversations or models."""
    column = spending.c[by]
    found: dict[str, list[Used]] = {}
    rows = connection.execute(sa.select(column, *_SUMS).group_by(column, spending.c.model).order_by(column))
    for of, *sums in rows:
        found.setdefault(of, []).append(Used(*sums))
    return [Line(of, used) for of, used in found.items()]


def _used(connection: sa.Connection, *where: sa.ColumnElement[Any]) -> list[Used]:
    rows = connection.execute(sa.select(*_SUMS).where(*where).group_by(spending.c.model))
    return [Used(*row) for row in rows]
