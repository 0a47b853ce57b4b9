"""Long Markdown is split where it makes sense, within the limits, and loses nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.text import (
    NOTHING,
    NOTICE_CHARACTERS,
    PART_CHARACTERS,
    THUMBS,
    blocks,
    cut,
    notice,
    split,
    unformatted,
)
from bot.domain.chat import Button, Conversation, Outgoing, Person
from tests.emulators.slack_limits import checked_blocks

LINE = "word " * 19 + "end"
PARAGRAPH = "\n".join([LINE] * 20)

_MARKDOWN = ("```", "~~~~ python", "| a | b |\n|---|---|", "| 1 | 2 |", "> quote", "- item", "    code", "# head")
_ODD = ("", "x" * 3000, "[1]: https://a.example", "<@U123>", "\ud83d", "a\0b", "\r\n", "👩‍🔬" * 40)
fragments = st.sampled_from((LINE, PARAGRAPH, *_MARKDOWN, *_ODD))
texts = st.lists(st.tuples(fragments, st.integers(1, 40)), max_size=30).map(
    lambda parts: "\n".join("\n".join([text] * times) for text, times in parts)
)


@given(texts)
def test_every_part_is_taken_by_slack(text: str) -> None:
    row = tuple(Button("a label", f"b{place}") for place in range(4))
    thumbs = tuple(Button(label, f"t{label}") for label in THUMBS)
    for part in split(text):
        assert len(part) <= PART_CHARACTERS
        assert part.strip()
        assert len(notice(part)) <= NOTICE_CHARACTERS
        checked_blocks(blocks(part, (row, thumbs, row[:1])))
        checked_blocks(unformatted(part, (row, thumbs, row[:1])))


@given(texts)
def test_words_are_neither_lost_nor_moved(text: str) -> None:
    kept = [word for part in split(text) for word in part.split() if word == "end"]
    assert len(kept) == text.split().count("end")


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6000))
def test_plain_words_survive_whole(numbers: list[int]) -> None:
    words = [f"w{number}" for number in numbers]
    assert " ".join(split(" ".join(words))).split() == words


def test_a_short_text_is_one_part_as_it_is() -> None:
    assert split("**Yes** <b>\n\n| a |\n|---|\n") == ("**Yes** <b>\n\n| a |\n|---|\n",)


@pytest.mark.parametrize("text", ["", " \n", "\0"])
def test_something_stands_for_nothing(text: str) -> None:
    assert split(text) == (NOTHING,)


def test_it_is_cut_between_blocks() -> None:
    parts = split("\n\n".join([PARAGRAPH] * 12))
    assert len(parts) == 3
    assert all(part.strip("\n").split("\n\n") == [PARAGRAPH] * len(part.strip("\n").split("\n\n")) for part in parts)


def test_long_code_stays_code_in_each_part() -> None:
    lines = [f"line {number} = '```'" for number in range(2000)]
    parts = split("\n".join(["before", "", "````python", *lines, "````", "", "after"]))
    assert len(parts) > 3
    assert all(part.count("````python\n") == 1 and part.count("\n````") == 1 + (part is parts[0]) for part in parts)
    inside = [line for part in parts for line in part.splitlines() if line.startswith("line")]
    assert inside == lines


def test_code_that_is_never_closed_loses_no_line() -> None:
    lines = [f"line {number}" for number in range(2000)] + ["```not a fence"]
    parts = split("\n".join(["```", *lines]))
    assert [line for part in parts for line in part.splitlines() if line.strip("`")] == lines
    assert all(part.endswith("\n```") for part in parts)


def test_a_long_table_has_its_head_in_each_part() -> None:
    rows = [f"| {number} | some words |" for number in range(1000)]
    parts = split("\n".join(["| a | b |", "|---|---|", *rows]))
    assert all(part.startswith("| a | b |\n|---|---|\n| ") for part in parts)
    assert [row for part in parts for row in part.splitlines()[2:]] == rows


def test_an_endless_text_is_cut_between_its_lines() -> None:
    lines = ["- x" * 10] * 20_000
    parts = split("\n".join(lines))
    assert [line for part in parts for line in part.split("\n")] == lines


def test_nobody_is_called_by_what_a_document_says() -> None:
    (part,) = split("<!channel> <!here> <!subteam^S1> <@U123> <#C1> <!DOCTYPE html> <b> <!-- c -->")
    for call in ("<!channel", "<!here", "<!subteam", "<@U", "<#C"):
        assert call not in part
    assert "<!DOCTYPE html> <b> <!-- c -->" in part


def test_who_is_to_be_told_is_called_and_nobody_else() -> None:
    place, ann = Conversation("slack", "T1/C9", direct=False), Person("slack:T1/U7", "Ann")
    [part] = cut(Outgoing(place, "call <@U8>", mention=ann))
    assert part.text == "<@U7> call <\u2060@U8>"
    assert notice(part.text) == "<@U7> call &lt;\u2060@U8&gt;"


def test_the_notification_is_plain() -> None:
    text = "# Orders\n\nAll **new** `<b>` & [more](https://a.example)\nnow\n\n```\n1 < 2\n```"
    assert (
        notice(f"{text}\n\n| a | b |\n|---|---|\n| 1 | 2 |")
        == "Orders\nAll new &lt;b&gt; &amp; more\nnow\n1 &lt; 2\na\nb\n1\n2"
    )


def test_a_notification_says_something_always() -> None:
    assert notice("---") == NOTHING


def test_only_a_row_of_the_two_thumbs_asks_what_an_answer_was_worth() -> None:
    up, down = (Button(label, f"t{label}") for label in THUMBS)
    (_, row) = blocks("Well?", ((up, down),))
    assert row["type"] == "context_actions"
    for others in ((down, up), (up,), (up, down, Button("Details", "d"))):
        (_, row) = blocks("Well?", (others,))
        assert row["type"] == "actions"


@pytest.mark.parametrize("wrong", ["", "x" * 2001])
def test_an_id_that_slack_cannot_carry_is_refused_here(wrong: str) -> None:
    with pytest.raises(ValueError, match="1 to 2000 characters"):
        blocks("Well?", ((Button("Go", wrong),),))


def test_a_long_label_is_cut() -> None:
    (_, row) = blocks("Well?", ((Button("x" * 100, "go"),),))
    assert len(row["elements"][0]["text"]["text"]) == 75
