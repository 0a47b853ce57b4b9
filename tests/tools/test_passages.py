"""How documents are cut: nothing is lost, nothing is too long, no word is broken that fits."""

from hypothesis import example, given
from hypothesis import strategies as st

from bot.tools.passages import LONGEST, on_pages, pieces, under_headings
from tests.growth import TIMES, grows_with_its_size

LONG = st.lists(st.sampled_from(["word ", "longer-word ", "\n", "\n\n", "x" * 700 + " ", "ä"]), max_size=400).map(
    "".join
)


@example("x" * (LONGEST * 2 + 1))
@given(LONG | st.text())
def test_pieces_hold_all_and_are_short(text: str) -> None:
    found = list(pieces(text))
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < len(piece) <= LONGEST for piece in found)


@example(["ab"] * 999)
@given(st.lists(st.text("abc", min_size=1, max_size=200), max_size=100))
def test_no_word_is_broken(words: list[str]) -> None:
    assert " ".join(pieces(" ".join(words))).split() == words


def test_headings() -> None:
    text = "before\n# One\na\n## Two ##\nb\n```sh\n# no heading\n~~~\n```\n   ### Three\n#no heading\n    # code"
    assert under_headings(text) == [
        ("", "before"),
        ("One", "# One\na"),
        ("Two", "## Two ##\nb\n```sh\n# no heading\n~~~\n```"),
        ("Three", "   ### Three\n#no heading\n    # code"),
    ]


def test_a_line_of_signs_takes_the_time_of_its_length() -> None:
    small, large = ("# " + "# \t" * length + "x" for length in (100_000, 100_000 * TIMES))
    assert len(under_headings(small)) == 2
    assert grows_with_its_size(lambda: under_headings(small), lambda: under_headings(large))


@given(st.text("# \n`~ab"))
def test_no_line_is_lost_between_headings(text: str) -> None:
    assert [line for _, part in under_headings(text) for line in part.splitlines() if line] == [
        line for line in text.splitlines() if line
    ]


def test_pages() -> None:
    assert on_pages("[page 1]\none\n\n[page 2]\ntwo [page 7]\n") == [
        ("page 1", "\none\n\n"),
        ("page 2", "\ntwo [page 7]\n"),
    ]
    assert on_pages("") == []
