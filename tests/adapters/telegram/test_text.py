"""Markdown becomes parts that Telegram takes, and no word of it is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegramify_markdown import utf16_len

from adapters.telegram.text import NOTHING, Part, cut, parts_of, split
from bot.domain.chat import Conversation, Outgoing, Person
from bot.domain.text import clean
from tests.emulators.telegram_limits import checked_entities, checked_text

WORD = st.text(st.sampled_from("abcXYZ019äßéעבריתहिन्दी漢字😀👩🔬🇩🇪"), min_size=1, max_size=12)
GAP = st.sampled_from([" ", "\n", "\n\n", "  \n", " \t "])
LONG_TEXT = st.lists(st.tuples(WORD, GAP), min_size=1, max_size=40).flatmap(
    lambda pieces: st.integers(1, 60).map(lambda times: "".join(word + gap for word, gap in pieces * times))
)
HOSTILE = st.text(st.sampled_from("*_~`|[]()<>$#\\!-+=. \n\t\"'&:/1ax😀\ud83d\0\u200b\ufdd0ש"), max_size=300)
UNHURRIED = settings(deadline=None)


def takes(parts: tuple[Part, ...]) -> None:
    """What the emulator checks of a message, for each part."""
    assert parts
    for part in parts:
        checked_text(part.text)
        checked_entities(part.text, [entity.to_dict() for entity in part.entities])


@UNHURRIED
@given(LONG_TEXT)
def test_every_word_arrives_in_order(text: str) -> None:
    parts = split(text)
    takes(parts)
    assert " ".join(part.text for part in parts).split() == text.split()


def test_a_paragraph_that_is_too_long_is_cut_between_its_words() -> None:
    words = ["🇩🇩" + "0" * 12] * 600
    parts = split(f"**{words[0]}** " + " ".join(words[1:]))
    takes(parts)
    assert " ".join(part.text for part in parts).split() == words
    assert [entity.type for entity in parts[0].entities] == ["bold"]


@UNHURRIED
@given(LONG_TEXT.map(lambda text: text.replace(" ", "")))
def test_text_without_gaps_is_cut_between_characters(text: str) -> None:
    parts = split(text)
    takes(parts)
    assert "".join("".join(part.text for part in parts).split()) == "".join(text.split())


@UNHURRIED
@given(HOSTILE, st.integers(1, 40))
def test_any_text_is_taken(text: str, times: int) -> None:
    takes(split(text * times))
    assert split(text * times) == split.__wrapped__(text * times)


@pytest.mark.parametrize(
    "text",
    [
        "a <b> c",
        "Html <details>\n\n</details> end",
        "<script>alert(1)</script>",
        "it costs $5 and 10$ today",
        "if a || b || c then",
        "see [1] below\n\n[1]: https://example.com/a",
        "$HOME/bin",
        "[](https://example.com)",
        "> > >",
        "if (a < b && c > d) { return x[0]; }",
        "see <https://example.com>",
    ],
)
def test_what_looks_like_markup_stays_as_written(text: str) -> None:
    assert "".join(part.text for part in split(text)) == text


@pytest.mark.parametrize("text", ["", " \n", "\0", "\u200b\ufeff", "\u202e \u2800", "\u200b" * 5_000])
def test_nothing_to_show_is_an_ellipsis(text: str) -> None:
    assert split(text) == (Part(NOTHING),)


@pytest.mark.parametrize(
    ("markdown", "text", "kinds"),
    [
        ("# Title", "Title", {"bold", "underline"}),
        ("## Title", "Title", {"bold", "underline"}),
        ("**b** and *i*", "b and i", {"bold", "italic"}),
        ("`a<b`", "a<b", {"code"}),
        ("```python\nx < 1\n```", "x < 1", {"pre"}),
        ("- one\n- two", "• one\n• two\n", set()),
        ("- [ ] open\n- [x] done", "☐ open\n☑ done\n", set()),
        ("[docs](https://example.com/a)", "docs", {"text_link"}),
        ("[docs](out/report.md)", "docs", set()),
        ("|a|b|\n|-|-|\n|1|2|", "a | b\n--+--\n1 | 2", {"pre"}),
    ],
)
def test_markdown_becomes_entities(markdown: str, text: str, kinds: set[str]) -> None:
    (part,) = split(markdown)
    assert (part.text, {entity.type for entity in part.entities}) == (text, kinds)


def test_entities_count_in_utf16() -> None:
    (part,) = split("😀 **fett** 👩‍🔬 *schräg*")
    units = part.text.encode("utf-16-le")
    marked = [units[2 * mark.offset : 2 * (mark.offset + mark.length)].decode("utf-16-le") for mark in part.entities]
    assert marked == ["fett", "schräg"]


def test_a_links_address_comes_back_whole() -> None:
    (part,) = split("[x](https://example.com/?a=$1||2)")
    assert part.entities[0].url == "https://example.com/?a=$1||2"


def test_code_that_spans_parts_stays_code() -> None:
    parts = split("```python\n" + "x = 1\n" * 2000 + "```")
    assert len(parts) > 2
    for part in parts:
        (mark,) = part.entities
        assert (mark.type, mark.language, mark.offset, mark.length) == ("pre", "python", 0, utf16_len(part.text))


def test_more_entities_than_a_message_carries_are_spread_over_several() -> None:
    text = "\n".join(f"**w{place}** filler words here" for place in range(250))
    parts = split(text)
    takes(parts)
    assert sum(len(part.entities) for part in parts) == 250


def test_crowded_entities_cost_formatting_and_not_a_flood_of_messages() -> None:
    parts = split("*a " * 300 + "x" + "*" * 300)
    takes(parts)
    assert len(parts) <= 3
    assert "".join(part.text for part in parts).count("a") == 300


def test_texts_of_any_length_go_out_whole() -> None:
    text = "```\n**x**\n" * 50_000
    parts = split(text)
    takes(parts)
    assert "".join(part.text for part in parts) == text


@UNHURRIED
@given(HOSTILE, st.integers(0, 50))
def test_cut_keeps_whole_characters(text: str, units: int) -> None:
    short = cut(text, units)
    assert clean(text).startswith(short)
    assert units - 1 <= utf16_len(short) <= units or short == clean(text)


def test_who_is_to_be_told_is_called() -> None:
    room = Conversation("telegram", "-100", direct=False)
    [part] = parts_of(Outgoing(room, "*call* Bob", mention=Person("telegram:42", "A*n*n")))
    assert part.text == "A*n*n: call Bob"
    [called, _] = part.entities
    assert (called.type, called.url, called.offset, called.length) == ("text_link", "tg://user?id=42", 0, 5)
