"""Confusion tables: probabilities for any experience, priors as published, and what the store counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.share import Share
from bot.domain.trace import Outcome
from bot.learning.outcomes.tables import tables
from bot.store import evidence, tasks
from bot.store.commits import Commit
from bot.store.evidence import Evidence
from bot.store.store import Connection, Store
from tests.learning.lived import worked

NUMBERS = st.integers(0, 10_000)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_tables_stay_probabilities(a: int, b: int, c: int, d: int) -> None:
    seen = {
        ("judge", "success", "success"): a,
        ("judge", "failure", "success"): b,
        ("judge", "success", "failure"): c,
        ("judge", "failure", "failure"): d,
    }
    table = tables(seen)["judge"]
    for share in (table.of_successes, table.of_failures):
        low, high = share.interval()
        assert 0 < low <= high < 1
        assert 0 < share.mean < 1
    assert (table.seen, table.agreed) == (a + b + c + d, a + d)
    assert table.weight("failure") <= 0 <= table.weight("success")
    assert table.weight("unknown") == 0


@given(NUMBERS, NUMBERS)
def test_agreement_makes_heavier(right: int, more: int) -> None:
    few = tables({("judge", "success", "success"): right, ("judge", "failure", "failure"): right})["judge"]
    many = tables({("judge", "success", "success"): right + more, ("judge", "failure", "failure"): right + more})[
        "judge"
    ]
    assert many.weight("success") >= few.weight("success") - 1e-9
    assert many.weight("failure") <= few.weight("failure") + 1e-9


def test_the_priors_are_the_published_figures() -> None:
    found = tables({})
    assert math.isclose(found["judge"].of_successes.mean, 0.831)
    precision = found["judge"].of_successes.mean / (found["judge"].of_successes.mean + found["judge"].of_failures.mean)
    assert math.isclose(precision, 0.698)
    assert math.isclose(1 / (1 + math.exp(-found["behaviour"].weight("success"))), 0.838)


@pytest.mark.parametrize(
    ("yes", "no", "low", "high"),
    [(1, 1, 0.025, 0.975), (2, 2, 0.0943, 0.9057), (9, 1, 0.6637, 0.9972), (80, 20, 0.7165, 0.8724)],
)
def test_intervals_are_the_quantiles_of_the_beta_distribution(yes: float, no: float, low: float, high: float) -> None:
    """The quantiles as R's `qbeta` gives them."""
    assert Share(yes, no).interval() == pytest.approx((low, high), abs=1e-3)


async def test_only_what_a_stronger_source_decided_is_counted(store: Store) -> None:
    said = [
        (
            "success",
            "feedback",
            [
                Evidence("behaviour", "success", "t", rule="a"),
                Evidence("judge", "failure", "t"),
                Evidence("feedback", "success", "t", "ana"),
            ],
        ),
        ("failure", "verifier", [Evidence("feedback", "success", "t", "ana"), Evidence("judge", "unknown", "t")]),
        ("success", "behaviour", [Evidence("behaviour", "success", "t"), Evidence("judge", "success", "t")]),
    ]
    for number, (status, source, given_) in enumerate(said, 1):
        id = await worked(store, number, f"do {number}")

        def work(connection: Connection, id: str = id, said: tuple = (status, source, given_)) -> None:
            tasks.close(connection, id, Outcome(said[0], said[1]), 1.0)
            for each in said[2]:
                evidence.testify(connection, id, each, 1.0)

        await store.write(Commit.FINISH, work)
    counted = {
        ("behaviour", "success", "success"): 1,
        ("judge", "failure", "success"): 1,
        ("feedback", "success", "failure"): 1,
    }
    assert await store.read(evidence.counts) == counted
