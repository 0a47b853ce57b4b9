"""The inbox: order in a lane, one acceptance of an event, fencing."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Fenced, Stopped
from bot.store import turns
from bot.store.commits import Commit
from bot.store.store import WOKEN, Store
from bot.store.tables import metadata
from bot.store.turns import NewTurn, Turn


def memory() -> sa.Connection:
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    connection = engine.connect()
    connection.info[WOKEN] = set()
    return connection


def new(key: str, lane: str = "a", due: float | None = None) -> NewTurn:
    return NewTurn(key, lane, "message", {}, due=due)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), max_size=40))
def test_every_event_is_accepted_once_and_each_lane_runs_in_order(events: list[tuple[int, str]]) -> None:
    with memory() as connection:
        for key, lane in events:
            turns.enqueue(connection, new(str(key), lane), 1.0)
        first = dict(reversed([(str(key), lane) for key, lane in events]))
        expected = list(dict.fromkeys(str(key) for key, _ in events))
        for lane in "abc":
            ran = []
            while isinstance(turn := turns.claim(connection, lane, 2.0), Turn):
                ran.append(turn.key)
                turns.finish(connection, turn, 2.0)
            assert ran == [key for key in expected if first[key] == lane]
        assert turns.due_lanes(connection, 2.0) == []


def test_a_turn_that_is_not_due_holds_its_lane() -> None:
    with memory() as connection:
        turns.enqueue(connection, new("later", due=10.0), 1.0)
        turns.enqueue(connection, new("next"), 1.0)
        assert turns.claim(connection, "a", 9.0) == 10.0
        assert turns.due_lanes(connection, 9.0) == ["a"]
        claimed = turns.claim(connection, "a", 10.0)
        assert isinstance(claimed, Turn)
        assert claimed.key == "later"


def test_a_second_runner_fences_the_first_one_off() -> None:
    with memory() as connection:
        turns.enqueue(connection, new("x"), 1.0)
        first = turns.claim(connection, "a", 1.0)
        second = turns.claim(connection, "a", 1.0)
        assert isinstance(first, Turn)
        assert isinstance(second, Turn)
        with pytest.raises(Fenced):
            turns.finish(connection, first, 2.0)
        with pytest.raises(Fenced):
            turns.postpone(connection, first, 2.0, "no")
        turns.finish(connection, second, 2.0)
        with pytest.raises(Fenced):
            turns.finish(connection, second, 2.0)


def test_a_stopped_turn_may_end_but_not_go_on() -> None:
    with memory() as connection:
        turns.enqueue(connection, new("x"), 1.0)
        turn = turns.claim(connection, "a", 1.0)
        assert isinstance(turn, Turn)
        assert turns.stop(connection, "a", turn.id, 1.0) == 0
        assert turns.stop(connection, "a", turn.id + 1, 1.0) == 1
        with pytest.raises(Stopped):
            turns.go_on(connection, turn)
        turns.finish(connection, turn, 2.0)
        assert turns.stop(connection, "a", turn.id + 1, 2.0) == 1, "the same stop, run again after a crash"
        assert turns.stop(connection, "a", turn.id + 1, 3.0) == 0, "a later one"


async def test_a_postponed_turn_counts_its_failures(store: Store) -> None:
    await store.write(Commit.INTAKE, lambda connection: turns.enqueue(connection, new("x"), 1.0))
    for failures in range(3):
        turn = await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, "a", 5.0))
        assert isinstance(turn, Turn)
        assert (turn.failures, turn.epoch) == (failures, failures + 1)
        await store.write(Commit.LATER, lambda connection, turn=turn: turns.postpone(connection, turn, 4.0, "busy"))
