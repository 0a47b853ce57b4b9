"""The trial and the watch for drift, held against the figures they were chosen for."""

import random
from collections.abc import Iterator
from itertools import islice
from statistics import mean

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.trace import Status
from bot.skills.standing import standing

VERDICTS = st.lists(st.sampled_from(["success", "failure", "unknown"]))


def uses(chance: random.Random, failing: float) -> Iterator[Status]:
    while True:
        yield "failure" if chance.random() < failing else "success"


def until_drift(chance: random.Random, failing: float, most: int) -> int:
    seen: list[Status] = []
    for verdict in uses(chance, failing):
        seen.append(verdict)
        if standing(seen).drifted or len(seen) == most:
            return len(seen)
    raise AssertionError


def test_twelve_straight_successes_end_the_trial() -> None:
    assert standing(["success"] * 11) == standing(["success"] * 11 + ["unknown"])
    assert (standing(["success"] * 11).state, standing(["success"] * 11).missing) == ("trial", 1)
    assert (standing(["success"] * 12).state, standing(["success"] * 12).missing) == ("trusted", 0)


def test_a_failure_costs_the_trial_about_four_successes_more() -> None:
    assert standing([]).missing == 12
    assert standing(["failure"]).missing in (16, 17)


def test_three_failures_in_a_row_are_a_drift_also_of_what_was_trusted() -> None:
    for before in (0, 12, 500):
        known: list[Status] = ["success"] * before
        assert not standing([*known, "failure", "failure"]).drifted
        assert standing([*known, "failure", "failure", "failure"]).drifted


def test_half_failing_is_noticed_within_seven_uses_on_average() -> None:
    chance = random.Random(5)
    assert 5 <= mean(until_drift(chance, 0.5, 200) for _ in range(300)) <= 7.5


def test_a_skill_that_does_well_is_suspended_less_than_once_in_a_thousand_uses() -> None:
    chance = random.Random(7)
    alarms: int = 0
    seen: list[Status] = []
    for verdict in islice(uses(chance, 0.05), 20_000):
        seen = [*seen[-60:], verdict]
        if standing(seen).drifted:
            alarms, seen = alarms + 1, []
    assert alarms < 20


@given(VERDICTS)
def test_what_nobody_knows_moves_nothing(verdicts: list[Status]) -> None:
    assert standing(verdicts) == standing(verdict for verdict in verdicts if verdict != "unknown")


@given(VERDICTS)
def test_trust_is_lost_by_drift_alone(verdicts: list[Status]) -> None:
    states = [standing(verdicts[:length]).state for length in range(len(verdicts) + 1)]
    assert states == sorted(states)
