"""When something comes again: cron's fields, and clocks that people put forward and back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clients.cron import LEAST, Cron, clock_change, moment
from bot.errors import ToolError

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata"]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def times(expression: str, start: str, count: int, zone: ZoneInfo = BERLIN) -> list[str]:
    """The first times behind a moment in UTC, as clocks there show them."""
    at, found = datetime.fromisoformat(start).replace(tzinfo=UTC), []
    for _ in range(count):
        at = Cron(expression, zone).after(at) or at
        found.append(at.astimezone(zone).isoformat(timespec="minutes"))
    return found


@pytest.mark.parametrize(
    ("expression", "day", "then"),
    [
        ("0 9 * * 1-5", "2026-11-23T09:00+01:00", "2026-11-24T09:00+01:00"),
        ("0 9 * * mon-fri", "2026-11-23T09:00+01:00", "2026-11-24T09:00+01:00"),
        ("0 9 * * 0", "2026-11-22T09:00+01:00", "2026-11-29T09:00+01:00"),
        ("0 9 * * 7", "2026-11-22T09:00+01:00", "2026-11-29T09:00+01:00"),
        ("0 9 * * 0-6", "2026-11-21T09:00+01:00", "2026-11-22T09:00+01:00"),
        ("0 9 * * 0-7", "2026-11-21T09:00+01:00", "2026-11-22T09:00+01:00"),
        ("0 9 * * fri-mon", "2026-11-21T09:00+01:00", "2026-11-22T09:00+01:00"),
        ("0 9 * * 6,0", "2026-11-21T09:00+01:00", "2026-11-22T09:00+01:00"),
        ("0 9 * * 1-5/2", "2026-11-23T09:00+01:00", "2026-11-25T09:00+01:00"),
        ("0 9 * * MON#1", "2026-12-07T09:00+01:00", "2027-01-04T09:00+01:00"),
        ("30 17 L * *", "2026-11-30T17:30+01:00", "2026-12-31T17:30+01:00"),
        ("0 9 29 2 *", "2028-02-29T09:00+01:00", "2032-02-29T09:00+01:00"),
        ("*/30 8-9 1 jan *", "2027-01-01T08:00+01:00", "2027-01-01T08:30+01:00"),
    ],
)
def test_fields_mean_what_cron_means(expression: str, day: str, then: str) -> None:
    assert times(expression, "2026-11-20T22:00", 2) == [day, then]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("9 o'clock", "is no cron expression"),
        ("", "is no cron expression"),
        ("0 9 * * 1-5 2026", "five fields"),
        ("61 9 * * *", "higher than the maximum"),
        ("0 9 * * 8", "no weekday"),
        ("0 9 * * monday", "no weekday"),
        ("0 9 * * 1#6", "no weekday"),
        ("٣ 9 * * *", "is no cron expression"),
        ("0 9 13 * 5", "not both"),
        ("*/4 * * * *", "too often"),
        ("* 9 * * *", "too often"),
        ("58,2 0,23 * * *", "too often"),
        ("0 9 30 2 *", "never comes"),
        ("x" * 9999, "is no cron expression"),
    ],
)
def test_what_is_no_schedule_is_refused_with_a_hint(expression: str, why: str) -> None:
    with pytest.raises(ToolError, match=why) as caught:
        Cron(expression, BERLIN).check(datetime(2026, 11, 22, tzinfo=UTC))
    assert len(str(caught.value)) < 300


def test_a_time_that_the_clock_skips_comes_when_it_goes_on() -> None:
    assert times("30 2 * * *", "2026-03-27T12:00", 3) == [
        "2026-03-28T02:30+01:00",
        "2026-03-29T03:00+02:00",
        "2026-03-30T02:30+02:00",
    ]
    # Santiago's clock goes from 23:59 to 01:00: APScheduler alone would leave the day out.
    assert times("0 0 * * *", "2026-09-05T12:00", 2, ZoneInfo("America/Santiago")) == [
        "2026-09-06T01:00-03:00",
        "2026-09-07T00:00-03:00",
    ]


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert times("30 2 * * *", "2026-10-24T12:00", 2) == ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]
    # In the hour that comes again nothing is told anew.
    assert times("*/30 * * * *", "2026-10-25T00:30", 1) == ["2026-10-25T03:00+01:00"]
    assert times("*/30 * * * *", "2026-10-25T01:10", 1) == ["2026-10-25T03:00+01:00"]


def test_what_a_clock_shows() -> None:
    skipped, twice, once = (datetime(2026, *at) for at in ((3, 29, 2, 30), (10, 25, 2, 30), (11, 22, 2, 30)))
    assert [clock_change(wall, BERLIN) for wall in (skipped, twice, once)] == ["skipped", "twice", ""]
    assert moment(skipped, BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert moment(twice, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


FIELDS = st.tuples(
    st.sampled_from(["0", "15", "30", "*/5", "*/20", "7,41"]),
    st.sampled_from(["*", "0", "1", "2", "3", "*/2", "0-4", "22,23"]),
    st.sampled_from(["* * *", "* * 0", "* * 6,7", "29 * *", "L * *", "* 3,4,9,10,11 *", "* * sun#5"]),
)


@settings(max_examples=60)
@given(
    FIELDS,
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
    st.integers(1, 40),
)
def test_each_time_lies_behind_the_one_before(
    fields: tuple[str, str, str], zone: str, start: datetime, steps: int
) -> None:
    """And skips none: whatever the clocks do, from any moment in between the next one is the same."""
    cron, here = Cron(" ".join(fields), ZoneInfo(zone)), ZoneInfo(zone)
    at = start.replace(tzinfo=UTC)
    found = [at := cron.after(at) or at for _ in range(steps)]
    assert all(before < after for before, after in pairwise([start.replace(tzinfo=UTC), *found]))
    assert len({one.astimezone(here).replace(tzinfo=None) for one in found}) == len(found)
    for before, after in pairwise(found):
        assert cron.after(before + (after - before) / 2) == after
        assert cron.after(after - timedelta(microseconds=1)) == after


@settings(max_examples=60)
@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)))
def test_moments_follow_one_another_as_times_on_the_wall_do(zone: str, wall: datetime) -> None:
    here, wall = ZoneInfo(zone), wall.replace(second=0, microsecond=0)
    assert moment(wall, here) <= moment(wall + LEAST, here)
    if not clock_change(wall, here):
        assert moment(wall, here).astimezone(here).replace(tzinfo=None) == wall
