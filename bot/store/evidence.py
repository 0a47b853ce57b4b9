"""What was said of how tasks went, by whom, and with what weight."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.domain.trace import Source, Status
from bot.store.tables import evidence, judgements, tasks

STRONG: tuple[Source, ...] = ("verifier", "feedback")
"""Sources that decide a task and that the others are measured against."""
WINDOW = 20_000
"""Newest rows of evidence that sources are measured by: it bounds the time, and old ways are forgotten."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a source says of a task, in words; `unknown`: it was asked and could not tell.

    `rule` is what gave it: a verifier's name, `thumbs`, `corrects`. `person` is who spoke. `weight` is the log-odds by
    which it moves the outcome. `at` is when it was given (seconds since 1970).
    """

    source: Source
    verdict: Status
    text: str
    person: str = ""
    rule: str = ""
    weight: float = 0.0
    at: float = 0.0


def testify(connection: sa.Connection, task: str, given: Evidence, now: float) -> None:
    """Record evidence that was given at `now`.

    A person's newer word replaces the same person's older one, a rule's newer finding its older one.
    """
    said_by = (evidence.c.person == given.person) if given.person else (evidence.c.rule == given.rule)
    of_same = (evidence.c.task == task, evidence.c.source == given.source, said_by)
    if connection.scalar(sa.select(evidence.c.id).where(*of_same, evidence.c.at > now).limit(1)) is not None:
        return
    connection.execute(evidence.delete().where(*of_same))
    connection.execute(
        evidence.insert().values(
            task=task,
            source=given.source,
            verdict=given.verdict,
            text=given.text,
            person=given.person,
            rule=given.rule,
            weight=given.weight,
            at=now,
        )
    )


def withdraw(connection: sa.Connection, task: str, person: str, rule: str) -> None:
    """Take back what a person said of a task by a rule, such as a reaction."""
    of_person = (evidence.c.task == task, evidence.c.source == "feedback", evidence.c.person == person)
    connection.execute(evidence.delete().where(*of_person, evidence.c.rule == rule))


def weigh(connection: sa.Connection, task: str, weighed: Iterable[Evidence]) -> None:
    """Record the weights of a task's evidence."""
    for given in weighed:
        one = (evidence.c.source == given.source, evidence.c.rule == given.rule, evidence.c.person == given.person)
        connection.execute(evidence.update().where(evidence.c.task == task, *one).values(weight=given.weight))


def of_task(connection: sa.Connection, task: str) -> list[Evidence]:
    """All evidence of a task, oldest first."""
    rows = connection.execute(sa.select(evidence).where(evidence.c.task == task).order_by(evidence.c.id))
    return [Evidence(row.source, row.verdict, row.text, row.person, row.rule, row.weight, row.at) for row in rows]


Counts = Mapping[tuple[str, str, str], int]
"""How often a source (first) said a verdict (second) of a task that a stronger source gave a status (third)."""


def counts(connection: sa.Connection) -> Counts:
    """What each source said where a stronger one decided, among the newest rows."""
    oldest = sa.select(sa.func.max(evidence.c.id) - WINDOW).scalar_subquery()
    rows = connection.execute(
        sa.select(evidence.c.source, evidence.c.verdict, tasks.c.status, sa.func.count())
        .join(tasks, tasks.c.id == evidence.c.task)
        .where(
            evidence.c.id > oldest,
            evidence.c.verdict != "unknown",
            evidence.c.source != tasks.c.source,
            tasks.c.source.in_(STRONG),
        )
        .group_by(evidence.c.source, evidence.c.verdict, tasks.c.status)
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def decided(connection: sa.Connection, scope: str | None = None) -> dict[str | None, int]:
    """How many closed tasks each source decided; under None those that are unknown. `scope` None: of all scopes."""
    where = [tasks.c.closed.is_not(None)] + ([] if scope is None else [tasks.c.scope == scope])
    rows = connection.execute(sa.select(tasks.c.source, sa.func.count()).where(*where).group_by(tasks.c.source))
    return {row[0]: row[1] for row in rows}


def silent(connection: sa.Connection) -> dict[str, tuple[int, str]]:
    """The verifiers that could not run: how often, and what was said of it last."""
    rows = connection.execute(
        sa.select(evidence.c.rule, evidence.c.text)
        .where(evidence.c.source == "verifier", evidence.c.verdict == "unknown")
        .order_by(evidence.c.id)
    ).all()
    times = Counter(row.rule for row in rows)
    return {row.rule: (times[row.rule], row.text) for row in rows}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A model's answer to a question about a transcript. `tokens`: what it cost."""

    verdict: str
    text: str
    tokens: int = 0


def judgement(connection: sa.Connection, digest: str) -> Judgement | None:
    """The answer to the question with this digest, if it was asked before."""
    row = connection.execute(sa.select(judgements).where(judgements.c.digest == digest)).one_or_none()
    return None if row is None else Judgement(row.verdict, row.text, row.tokens)


def keep_judgement(connection: sa.Connection, digest: str, given: Judgement, now: float) -> None:
    """Keep an answer, so that the question is not asked again."""
    if judgement(connection, digest) is None:
        row = {"digest": digest, "verdict": given.verdict, "text": given.text, "tokens": given.tokens, "at": now}
        connection.execute(judgements.insert().values(row))
