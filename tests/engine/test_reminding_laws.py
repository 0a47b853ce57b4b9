"""Whatever the clock does and however often a tick is cut off: each time comes at most once, and time goes on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.chat import Person
from bot.engine.reminding import GRACE, submitted, times
from bot.store import reminders, schema
from bot.store.reminders import Reminder
from bot.store.store import WOKEN, Connection, writing_engine
from bot.store.tables import turns

START = datetime(2026, 3, 28, 12, tzinfo=UTC)
EVERY = ["*/5 * * * *", "30 2 * * *", "0 0 * * *", "0 9 * * 1-5", "*/20 1-3 * * 0", ""]
MOVES = st.lists(
    st.one_of(
        st.integers(1, 600),  # seconds between ticks
        st.integers(3_600, 4 * 86_400),  # a stop, or a clock put forward
        st.integers(-2 * 86_400, -1),  # a clock put back
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    path = tmp_path_factory.mktemp("laws") / "test.db"
    schema.upgrade(path)
    made = writing_engine(path)
    yield made
    made.dispose()


class Cut(Exception):
    """The process died here."""


def tick(engine: sa.Engine, now: datetime, *, cut: bool) -> None:
    """What a tick does, which may die before its commit; what it read before may be old."""
    with engine.connect() as connection:
        found = reminders.due(connection, now.timestamp())
    planned = [(each, *times(each, now)) for each in found]
    for _ in range(2):  # a second node had read the same
        try:
            with engine.begin() as connection:
                connection.info[WOKEN] = set()
                submitted(planned, now.timestamp(), connection)
                if cut:
                    raise Cut
        except Cut:
            return


def rung(connection: Connection, id: int) -> list[tuple[float, float]]:
    """When turns were made of a reminder, and of which time."""
    keys = sa.select(turns.c.created, turns.c.key).where(turns.c.key.startswith(f"reminder:{id}:"))
    rows = connection.execute(keys.order_by(turns.c.id))
    return [(row.created, float(row.key.rpartition(":")[2])) for row in rows]


@settings(max_examples=20)
@given(st.sampled_from(EVERY), st.sampled_from(["Europe/Berlin", "America/Santiago", "UTC"]), MOVES, st.data())
def test_each_time_comes_at_most_once(
    engine: sa.Engine, every: str, zone: str, moves: list[int], data: st.DataObject
) -> None:
    first = START + timedelta(minutes=7)
    new = Reminder("telegram:7", "telegram:7", Person("telegram:7"), "drink", zone, every, due=first.timestamp())
    with engine.begin() as connection:
        made = reminders.add(connection, new, START.timestamp())
    now = START
    for move in moves:
        now += timedelta(seconds=move)
        before = _row(engine, made.id).due
        tick(engine, now, cut=data.draw(st.booleans(), "cut off"))
        after = _row(engine, made.id).due
        if before is not None and after != before:
            assert before <= now.timestamp()
            assert after is None if every == "" else after is not None and after > max(before, now.timestamp())
    tick(engine, now, cut=False)
    with engine.begin() as connection:
        came = rung(connection, made.id)
        reminders.end(connection, made.id)
    slots = [slot for _, slot in came]
    assert slots == sorted(set(slots))
    assert all(slot <= at for at, slot in came)
    if every:
        assert all(at - slot <= GRACE.total_seconds() for at, slot in came)
    elif now >= first:
        assert slots == [first.timestamp()]


def _row(engine: sa.Engine, id: int) -> Reminder:
    with engine.connect() as connection:
        found = reminders.find(connection, id)
    assert found is not None
    return found
