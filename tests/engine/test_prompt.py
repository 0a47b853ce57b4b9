"""What the model reads before the message: the house's words and the newest whole turns."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.json import JSON
from bot.engine.prompt import _newest, house
from bot.store.transcript import as_text


def test_the_house_speaks_of_the_day_alone() -> None:
    morning = datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert house(morning) == house(morning + timedelta(hours=17))
    assert house(morning) != house(morning + timedelta(hours=18))
    assert "Sunday, 2026-11-22" in house(morning)["content"]


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
