"""What words tell of work, and which requests are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.outcomes.phrases import BUILT_IN, ENGLISH, GERMAN, Phrases, repeats, words


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
        ("Danke!", "thanks"),
        ("ok, vielen Dank für die Mühe 🙏", "thanks"),
        ("Super, danke. Und jetzt 4712", "thanks"),
        ("Perfekt.", "thanks"),
        ("Danke im Voraus für den Bericht", None),
        ("Vielen Dank im Voraus", None),
        ("nein danke", None),
        ("Super-Benzin: Was kostet der Liter?", None),
        ("Nein, ich meinte Bestellung 4711", "corrects"),
        ("Das ist nicht das, was ich wollte", "corrects"),
        ("Mach's rückgängig", "corrects"),
        ("Ich wollte fragen, wie spät es ist", None),
        ("nein", None),
        ("Nein, die zweite", None),
        ("Ist an Bestellung 4711 etwas falsch?", None),
        ("Hat geklappt!", "works"),
        ("Das hat funktioniert, danke dir", "works"),
        ("Jetzt geht's", "works"),
        ("Richtig.", None),
        ("Das geht nicht.", None),
        ("Das hat bei Bob geklappt, mach es auch für Ana", None),
        ("Das hat leider nicht geklappt", "fails"),
        ("nee, das stimmt nicht", "fails"),
        ("Immer noch kaputt", "fails"),
        ("Welche Bestellungen sind falsch?", None),
    ],
)
def test_what_is_said_of_work(text: str, meaning: str | None) -> None:
    assert BUILT_IN.said_of_work(text) == meaning


@pytest.mark.parametrize(
    ("text", "wants", "alone"),
    [
        ("Don't learn from this.", True, True),
        ("please do not learn from that, thanks", True, True),
        ("Keep this private", True, True),
        ("Cancel order 4711 and don't learn from this", True, False),
        ("What did you learn from this?", False, False),
        ("I don't want to learn Spanish", False, False),
        ("Lern daraus nichts.", True, True),
        ("Merk dir das bitte nicht", False, False),
        ("Bitte lern das nicht, danke", True, True),
        ("Behalte das für dich", True, True),
        ("Storniere Bestellung 4711 und lern nichts daraus", True, False),
        ("Was hast du daraus gelernt?", False, False),
        ("Ich will nicht Spanisch lernen", False, False),
    ],
)
def test_the_wish_that_nothing_be_learned(text: str, wants: bool, alone: bool) -> None:
    assert (BUILT_IN.wants_privacy(text), BUILT_IN.only_wants_privacy(text)) == (wants, alone)


def test_phrases_of_another_language_are_added() -> None:
    spanish = Phrases({"thanks": ["Gracias"], "private": ["no aprendas esto"], "corrects": ["no quise decir"]})
    assert spanish.said_of_work("¡Gracias!") == "thanks"
    assert spanish.said_of_work("No, quise decir Ana") == "corrects"
    assert spanish.said_of_work("Thanks") == "thanks"
    assert spanish.only_wants_privacy("Por favor, no aprendas esto") is False
    assert spanish.wants_privacy("Por favor, no aprendas esto")


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
        ("Wie ist der Stand der Bestellung 4711?", "Wie ist der Stand der Bestellung 4711?", True),
        ("Zeig mir bitte noch einmal den Stand von Bestellung 4711", "zeig den Stand der Bestellung 4711", True),
        ("Stand von Bestellung 4712", "Stand von Bestellung 4711", False),
        ("Bestellungen von ana-silva", "Bestellungen von ben-okoro", False),
    ],
)
def test_the_same_request_has_the_same_values(text: str, earlier: str, same: bool) -> None:
    assert repeats(text, earlier) is same
    assert repeats(earlier, text) is same


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_asked_about(one: str, other: str) -> None:
    assert repeats(one, other) == repeats(other, one)
    BUILT_IN.said_of_work(one)
    BUILT_IN.wants_privacy(one)


def test_the_lists_are_written_as_words_are_made() -> None:
    for phrases in (*ENGLISH.values(), *GERMAN.values()):
        assert [" ".join(words(phrase)) for phrase in phrases] == list(phrases)


def test_a_long_message_is_read_in_no_time() -> None:
    long = "do not learn " * 50_000
    assert not BUILT_IN.wants_privacy(long)
    assert BUILT_IN.wants_privacy(long + "from this")
    assert BUILT_IN.said_of_work(long) is None
