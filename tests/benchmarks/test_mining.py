"""On simulated workplaces, whose procedures are known, the miner meets all its targets."""

import random
from dataclasses import replace

from bot.learning.mining import mine
from tests.benchmarks.mining import holds, noisy, quality, speed, telling
from tests.learning import workplaces
from tests.learning.workplaces import everyday, traces_of


def test_quality_of_held_out_tasks() -> None:
    figures = list(quality(everyday(random.Random(2), 72), count=2))
    assert [str(figure) for figure in figures if "MISSED" in str(figure)] == []
    from_ten = next(figure for figure in figures if "from 20 tasks" in figure.what)
    assert from_ten.value > 0.5
    assert next(figure for figure in figures if "noised" in figure.what).value > 0.5


def test_time_and_memory() -> None:
    seconds, memory = speed(600)
    assert seconds.value < 10
    assert memory.value < 500


def test_a_value_that_few_tasks_have_contaminates() -> None:
    traces = traces_of(workplaces.build, random.Random(1), 8)
    values = telling(traces)
    (skill,) = mine(traces).skills
    assert values
    assert not holds(skill, values)
    assert holds(replace(skill, description=f"Reads {min(values)}, then more."), values)


def test_noise_keeps_what_was_there() -> None:
    trace = traces_of(workplaces.tickets, random.Random(1), 1)[0]
    noised = [noisy(replace(trace, id=f"t{number}")) for number in range(20)]
    assert all([m for m in each.messages if m in trace.messages] == list(trace.messages) for each in noised)
    assert any(len(each.messages) > len(trace.messages) for each in noised)
