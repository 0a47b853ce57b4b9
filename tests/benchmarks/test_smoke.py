"""Every benchmark runs, at a tiny size, and measures something; the one target that no machine moves holds."""

import math
from collections.abc import Sequence

import pytest

from tests.benchmarks import footprint, relevance, request, throughput, turn
from tests.benchmarks.figure import Figure


def check(figures: Sequence[Figure]) -> None:
    assert figures
    for figure in figures:
        assert math.isfinite(figure.value), figure
        assert figure.value > 0, figure


async def test_turn() -> None:
    check(await turn.figures(turns=2))


async def test_throughput() -> None:
    check(await throughput.figures(conversations=2, messages=1))


async def test_relevance() -> None:
    check(await relevance.figures(sizes=(3,), asked=2))


async def test_a_greeting_fits_in_its_bytes() -> None:
    (figure,) = await request.figures()
    assert 500 < figure.value <= 6_000


@pytest.mark.slow
async def test_footprint() -> None:
    check(await footprint.figures(starts=1, tasks=1))


def test_a_figure_says_whether_its_target_is_met() -> None:
    assert str(Figure("a", 9.5, "ms", "b takes 1 ms", most=10)) == "a: 9.5 ms (target at most 10: met); b takes 1 ms"
    assert "(target at most 10: MISSED)" in str(Figure("a", 10.5, "ms", "", most=10))
    assert "(target at least 60: MISSED)" in str(Figure("a", 59.5, "%", "", least=60))
    assert "(target at least 60: met)" in str(Figure("a", 60, "%", "", least=60))
    assert str(Figure("a", 1234.5, "bytes", "b")) == "a: 1,234 bytes; b"
