"""The figures of the README on suspensions come from the real bookkeeping, at a tiny size here."""

from statistics import mean

from tests.benchmarks.drift import alarms, delay, figures


def test_what_always_fails_is_out_of_use_after_three_uses() -> None:
    assert delay(1.0, runs=3) == [3, 3, 3]


def test_what_fails_in_half_takes_longer() -> None:
    assert 3 < mean(delay(0.5, runs=20)) < 12


def test_what_does_well_is_left_alone() -> None:
    assert alarms(500) <= 3


async def test_the_benchmark_runs() -> None:
    always, *_, alarmed = await figures(uses=50, runs=2)
    assert always.value == 3
    assert alarmed.value >= 0
