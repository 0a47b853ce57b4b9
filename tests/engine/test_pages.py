"""Lists a page at a time."""

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.pages import PAGE, page_of


@given(st.lists(st.integers(), max_size=4 * PAGE))
def test_turning_on_shows_each_thing_once_in_order(known: list[int]) -> None:
    page = page_of(known, 0)
    seen = [*page.shown]
    while page.number < page.last:
        page = page_of(known, int(page.around()[-1][1]))
        seen += page.shown
    assert seen == known


@given(st.lists(st.integers(), min_size=1, max_size=4 * PAGE), st.integers(0, 9))
def test_a_page_that_is_gone_is_the_last_one(known: list[int], wanted: int) -> None:
    page = page_of(known, wanted)
    assert page.number == min(wanted, page.last)
    assert 0 < len(page.shown) <= PAGE


def test_buttons_lead_to_the_pages_beside_it_alone() -> None:
    known = range(3 * PAGE)
    assert [[number for _, number in page_of(known, page).around()] for page in range(3)] == [["1"], ["0", "2"], ["1"]]
    assert page_of([], 0).around() == []
