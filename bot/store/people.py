"""Who may talk to the bot: pairing by a code, and who was told that the bot is closed."""

import hashlib
from collections.abc import Sequence

import sqlalchemy as sa

from bot.store.tables import pairings, people


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def offer(connection: sa.Connection, code: str, expires: float) -> None:
    """Make `code` the one valid pairing code until `expires`."""
    connection.execute(pairings.delete().where(pairings.c.used.is_(None)))
    connection.execute(pairings.insert().values(code=_hash(code), expires=expires))


def offered(connection: sa.Connection, now: float) -> bool:
    """Whether a pairing code is valid now."""
    where = (pairings.c.used.is_(None), pairings.c.expires > now)
    return connection.scalar(sa.select(pairings.c.code).where(*where).limit(1)) is not None


def pair(connection: sa.Connection, person: str, code: str, now: float) -> bool:
    """Let a person in if the code is valid, and use it up."""
    used = connection.execute(
        pairings.update()
        .where(pairings.c.code == _hash(code), pairings.c.used.is_(None), pairings.c.expires > now)
        .values(used=now)
    ).rowcount
    if used:
        let_in(connection, person, now)
    return bool(used)


def let_in(connection: sa.Connection, person: str, now: float) -> bool:
    """Let a person in; False for somebody who is in."""
    if paired(connection, person):
        return False
    _set(connection, person, paired=now)
    return True


def paired(connection: sa.Connection, person: str) -> bool:
    """Whether a person was let in, by a code or by the operator."""
    return connection.scalar(sa.select(people.c.paired).where(people.c.id == person)) is not None


def first_paired(connection: sa.Connection) -> str | None:
    """The first person who was let in: the operator in chat."""
    return connection.scalar(
        sa.select(people.c.id).where(people.c.paired.is_not(None)).order_by(people.c.paired).limit(1)
    )


def operator(connection: sa.Connection, reviewers: Sequence[str]) -> str | None:
    """Who runs the bot, as far as chats know it: who paired first, else the first of APPRENTICE_REVIEWERS."""
    return first_paired(connection) or next(iter(reviewers), None)


def tell(connection: sa.Connection, person: str, now: float) -> bool:
    """Note that a person was told that the bot is closed; False when that was said before."""
    if connection.scalar(sa.select(people.c.told).where(people.c.id == person)) is not None:
        return False
    _set(connection, person, told=now)
    return True


def _set(connection: sa.Connection, person: str, **values: float) -> None:
    if connection.execute(people.update().where(people.c.id == person).values(**values)).rowcount == 0:
        connection.execute(people.insert().values(id=person, **values))
