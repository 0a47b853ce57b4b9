"""The rank orders, it does not exclude."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.skill import Procedure, Skill, Step, Trigger
from bot.skills.library import Shelved
from bot.skills.rank import rank


def shelved(name: str, *keywords: str) -> Shelved:
    procedure = Procedure((Step("a", "t"),), trigger=Trigger(keywords))
    return Shelved(name, "live", "d", Skill(name, "Does.", procedure))


PROSE = Shelved("prose", "live", "d", Skill("prose", "Does."))
words = st.sampled_from(["order", "orders", "open", "Bill", "to pay", "!", ""])
shelves = st.lists(st.builds(shelved, st.text("abc", min_size=1), words, words), unique_by=lambda entry: entry.name)


@given(shelves, st.text() | st.lists(words).map(" ".join), st.lists(st.text("abc", min_size=1)), st.randoms())
def test_every_skill_comes_out_once_in_an_order_that_does_not_depend_on_theirs(
    live: list[Shelved], text: str, by_text: list[str], random: object
) -> None:
    ranked = rank(live, text, by_text)
    assert sorted(entry.name for entry in ranked) == sorted(entry.name for entry in live)
    assert rank(live[::-1], text, by_text) == ranked


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Which orders are open?", "orders"),
        ("ORDER!", "orders"),
        ("A bill to pay", "bills"),
        ("I pay", "prose"),
        ("border", "prose"),
    ],
)
def test_keywords_come_first_singular_or_plural_whole_words_only(text: str, first: str) -> None:
    live = [PROSE, shelved("orders", "order"), shelved("bills", "pay bills")]
    assert rank(live, text, ["prose"])[0].name == first


def test_a_larger_share_of_keywords_wins_then_full_text_then_the_name() -> None:
    live = [
        shelved("d"),
        shelved("c"),
        shelved("b", "order", "return"),
        shelved("a", "order", "refund", "money"),
        PROSE,
    ]
    ranked = rank(live, "order", ["d", "prose"])
    assert [entry.name for entry in ranked] == ["b", "a", "d", "prose", "c"]
