"""Proposed skills and the decisions on them."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.domain.chat import Person
from bot.domain.json import JSON
from bot.domain.skill import SkillRef
from bot.store.tables import proposals

FOLDERS = ("folder", "edited")
"""Kinds of proposals whose bytes stand in the skill's folder already."""


PROMOTION = "promotion"
"""The kind of what would make a skill another chat's too."""
IN_CHAT = "changed"
"""The kind of what a person made of a proposal by its Edit button."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A skill that waits for a person: the files that were shown, their digest, the evidence.

    `state` is pending, approved, rejected, superseded or expired; `decided` says by whom (id and name) and when, and
    `reason` why it was rejected. `kind` is where it comes from, `based_on` the digest of the version that it replaces.
    """

    id: str
    scope: str
    conversation: str
    ref: SkillRef
    files: Mapping[str, bytes]
    fingerprint: str
    evidence: JSON
    created: float
    state: str = "pending"
    decided_by: Person | None = None
    decided_at: float | None = None
    kind: str = "new"
    based_on: str | None = None
    reason: str = ""


def propose(connection: sa.Connection, proposal: Proposal) -> None:
    """Insert a pending proposal."""
    connection.execute(
        proposals.insert().values(
            id=proposal.id,
            scope=proposal.scope,
            conversation=proposal.conversation,
            name=proposal.ref.name,
            digest=proposal.ref.digest,
            files={path: content.decode("latin-1") for path, content in proposal.files.items()},
            fingerprint=proposal.fingerprint,
            evidence=proposal.evidence,
            state="pending",
            created=proposal.created,
            kind=proposal.kind,
            based_on=proposal.based_on,
        )
    )


def find(connection: sa.Connection, id: str) -> Proposal | None:
    """The proposal with this id."""
    row = connection.execute(sa.select(proposals).where(proposals.c.id == id)).one_or_none()
    return None if row is None else _proposal(row)


_IN_ORDER = (proposals.c.created, sa.func.coalesce(proposals.c.decided_at, 9e99), proposals.c.id)


def listed(connection: sa.Connection, name: str | None = None) -> list[Proposal]:
    """The proposals of one name or of all, oldest first."""
    rows = sa.select(proposals).order_by(*_IN_ORDER)
    if name is not None:
        rows = rows.where(proposals.c.name == name)
    return list(map(_proposal, connection.execute(rows)))


def decide(connection: sa.Connection, id: str, state: str, person: Person, now: float) -> bool:
    """Compare and set: whether this decision is the one that counts."""
    return (
        connection.execute(
            proposals.update()
            .where(proposals.c.id == id, proposals.c.state == "pending")
            .values(state=state, decided_by=person.id, decided_name=person.name, decided_at=now)
        ).rowcount
        == 1
    )


def give_up(connection: sa.Connection, id: str, state: str, reason: str, now: float) -> bool:
    """Compare and set, where nobody decides: it is superseded or has expired."""
    pending = (proposals.c.id == id, proposals.c.state == "pending")
    given_up = proposals.update().where(*pending).values(state=state, reason=reason, decided_at=now)
    return connection.execute(given_up).rowcount == 1


def explain(connection: sa.Connection, id: str, reason: str) -> bool:
    """Record why it was rejected; False if that was said before."""
    unexplained = (proposals.c.id == id, proposals.c.state == "rejected", proposals.c.reason == "")
    return connection.execute(proposals.update().where(*unexplained).values(reason=reason)).rowcount == 1


def redact(connection: sa.Connection, id: str) -> None:
    """Take away what it held: its files, its card and its evidence but for the count of its tasks.

    What it was made of by a person's hand (its evidence has that one's id as `instead_of`) loses the same.
    """
    found = find(connection, id)
    while found is not None:
        kept = {"card": f"**{found.ref.name}**", "tasks": found.evidence.get("tasks", 0)}
        connection.execute(proposals.update().where(proposals.c.id == found.id).values(files={}, evidence=kept))
        found = find(connection, found.evidence.get("instead_of", ""))


