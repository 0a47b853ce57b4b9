"""On simulated workplaces, whose procedures are known, the miner meets all its targets."""

import random

from tests.benchmarks.mining import quality, speed
from tests.learning.workplaces import everyday


def test_quality_of_held_out_tasks() -> None:
    figures = list(quality(everyday(random.Random(2), 72), count=2))
    assert [str(figure) for figure in figures if "MISSED" in str(figure)] == []
    from_ten = next(figure for figure in figures if "from 20 tasks" in figure.what)
    assert from_ten.value > 0.5


def test_time_and_memory() -> None:
    seconds, memory = speed(600)
    assert seconds.value < 10
    assert memory.value < 500
