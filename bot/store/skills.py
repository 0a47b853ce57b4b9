"""Approved versions of skills and their uses."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.domain.json import JSON
from bot.domain.skill import SkillRef
from bot.domain.trace import Status
from bot.store.tables import conversations, journal, turns, uses, versions


@dataclass(frozen=True, slots=True)
class Approval:
    """A version that a person let go live: its bytes, its scope (None: everywhere), who and when.

    `tools` are the pins of its tools, by name, as far as they were known then.
    """

    ref: SkillRef
    scope: str | None
    files: Mapping[str, bytes]
    by: str
    at: float
    tools: Mapping[str, str] = field(default_factory=dict)


def approve(connection: sa.Connection, approval: Approval) -> None:
    """Record an approval; a second one of the same version is for its tools as they are by now."""
    if connection.scalar(sa.select(versions.c.name).where(*_of(approval.ref))) is None:
        connection.execute(
            versions.insert().values(
                name=approval.ref.name,
                digest=approval.ref.digest,
                scope=approval.scope,
                files={path: content.decode("latin-1") for path, content in approval.files.items()},
                approved_by=approval.by,
                approved_at=approval.at,
                tools=dict(approval.tools),
            )
        )
    else:
        repin(connection, approval.ref, approval.tools)


def pins(connection: sa.Connection, ref: SkillRef) -> dict[str, str]:
    """The pins of a version's tools, by name: none of those that nobody has seen yet, or of the release's skills."""
    return connection.scalar(sa.select(versions.c.tools).where(*_of(ref))) or {}


def repin(connection: sa.Connection, ref: SkillRef, tools: Mapping[str, str]) -> None:
    """Take these for a version's tools from now on."""
    connection.execute(versions.update().where(*_of(ref)).values(tools=dict(tools)))


def approvals(connection: sa.Connection) -> dict[SkillRef, tuple[str, float]]:
    """Every approved version: who approved it and when."""
    columns = (versions.c.name, versions.c.digest, versions.c.approved_by, versions.c.approved_at)
    rows = connection.execute(sa.select(*columns))
    return {SkillRef(row.name, row.digest): (row.approved_by, row.approved_at) for row in rows}


def history(connection: sa.Connection, name: str) -> list[Approval]:
    """The approved versions of a skill, in the order in which they were approved."""
    found = sa.select(versions).where(versions.c.name == name).order_by(versions.c.approved_at, versions.c.digest)
    return [
        Approval(
            SkillRef(row.name, row.digest),
            row.scope,
            {path: content.encode("latin-1") for path, content in row.files.items()},
            row.approved_by,
            row.approved_at,
        )
        for row in connection.execute(found)
    ]


def files(connection: sa.Connection, ref: SkillRef) -> dict[str, bytes]:
    """The bytes of an approved version, which must exist."""
    found = connection.scalar(sa.select(versions.c.files).where(*_of(ref)))
    return {path: content.encode("latin-1") for path, content in (found or {}).items()}


def _of(ref: SkillRef) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return versions.c.name == ref.name, versions.c.digest == ref.digest


@dataclass(frozen=True, slots=True)
class Use:
    """One run of a skill: the version, its parameters, how it ended, the verdicts of its checks.

    `calls` counts the calls it made without a model's round. `unexpected`: `expect` refused an output.
    """

    turn: int
    place: str
    ref: SkillRef
    parameters: Mapping[str, JSON]
    status: str
    checks: tuple[bool, ...] = ()
    failed_step: str | None = None
    reason: str = ""
    calls: int = 0
    unexpected: bool = False


def record(connection: sa.Connection, use: Use, verdict: Status, now: float) -> None:
    """Record a use, with what is known of how it did."""
    connection.execute(
        uses.insert().values(
            turn=use.turn,
            place=use.place,
            name=use.ref.name,
            digest=use.ref.digest,
            parameters=dict(use.parameters),
            status=use.status,
            checks=list(use.checks),
            failed_step=use.failed_step,
            reason=use.reason,
            calls=use.calls,
            unexpected=use.unexpected,
            verdict=verdict,
            at=now,
        )
    )


def uses_in(connection: sa.Connection, turns: list[int]) -> list[Use]:
    """The uses in some turns, oldest first."""
    return list(map(_use, connection.execute(sa.select(uses).where(uses.c.turn.in_(turns)).order_by(uses.c.id))))