def forget_words(connection: sa.Connection, id: str) -> None:
    """Take away what people said that it is made of; its tasks' ids and its numbers stay."""
    found = find(connection, id)
    if found is not None and "alike" in found.evidence:
        kept = {name: value for name, value in found.evidence.items() if name != "alike"}
        connection.execute(proposals.update().where(proposals.c.id == id).values(evidence=kept))


def of_scope(connection: sa.Connection, scope: str) -> list[Proposal]:
    """All proposals of a scope, oldest first."""
    rows = sa.select(proposals).where(proposals.c.scope == scope).order_by(*_IN_ORDER)
    return list(map(_proposal, connection.execute(rows)))


def waiting(connection: sa.Connection) -> list[Proposal]:
    """The proposals that wait, of every scope, oldest first."""
    rows = sa.select(proposals).where(proposals.c.state == "pending").order_by(*_IN_ORDER)
    return list(map(_proposal, connection.execute(rows)))


def unposted(connection: sa.Connection, scope: str) -> list[Proposal]:
    """The proposals of a scope that wait and whose card nobody has seen, oldest first."""
    where = (proposals.c.scope == scope, proposals.c.state == "pending", proposals.c.posted.is_(None))
    rows = sa.select(proposals).where(*where).order_by(proposals.c.created, proposals.c.id)
    return list(map(_proposal, connection.execute(rows)))


def mark_posted(connection: sa.Connection, id: str, now: float) -> None:
    """Its people can see it from now on."""
    connection.execute(proposals.update().where(proposals.c.id == id).values(posted=now))


def unreminded(connection: sa.Connection, before: float) -> list[Proposal]:
    """The proposals that wait since before this time, and whose people were not reminded."""
    where = (proposals.c.state == "pending", proposals.c.posted < before, proposals.c.reminded.is_(None))
    return list(map(_proposal, connection.execute(sa.select(proposals).where(*where).order_by(proposals.c.posted))))


def mark_reminded(connection: sa.Connection, id: str, now: float) -> None:
    """Its people were reminded."""
    connection.execute(proposals.update().where(proposals.c.id == id).values(reminded=now))


def unanswered(connection: sa.Connection, before: float) -> list[Proposal]:
    """The proposals that wait since before this time."""
    where = (proposals.c.state == "pending", proposals.c.posted < before)
    return list(map(_proposal, connection.execute(sa.select(proposals).where(*where).order_by(proposals.c.posted))))


def names(connection: sa.Connection) -> set[str]:
    """The names of all proposals that wait or were approved."""
    return set(connection.scalars(sa.select(proposals.c.name).where(proposals.c.state.in_(("pending", "approved")))))


def based_on(connection: sa.Connection, scope: str) -> set[str]:
    """The digests of the versions for which a successor waits in a scope."""
    where = (proposals.c.scope == scope, proposals.c.state == "pending", proposals.c.based_on.is_not(None))
    return set(connection.scalars(sa.select(proposals.c.based_on).where(*where)))


def pending(connection: sa.Connection, scope: str) -> list[str]:
    """The names of the proposals that wait in a scope."""
    where = (proposals.c.scope == scope, proposals.c.state == "pending")
    return list(connection.scalars(sa.select(proposals.c.name).where(*where).order_by(proposals.c.created)))


def _proposal(row: sa.Row[tuple[object, ...]]) -> Proposal:
    return Proposal(
        row.id,
        row.scope,
        row.conversation,
        SkillRef(row.name, row.digest),
        {path: content.encode("latin-1") for path, content in row.files.items()},
        row.fingerprint,
        row.evidence,
        row.created,
        row.state,
        Person(row.decided_by, row.decided_name) if row.decided_by else None,
        row.decided_at,
        row.kind,
        row.based_on,
        row.reason,
    )
