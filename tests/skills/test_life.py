"""Uses are scored by evidence; a skill that drifts is out of use at once, its chat told, and back by a person."""

from collections.abc import Iterator
from itertools import count

import pytest
import sqlalchemy as sa

from bot.domain.chat import Conversation, Person
from bot.domain.skill import SkillRef
from bot.domain.trace import Outcome, Status
from bot.errors import StoreError
from bot.skills import life
from bot.skills.life import verdict
from bot.store import audit, conversations, lives, turns
from bot.store.audit import Event
from bot.store.commits import Commit
from bot.store.skills import Use
from bot.store.store import WOKEN, Store
from bot.store.tables import metadata
from bot.store.tables import turns as turns_table
from bot.store.turns import NewTurn

ROOM = Conversation("telegram", "-100", direct=False)
REF = SkillRef("orders", "d" * 64)
BEA = Person("telegram:8", "Bea")
numbers = count(1)


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.info[WOKEN] = set()
        conversations.remember(connection, ROOM)
        yield connection


def run(connection: sa.Connection, status: str = "done", *checks: bool, unexpected: bool = False) -> int:
    """A use in a turn of its own."""
    turn = turns.enqueue(connection, NewTurn(f"said:{next(numbers)}", ROOM.lane, "message", {}, ROOM.key), 1.0)
    assert turn is not None
    use = Use(turn, "tool:0.0", REF, {}, status, checks, None, "it *broke*", 2, unexpected)
    life.used(connection, use, float(turn))
    return turn


def lived(connection: sa.Connection, *outcomes: Status) -> None:
    for outcome in outcomes:
        life.scored(connection, [run(connection)], Outcome(outcome, "feedback"), 5.0)


def told(connection: sa.Connection) -> list[str]:
    where = turns_table.c.kind == "delivery"
    rows = connection.execute(sa.select(turns_table).where(where).order_by(turns_table.c.id))
    return [row.payload["message"]["text"] for row in rows]


def actions(connection: sa.Connection) -> list[str]:
    return [event.action for event in audit.events(connection)]


@pytest.mark.parametrize(
    ("use", "outcome", "expected"),
    [
        (("done", (True,)), "failure", "success"),
        (("done", (True, False)), "success", "failure"),
        (("failed", ()), "success", "failure"),
        (("done", ()), "success", "success"),
        (("done", ()), "failure", "failure"),
        (("done", ()), "unknown", "unknown"),
    ],
)
def test_checks_decide_then_how_the_task_went(
    use: tuple[str, tuple[bool, ...]], outcome: Status, expected: Status
) -> None:
    assert verdict(Use(1, "", REF, {}, *use), Outcome(outcome)) == expected


def test_three_failures_suspend_with_the_evidence_a_way_back_and_a_new_look(connection: sa.Connection) -> None:
    lived(connection, "success", "failure", "failure")
    assert lives.of(connection, REF).up
    lived(connection, "failure", "failure")
    assert lives.of(connection, REF).state == "suspended"
    (text,) = told(connection)
    assert "I no longer use **orders**: 3 of its last 4 uses went badly (it \\*broke\\*)." in text
    assert actions(connection) == ["suspended"]
    mine = connection.execute(sa.select(turns_table).where(turns_table.c.kind == "mine")).one()
    assert mine.payload == {"scope": ROOM.scope, "relearn": {"name": "orders", "digest": REF.digest}}


def test_two_unexpected_outputs_in_a_row_suspend_at_once(connection: sa.Connection) -> None:
    run(connection, "failed", unexpected=True)
    run(connection, "done")
    run(connection, "failed", unexpected=True)
    assert lives.of(connection, REF).up
    run(connection, "failed", unexpected=True)
    assert lives.of(connection, REF).state == "suspended"
    assert "the last 2 times a tool gave something else than it expects." in told(connection)[0]


def test_trust_is_told_once(connection: sa.Connection) -> None:
    lived(connection, *["success"] * 14)
    assert told(connection) == ["**orders** has done well often enough: I trust it from now on."]
    assert actions(connection) == ["trusted"]
    assert lives.of(connection, REF).state == "trusted"
    lived(connection, "failure", "failure", "failure")
    assert lives.of(connection, REF).state == "suspended"


def test_a_task_that_is_closed_anew_scores_its_uses_anew(connection: sa.Connection) -> None:
    turn = run(connection)
    life.scored(connection, [turn], Outcome("unknown"), 5.0)
    assert lives.verdicts(connection, REF) == ["unknown"]
    life.scored(connection, [turn], Outcome("failure", "feedback"), 6.0)
    assert lives.verdicts(connection, REF) == ["failure"]


def test_what_is_restored_begins_anew(connection: sa.Connection) -> None:
    lived(connection, "failure", "failure", "failure")
    back = Event("restored", REF, ROOM.scope, BEA, ROOM.key)
    assert life.restore(connection, back, 9.0)
    assert not life.restore(connection, back, 9.5)
    assert lives.of(connection, REF).up
    assert lives.verdicts(connection, REF) == []
    lived(connection, "failure", "failure")
    assert lives.of(connection, REF).up
    lived(connection, "failure")
    assert lives.of(connection, REF).state == "suspended"
    assert actions(connection) == ["suspended", "restored", "suspended"]
    assert audit.events(connection, "orders")[1] == Event("restored", REF, ROOM.scope, BEA, ROOM.key, "", 9.0)


def test_old_failures_of_a_restored_skill_count_no_more(connection: sa.Connection) -> None:
    run(connection, "failed", unexpected=True)
    run(connection, "failed", unexpected=True)
    life.restore(connection, Event("restored", REF, None, BEA), 9.0)
    run(connection, "failed", unexpected=True)
    assert lives.of(connection, REF).up


async def test_the_audit_is_never_changed(store: Store) -> None:
    await store.write(Commit.SUBMIT, lambda connection: audit.note(connection, Event("approved", REF, None, BEA), 1.0))
    for change in ("UPDATE audit SET person = ''", "DELETE FROM audit"):
        with pytest.raises(StoreError, match="stays on record"):
            await store.write(Commit.SUBMIT, lambda connection, sql=change: connection.execute(sa.text(sql)))
    events = await store.read(lambda connection: audit.events(connection))
    assert [event.by for event in events] == [BEA]


def test_only_the_newest_uses_tell_how_a_version_stands(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lives, "RECENT", 3)
    lived(connection, "failure", "success", "success", "unknown")
    assert lives.verdicts(connection, REF) == ["success", "success", "unknown"]