def latest_uses(connection: sa.Connection, ref: SkillRef, count: int, after: int = 0) -> list[Use]:
    """The newest uses of a version behind the use with the id `after`, the newest first."""
    of_ref = (uses.c.name == ref.name, uses.c.digest == ref.digest, uses.c.id > after)
    return list(map(_use, connection.execute(sa.select(uses).where(*of_ref).order_by(uses.c.id.desc()).limit(count))))


def last_turn(connection: sa.Connection, name: str) -> int | None:
    """The turn in which any version of a skill was used last."""
    return connection.scalar(sa.select(uses.c.turn).where(uses.c.name == name).order_by(uses.c.id.desc()).limit(1))


def last_use_in(connection: sa.Connection, conversation: str) -> tuple[Use, str] | None:
    """The newest use in a conversation, and what the person had said."""
    said = sa.select(uses, turns.c.payload).join(turns, turns.c.id == uses.c.turn)
    row = connection.execute(
        said.where(turns.c.conversation == conversation).order_by(uses.c.id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else (_use(row), str(row.payload.get("text", "")))


def judge(connection: sa.Connection, use: Use, verdict: Status) -> None:
    """Record what is known of how a use did."""
    of_use = (uses.c.turn == use.turn, uses.c.place == use.place)
    connection.execute(uses.update().where(*of_use).values(verdict=verdict))


def _use(row: sa.Row[tuple[object, ...]]) -> Use:
    return Use(
        row.turn,
        row.place,
        SkillRef(row.name, row.digest),
        row.parameters,
        row.status,
        tuple(row.checks),
        row.failed_step,
        row.reason,
        row.calls,
        row.unexpected,
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """How a version did: its uses, those that went well or badly, the calls of the model it saved, the last time.

    What a use saves is one less than the calls it makes: it takes one itself.
    """

    uses: int = 0
    good: int = 0
    bad: int = 0
    saved: int = 0
    last: float | None = None


def tally(connection: sa.Connection, ref: SkillRef) -> Tally:
    """Count the uses of one version."""
    columns = (uses.c.verdict, uses.c.calls, uses.c.at)
    rows = connection.execute(sa.select(*columns).where(uses.c.name == ref.name, uses.c.digest == ref.digest)).all()
    verdicts = Counter(row.verdict for row in rows)
    saved = sum(max(row.calls - 1, 0) for row in rows)
    last = max((row.at for row in rows), default=None)
    return Tally(len(rows), verdicts["success"], verdicts["failure"], saved, last)


@dataclass(frozen=True, slots=True)
class Point:
    """One use over time: when, how it did, the calls of the model it saved."""

    at: float
    verdict: Status
    saved: int


def over_time(connection: sa.Connection, name: str) -> list[Point]:
    """The uses of all versions of a skill, oldest first."""
    rows = connection.execute(
        sa.select(uses.c.at, uses.c.verdict, uses.c.calls).where(uses.c.name == name).order_by(uses.c.id)
    )
    return [Point(row.at, row.verdict, max(row.calls - 1, 0)) for row in rows]


@dataclass(frozen=True, slots=True)
class Week:
    """The uses in a scope since a time, and what a call of the model takes there on average: tokens, and seconds."""

    uses: int
    good: int
    bad: int
    saved: int
    tokens_a_call: float
    seconds_a_call: float


def since(connection: sa.Connection, scope: str, at: float) -> Week:
    """What skills did in a scope since a time."""
    here = (conversations.c.scope == scope, conversations.c.key == turns.c.conversation)
    used = sa.select(uses.c.verdict, uses.c.calls).join(turns, turns.c.id == uses.c.turn)
    rows = connection.execute(used.join(conversations, here[1]).where(here[0], uses.c.at >= at)).all()
    verdicts = Counter(row.verdict for row in rows)
    took = sa.select(sa.func.avg(journal.c.tokens), sa.func.avg(journal.c.finished - journal.c.started))
    asked = took.join(turns, turns.c.id == journal.c.turn).join(conversations, here[1])
    model = (journal.c.place.like("model:%"), journal.c.status == "done", journal.c.started >= at)
    tokens, seconds = connection.execute(asked.where(here[0], *model)).one()
    saved = sum(max(row.calls - 1, 0) for row in rows)
    return Week(len(rows), verdicts["success"], verdicts["failure"], saved, tokens or 0.0, seconds or 0.0)
