"""What the model reads before the message: the house's words and the newest whole turns."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.json import JSON
from bot.engine.prompt import OPERATOR, House, _newest
from bot.store.store import Store
from bot.store.transcript import as_text
from tests.engine.desk import Desk, words
from tests.engine.made import GROUP

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUSE = House({"*": "Be brief.", "slack:T1": "Say you.", "slack:T1/C9": "Use metric units.", "telegram:7": "Say thou."})


def test_the_house_speaks_of_the_day_alone() -> None:
    first, last = NOON - timedelta(hours=12), NOON + timedelta(hours=11)
    assert House().message(first, "local") == House().message(last, "local")
    assert House().message(first, "local") != House().message(last + timedelta(hours=1), "local")
    assert "Sunday, 2026-11-22" in House().message(first, "local")["content"]


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("slack:T1/C9", ["Be brief.", "Say you.", "Use metric units."]),
        ("slack:T1/C8", ["Be brief.", "Say you."]),
        ("slack:T2/C9", ["Be brief."]),
        ("telegram:7", ["Be brief.", "Say thou."]),
        ("telegram:-100", ["Be brief."]),
        ("local", ["Be brief."]),
    ],
)
def test_the_operator_speaks_to_all_chats_first_then_to_this_one(scope: str, said: list[str]) -> None:
    system = HOUSE.message(NOON, scope)
    assert system["role"] == "system"
    assert system["content"].splitlines()[-len(said) - 1 :] == [OPERATOR, *said]
    assert system["content"].startswith(House().message(NOON, scope)["content"])
    assert House({"telegram:8": "No."}).message(NOON, scope) == House().message(NOON, scope)


async def test_a_turn_is_told(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, tmp_path, words("Yes."), words("Yes."))
    desk.house = HOUSE
    desk.open()
    await desk.say("Hello")
    await desk.say("Hello", conversation=GROUP)
    told = [request.messages[0]["content"].splitlines()[-2:] for request in desk.model.requests]
    assert told == [["Be brief.", "Say thou."], [OPERATOR, "Be brief."]]


def size(messages: list[JSON]) -> int:
    return sum(len(as_text(message).encode()) for message in messages)


turns = st.lists(st.lists(st.fixed_dictionaries({"content": st.text(max_size=9)}), max_size=3), max_size=6)


@given(turns, st.integers(0, 200))
@example([[{"content": "語語語"}]], 20)
def test_history_is_the_longest_run_of_newest_turns_that_fits(said: list[list[JSON]], budget: int) -> None:
    kept = _newest(said, budget)
    assert size(kept) <= budget
    tails = [[message for turn in said[start:] for message in turn] for start in range(len(said) + 1)]
    assert kept == next(tail for tail in tails if size(tail) <= budget)
