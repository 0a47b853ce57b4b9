"""Quiet hours end when they say, in their own time zone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.quiet import Quiet

NIGHT = Quiet(time(22), time(7), ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-11-22T20:59", "2026-11-22T20:59"),
        ("2026-11-22T21:00", "2026-11-23T06:00"),
        ("2026-11-23T03:00", "2026-11-23T06:00"),
        ("2026-11-23T06:00", "2026-11-23T06:00"),
        ("2026-07-01T20:30", "2026-07-02T05:00"),
    ],
)
def test_a_night_over_midnight(now: str, over: str) -> None:
    begin = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert NIGHT.over(begin) == datetime.fromisoformat(over).replace(tzinfo=UTC)


def test_a_noon_within_one_day() -> None:
    noon = Quiet(time(12), time(13, 30))
    assert noon.over(datetime(2026, 1, 1, 12, 5, tzinfo=UTC)) == datetime(2026, 1, 1, 13, 30, tzinfo=UTC)
    assert noon.over(datetime(2026, 1, 1, 13, 30, tzinfo=UTC)) == datetime(2026, 1, 1, 13, 30, tzinfo=UTC)


TIMES = st.times().map(lambda at: at.replace(fold=0))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@given(TIMES, TIMES, MOMENTS)
def test_one_waits_a_day_at_most_and_may_speak_then(begins: time, ends: time, now: datetime) -> None:
    quiet = Quiet(begins, ends)
    over = quiet.over(now)
    assert now <= over <= now + timedelta(days=1)
    assert quiet.over(over) == over
    if begins == ends:
        assert over == now
