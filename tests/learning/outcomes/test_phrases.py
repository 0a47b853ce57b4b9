"""What words tell of work, and which requests are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.outcomes.phrases import ENGLISH, ENGLISH_ALONE, Phrases, repeats, words


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Thanks!", "thanks"),
        ("ok, thank you so much 🙏", "thanks"),
        ("Great, thanks. Now the next one: 4712", "thanks"),
        ("Perfect.", "thanks"),
        ("Thanks in advance for the report", None),
        ("Thank you note for Bob, please", None),
        ("Write a thank you letter", None),
        ("No, I meant order 4711", "corrects"),
        ("that's not what I asked for", "corrects"),
        ("You forgot the eggs", "corrects"),
        ("no", None),
        ("No, the second one", None),
        ("no thanks", None),
        ("Is anything wrong with order 4711?", None),
        ("That worked!", "works"),
        ("it works now, thanks", "works"),
        ("Correct.", None),
        ("That worked for Bob, do the same for Ana", None),
        ("It didn’t work", "fails"),
        ("nope, that's wrong", "fails"),
        ("Still broken", "fails"),
        ("Which orders are wrong?", None),
        ("Which orders of ana-silva are open?", None),
        ("", None),
    ],
)
def test_what_is_said_of_work(text: str, meaning: str | None) -> None:
    assert ENGLISH_ALONE.said_of_work(text) == meaning


@pytest.mark.parametrize(
    ("text", "wants", "alone"),
    [
        ("Don't learn from this.", True, True),
        ("please do not learn from that, thanks", True, True),
        ("Keep this private", True, True),
        ("Cancel order 4711 and don't learn from this", True, False),
        ("What did you learn from this?", False, False),
        ("I don't want to learn Spanish", False, False),
    ],
)
def test_the_wish_that_nothing_be_learned(text: str, wants: bool, alone: bool) -> None:
    assert (ENGLISH_ALONE.wants_privacy(text), ENGLISH_ALONE.only_wants_privacy(text)) == (wants, alone)


def test_phrases_of_another_language_are_added() -> None:
    german = Phrases({"thanks": ["Danke"], "private": ["lern das nicht"], "corrects": ["nein ich meinte"]})
    assert german.said_of_work("Danke schön!") == "thanks"
    assert german.said_of_work("Nein, ich meinte Ana") == "corrects"
    assert german.said_of_work("Thanks") == "thanks"
    assert german.only_wants_privacy("Bitte lern das nicht") is False
    assert german.wants_privacy("Bitte lern das nicht")


@pytest.mark.parametrize(
    ("text", "earlier", "same"),
    [
        ("What is the status of order 4711?", "What is the status of order 4711?", True),
        ("please tell me the status of order 4711 again", "tell me the status of order 4711", True),
        ("I said: status of order 4711", "The status of order 4711?", True),
        ("status of order 4712", "status of order 4711", False),
        ("Which orders of ben-okoro are open?", "Which orders of ana-silva are open?", False),
        ("Which orders of ana-silva are closed?", "Which orders of ana-silva are open?", False),
        ("state of 22-W", "state of W-22", False),
        ("Again please!", "Hello, please", False),
    ],
)
def test_the_same_request_has_the_same_values(text: str, earlier: str, same: bool) -> None:
    assert repeats(text, earlier) is same
    assert repeats(earlier, text) is same


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_asked_about(one: str, other: str) -> None:
    assert repeats(one, other) == repeats(other, one)
    ENGLISH_ALONE.said_of_work(one)
    ENGLISH_ALONE.wants_privacy(one)


def test_the_lists_are_written_as_words_are_made() -> None:
    for phrases in ENGLISH.values():
        assert [" ".join(words(phrase)) for phrase in phrases] == list(phrases)


def test_a_long_message_is_read_in_no_time() -> None:
    long = "do not learn " * 50_000
    assert not ENGLISH_ALONE.wants_privacy(long)
    assert ENGLISH_ALONE.wants_privacy(long + "from this")
    assert ENGLISH_ALONE.said_of_work(long) is None
