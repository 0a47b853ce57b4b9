"""What evidence comes to: the laws of fusing, for any evidence and any experience with the sources."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.trace import Outcome
from bot.learning.outcomes.fusing import MOST, Fused, fuse
from bot.learning.outcomes.tables import tables
from bot.store.evidence import Counts, Evidence

SOURCES = ("verifier", "feedback", "behaviour", "judge")
VERDICTS = ("success", "failure", "unknown")
VOICES = st.builds(
    Evidence,
    st.sampled_from(SOURCES),
    st.sampled_from(VERDICTS),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["", "ana", "bob"]),
    st.sampled_from(["r1", "r2"]),
    at=st.integers(0, 3).map(float),
)
COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(SOURCES), st.sampled_from(VERDICTS[:2]), st.sampled_from(VERDICTS[:2])),
    st.integers(0, 500),
)
NOTHING: Counts = {}


def voice(source: str, verdict: str, text: str = "because") -> Evidence:
    return Evidence(source, verdict, text)


def fused(*voices: Evidence, counts: Counts = NOTHING) -> Fused:
    return fuse(voices, tables(counts))


@given(st.lists(VOICES, max_size=8), COUNTS, st.randoms())
def test_the_order_of_evidence_changes_nothing(voices: list[Evidence], counts: Counts, chance: object) -> None:
    shuffled = list(voices)
    chance.shuffle(shuffled)
    one, other = fused(*voices, counts=counts), fused(*shuffled, counts=counts)
    assert (one.outcome, one.probability) == (other.outcome, other.probability)


@given(st.lists(VOICES, max_size=8), COUNTS)
def test_a_verifier_is_never_overruled_and_a_person_only_by_it(voices: list[Evidence], counts: Counts) -> None:
    outcome = fused(*voices, counts=counts).outcome
    for source in ("verifier", "feedback"):
        spoke = [given.verdict for given in voices if given.source == source and given.verdict != "unknown"]
        if spoke:
            assert (outcome.source, outcome.status) == (source, "failure" if "failure" in spoke else "success")
            return


@given(st.lists(VOICES, max_size=8), VOICES, COUNTS)
def test_whoever_agrees_never_makes_it_less_probable(voices: list[Evidence], more: Evidence, counts: Counts) -> None:
    before = fused(*voices, counts=counts).probability
    good = fused(*voices, replace(more, verdict="success"), counts=counts).probability
    bad = fused(*voices, replace(more, verdict="failure"), counts=counts).probability
    if more.source not in ("verifier", "feedback"):
        assert bad <= before <= good
    assert bad <= good


@given(st.lists(VOICES, max_size=8), COUNTS)
def test_the_outcome_follows_the_probability(voices: list[Evidence], counts: Counts) -> None:
    found = fused(*voices, counts=counts)
    assert 0 < found.probability < 1
    assert (found.outcome.status == "success") <= (found.probability >= 0.75)
    assert (found.outcome.status == "failure") <= (found.probability <= 0.25)
    assert (found.outcome.source is None) == (found.outcome.status == "unknown")
    assert [replace(given, weight=0.0) for given in found.evidence] == voices


@given(st.lists(VOICES.filter(lambda given: given.source in ("behaviour", "judge")), max_size=40), COUNTS)
def test_weak_evidence_is_never_as_sure_as_a_person(voices: list[Evidence], counts: Counts) -> None:
    assert 1 - MOST <= fused(*voices, counts=counts).probability <= MOST


@pytest.mark.parametrize(
    ("voices", "status"),
    [
        ([], "unknown"),
        ([("judge", "success")], "unknown"),
        ([("judge", "failure")], "failure"),
        ([("behaviour", "success")], "success"),
        ([("behaviour", "failure")], "failure"),
        ([("behaviour", "failure"), ("judge", "success")], "unknown"),
        ([("behaviour", "success"), ("behaviour", "failure")], "unknown"),
        ([("feedback", "success"), ("behaviour", "failure"), ("judge", "failure")], "success"),
        ([("verifier", "failure"), ("feedback", "success")], "failure"),
        ([("verifier", "unknown"), ("feedback", "success")], "success"),
    ],
)
def test_before_there_is_experience(voices: list[tuple[str, str]], status: str) -> None:
    assert fused(*(voice(*each) for each in voices)).outcome.status == status


def test_a_judge_alone_is_as_probable_as_published() -> None:
    assert math.isclose(fused(voice("judge", "success")).probability, 0.698)


def test_a_judge_that_proved_right_here_is_believed() -> None:
    right: Mapping[tuple[str, str, str], int] = {
        ("judge", "success", "success"): 60,
        ("judge", "failure", "failure"): 60,
    }
    assert fused(voice("judge", "success"), counts=right).outcome == Outcome("success", "judge", "because")


def test_a_source_that_is_always_wrong_here_says_nothing() -> None:
    wrong = {("judge", "success", "failure"): 200, ("judge", "failure", "success"): 200}
    assert fused(voice("judge", "failure"), counts=wrong).probability == 0.5


def test_what_could_not_run_is_told_and_is_no_evidence() -> None:
    silent = voice("verifier", "unknown", "The check of stock could not run.")
    assert fused(silent) == Fused(Outcome(detail="The check of stock could not run."), 0.5, (silent,))
    assert fused(silent, voice("feedback", "success", "Ana said so.")).outcome == Outcome(
        "success", "feedback", "Ana said so. The check of stock could not run."
    )
