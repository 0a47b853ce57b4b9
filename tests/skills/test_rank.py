"""The rank orders, it does not exclude; what the model passes over loses rank, and is never lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.skill import Skill, SkillRef
from bot.skills.library import Shelved
from bot.skills.rank import Ranked, rank, seen
from bot.store.showings import Counts, Showing


def shelved(name: str) -> Shelved:
    return Shelved(name, "live", f"digest of {name}", Skill(name, "Does."), trusted=True)


A, B, C, D = map(shelved, "abcd")
names = st.text("abc", min_size=1, max_size=3)
shelves = st.lists(names, unique=True).map(lambda found: [shelved(name) for name in sorted(found)])
relevances = st.lists(st.dictionaries(names, st.floats(0.001, 1000)), max_size=2)
counted = st.dictionaries(
    names.map(lambda name: SkillRef(name, f"digest of {name}")),
    st.builds(Counts, st.just(200), st.integers(0, 100), st.integers(0, 100)),
)


def ordered(ranked: list[Ranked]) -> str:
    return " ".join(each.entry.name for each in ranked)


@given(shelves, counted, relevances)
def test_every_skill_comes_out_once_and_what_nothing_speaks_for_comes_last(
    live: list[Shelved], counts: dict[SkillRef, Counts], by: list[dict[str, float]]
) -> None:
    ranked = rank(live, counts, *by)
    assert sorted(each.entry.name for each in ranked) == [entry.name for entry in live]
    scores = [each.score for each in ranked]
    assert scores == sorted(scores, reverse=True)
    assert {each.entry.name for each in ranked if each.score > 0} == {
        entry.name for entry in live if any(entry.name in found for found in by)
    }


def test_the_larger_share_of_the_best_wins_then_the_name() -> None:
    assert ordered(rank([A, B, C, D], {}, {"b": 7.0, "d": 9.0, "c": 7.0})) == "d b c a"


def test_shares_by_words_and_by_meaning_are_added_up_whatever_their_scales() -> None:
    words, meaning = {"a": 40.0, "b": 30.0}, {"b": 0.8, "c": 0.6, "a": 0.2}
    assert ordered(rank([A, B, C], {}, words, meaning)) == "b a c"
    assert [round(each.score, 3) for each in rank([A, B, C], {}, words, meaning)] == [1.75, 1.25, 0.75]


@pytest.mark.parametrize(
    ("counts", "first"),
    [
        (Counts(shown=100), "a"),
        (Counts(shown=1, passed=1), "a"),
        (Counts(shown=10, passed=10), "b"),
        (Counts(shown=100, chosen=50, passed=50), "a"),
        (Counts(shown=100, chosen=20, passed=80), "b"),
    ],
)
def test_what_is_mostly_passed_over_falls_behind_what_is_nearly_as_relevant(counts: Counts, first: str) -> None:
    assert rank([A, B], {A.ref: counts}, {"a": 10.0, "b": 7.5})[0].entry.name == first


def test_what_was_mostly_chosen_gains_nothing_over_what_is_new() -> None:
    assert ordered(rank([A, B], {A.ref: Counts(100, 100)}, {"a": 9.0, "b": 10.0})) == "b a"


def test_what_is_on_trial_stands_behind_the_trusted_that_is_meant_as_much() -> None:
    trial = replace(A, trusted=False)
    assert ordered(rank([trial, B], {}, {"a": 1.0, "b": 1.0})) == "b a"
    assert ordered(rank([trial, B], {}, {"a": 1.0, "b": 0.8})) == "a b"


def test_counts_are_of_one_version_and_never_halve_a_score_in_full() -> None:
    by = {"a": 10.0, "b": 5.0}
    assert ordered(rank([A, B], {A.ref: Counts(10**6, 0, 10**6)}, by)) == "a b"
    assert rank([A, B], {SkillRef("a", "older"): Counts(100, 0, 100)}, by)[0].score == 1.0


def told(*scores: float, called: tuple[Shelved, ...] = ()) -> str:
    """`c` for each skill that was chosen, `p` for each that was passed over, `.` for the others."""
    shown = [Ranked(entry, score) for entry, score in zip((A, B, C, D), scores, strict=False)]
    found = seen(shown, {entry.ref for entry in called})
    assert [showing.ref for showing in found] == [each.entry.ref for each in shown]
    return "".join("c" if showing.chosen else "p" if showing.passed else "." for showing in found)


def test_a_skill_is_passed_over_for_what_stands_below_it_or_for_no_skill() -> None:
    assert told(1.0, 0.9, 0.8, 0.7, called=(C,)) == "ppc."
    assert told(1.0, 0.9, 0.8, 0.7, called=(A,)) == "c..."
    assert told(1.0, 0.9, 0.8, 0.7, called=(A, C)) == "cpc."
    assert told(1.0, 0.9, 0.8, 0.7) == "pppp"
    assert told() == ""


def test_what_was_there_to_fill_the_room_was_not_passed_over() -> None:
    assert told(1.0, 0.5, 0.49, 0.0) == "pp.."
    assert told(0.0, 0.0, 0.0) == "..."
    assert told(0.0, 0.0, 0.0, called=(C,)) == "..c"


def test_a_showing_is_chosen_or_passed_over_or_neither() -> None:
    assert seen([Ranked(A, 1.0)], set()) == [Showing(A.ref, chosen=False, passed=True)]
    assert seen([Ranked(A, 1.0)], {A.ref}) == [Showing(A.ref, chosen=True, passed=False)]
