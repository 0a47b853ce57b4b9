"""Full text: what a skill is called and found by, within a scope, whatever is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.fulltext import COMMON, Index, Page


def page(name: str, title: str = "", keywords: str = "", description: str = "", scope: str = "") -> Page:
    return Page(name, scope, title, keywords, description, "")


def found(index: Index, text: str, scope: str = "here", limit: int = 9) -> list[str]:
    return [*index.search(text, scope, limit)]


def test_words_are_found_whatever_their_ending_case_or_accents_and_whole_ones_only() -> None:
    index = Index([page("orders", description="Lists open orders."), page("cafe", description="Books a table: café")])
    assert found(index, "Which ORDER is listed?") == ["orders"]
    assert found(index, "CAFE") == ["cafe"]
    assert found(index, "a border") == ["cafe"]  # for its `a`
    assert found(index, "border") == []


def test_the_title_tells_more_than_a_keyword_and_a_keyword_more_than_the_rest() -> None:
    others = [page(f"other-{number}", description="Something else.") for number in range(10)]
    index = Index([page("a", description="bills"), page("b", keywords="bills"), page("c", title="bills"), *others])
    assert found(index, "bills") == ["c", "b", "a"]
    scores = [*index.search("bills", "here", 9).values()]
    assert scores == sorted(scores, reverse=True)
    assert found(index, "bills", limit=2) == ["c", "b"]


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    pages = [page(f"bill-{number}", description="A bill of the month.") for number in range(5)]
    others = [page(f"other-{number}", description="Something else.") for number in range(10)]
    index = Index([*pages, page("z-ferry", description="A ferry."), *others])
    assert found(index, "bill ferry")[0] == "z-ferry"


def test_a_scope_finds_its_own_and_what_is_everywhere() -> None:
    index = Index([page(name, title="bill", scope=scope) for name, scope in (("a", "here"), ("b", "there"), ("c", ""))])
    assert found(index, "bill") == ["a", "c"]
    assert found(index, "bill", "there") == ["b", "c"]
    assert found(index, "here there", "elsewhere") == []


def test_a_word_of_half_of_many_pages_finds_none_of_them() -> None:
    pages = [page(f"p{number}", description=f"the word{number}") for number in range(COMMON + 1)]
    assert found(Index(pages), "the word7") == ["p7"]
    assert len(Index(pages[:-1]).search("the", "", 99)) == COMMON


@pytest.mark.parametrize(
    "text", ["", "!?", '"', "_ __", 'a" OR "b', "NEAR(a b)", "*", "parcels AND", "title:x", "\0", "x" * 9999, "\ud800"]
)
def test_no_text_breaks_the_search(text: str) -> None:
    index = Index([page("orders", description="Tells the state of parcels.")])
    assert found(index, text) == (["orders"] if "parcels" in text else [])


@given(st.text())
def test_any_text_can_be_said_and_written(text: str) -> None:
    Index([page("any", text, text, text)]).search(text, "here", 9)


def test_nothing_is_found_in_nothing() -> None:
    assert found(Index([]), "bill") == []
