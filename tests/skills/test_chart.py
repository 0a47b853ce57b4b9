"""The picture of a skill's uses: bars of days, and a PNG that is one."""

from hypothesis import given
from hypothesis import strategies as st

from bot.skills.chart import BINS, bars, draw
from bot.store.skills import Point

DAY = 86_400.0
POINTS = st.lists(
    st.builds(Point, st.floats(1.7e9, 1.9e9), st.sampled_from(["success", "failure", "unknown"]), st.integers(0, 9)),
    min_size=1,
    max_size=60,
).map(lambda points: sorted(points, key=lambda point: point.at))


@given(POINTS)
def test_every_use_stands_in_one_bar_and_saved_calls_add_up(points: list[Point]) -> None:
    days, by_verdict, saved = bars(points)
    assert len(days) == len(saved) <= BINS
    assert days == sorted(set(days))
    for verdict, counts in by_verdict.items():
        assert sum(counts) == sum(point.verdict == verdict for point in points)
    assert saved == sorted(saved)
    assert saved[-1] == sum(point.saved for point in points)


def test_a_bar_is_a_day_while_that_fits() -> None:
    points = [Point(1.79e9 + number * DAY, "success", 1) for number in range(BINS)]
    days, by_verdict, saved = bars(points)
    assert (len(days), by_verdict["success"], saved) == (BINS, [1] * BINS, list(range(1, BINS + 1)))
    days, _, _ = bars([*points, Point(1.79e9 + BINS * DAY, "failure", 1)])
    assert (days[1] - days[0]).days == 2


def test_the_picture_is_a_small_png() -> None:
    words = {"success": "went well", "failure": "went badly", "unknown": "not known"}
    for count in (1, 40):
        drawn = draw([Point(1.79e9 + number * DAY / 2, "success", 2) for number in range(count)], words, "saved")
        assert drawn.startswith(b"\x89PNG")
        assert len(drawn) < 60_000
