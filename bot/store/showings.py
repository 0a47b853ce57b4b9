"""How often a skill was shown to the model in a scope, chosen by it, and passed over."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.domain.skill import SkillRef
from bot.store.tables import showings

_ADD = sa.text(
    "INSERT INTO showings (scope, name, digest, shown, chosen, passed) "
    "VALUES (:scope, :name, :digest, 1, :chosen, :passed) "
    "ON CONFLICT (scope, name, digest) DO UPDATE SET shown = showings.shown + 1, "
    "chosen = showings.chosen + excluded.chosen, passed = showings.passed + excluded.passed"
)
_COUNTS = sa.select(showings.c.name, showings.c.digest, showings.c.shown, showings.c.chosen, showings.c.passed).where(
    showings.c.scope == sa.bindparam("of")
)


@dataclass(frozen=True, slots=True)
class Showing:
    """One skill in one turn: whether the model called it, or else called what stood below it or no skill at all."""

    ref: SkillRef
    chosen: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Turns in which a version was shown; of these, those in which it was chosen, and those in which passed over."""

    shown: int = 0
    chosen: int = 0
    passed: int = 0


def add(connection: sa.Connection, scope: str, seen: Sequence[Showing]) -> None:
    """Count what one turn showed."""
    rows = [
        {
            "scope": scope,
            "name": showing.ref.name,
            "digest": showing.ref.digest,
            "chosen": int(showing.chosen),
            "passed": int(showing.passed),
        }
        for showing in seen
    ]
    if rows:
        connection.execute(_ADD, rows)


def counts(connection: sa.Connection, scope: str) -> dict[SkillRef, Counts]:
    """What is known of the skills in a scope."""
    rows = connection.execute(_COUNTS, {"of": scope})
    return {SkillRef(row.name, row.digest): Counts(row.shown, row.chosen, row.passed) for row in rows}
