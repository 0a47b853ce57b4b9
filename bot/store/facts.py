"""Facts that people want remembered: each belongs to the scope in which it was told, and to who told it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from bot.domain.chat import Conversation, Person
from bot.store.fulltext import Index, Page
from bot.store.tables import conversations, facts, turns


@dataclass(frozen=True, slots=True)
class Fact:
    """What a person said, in one line. `at`: seconds since 1970 in UTC."""

    id: int
    scope: str
    person: Person
    text: str
    at: float

    @property
    def day(self) -> str:
        """When it was told: `2026-11-22`."""
        return f"{datetime.fromtimestamp(self.at, UTC):%Y-%m-%d}"


# Built once: it runs in every turn, and building a statement costs more than running it.
_KNOWN = (
    sa.select(facts)
    .join(conversations, conversations.c.scope == facts.c.scope)
    .where(conversations.c.key == sa.bindparam("of"), facts.c.behind < sa.bindparam("turn"))
    .order_by(facts.c.id)
)
_OF = sa.select(facts).where(facts.c.scope == sa.bindparam("of")).order_by(facts.c.id)


def known_in(connection: sa.Connection, conversation: str, turn: int) -> list[Fact]:
    """The facts of a conversation's scope that were told before a turn came, oldest first.

    A turn that is run again after a crash knows no more than it did.
    """
    return [_fact(row) for row in connection.execute(_KNOWN, {"of": conversation, "turn": turn})]


def of(connection: sa.Connection, scope: str) -> list[Fact]:
    """All facts of a scope, oldest first."""
    return [_fact(row) for row in connection.execute(_OF, {"of": scope})]


def find(facts: Sequence[Fact], text: str, person: Person | None = None) -> Fact | None:
    """The fact of these words, of a person if one is given."""
    wanted = _alike(text)
    return next((one for one in facts if _alike(one.text) == wanted and person in (None, one.person)), None)


def add(connection: sa.Connection, home: Conversation, person: Person, text: str, now: float) -> None:
    """Keep a fact that was told in a conversation."""
    newest = sa.select(sa.func.coalesce(sa.func.max(turns.c.id), 0)).scalar_subquery()
    row = {"scope": home.scope, "conversation": home.key, "person": person.id, "name": person.name, "text": text}
    connection.execute(facts.insert().values(**row, behind=newest, at=now))


def delete(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Forget facts."""
    connection.execute(facts.delete().where(facts.c.id.in_(ids)))


def told_in(connection: sa.Connection, conversation: str) -> list[int]:
    """The facts that were told in a conversation."""
    return list(connection.scalars(sa.select(facts.c.id).where(facts.c.conversation == conversation)))


def told_before(connection: sa.Connection, turn: int) -> list[int]:
    """The facts that were told before a turn came, in any scope."""
    return list(connection.scalars(sa.select(facts.c.id).where(facts.c.behind < turn)))


def about(facts: Sequence[Fact], text: str) -> list[Fact]:
    """Of the facts of one scope those that share words with a text, best first."""
    index = Index([Page(str(one.id), one.scope, "", "", one.text, "") for one in facts])
    named = {str(one.id): one for one in facts}
    return [named[id] for id in index.search(text, facts[0].scope, len(facts))] if facts else []


def _fact(row: sa.Row[tuple[object, ...]]) -> Fact:
    found = row._mapping
    return Fact(found["id"], found["scope"], Person(found["person"], found["name"]), found["text"], found["at"])


def _alike(text: str) -> str:
    """The same words are the same fact: spaces, capitals and the full stop do not count."""
    return " ".join(text.casefold().split()).rstrip(".!")
