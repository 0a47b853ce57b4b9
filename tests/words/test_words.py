"""Sentences in the language of who reads them."""

import json
import pickle

import pytest

from bot.engine.commands import commands
from bot.errors import LimitReached, ModelUnavailable
from bot.words import LANGUAGES, Sentence, say

HELP = "What I understand"


@pytest.mark.parametrize("language", ["de", "DE", "de-AT", "de_CH", "de-Latn-DE-1996", "de-" * 1_000_000])
def test_a_tag_finds_the_table_of_its_language(language: str) -> None:
    assert say(language, HELP) == "Was ich verstehe"


@pytest.mark.parametrize("language", ["", "en", "en-GB", "tlh", "d", "deu", "../de", "-", "_" * 1_000_000, "\ud800"])
def test_without_a_table_it_stays_english(language: str) -> None:
    assert commands(language) == commands("en")
    assert say(language, HELP) == HELP


def test_a_sentence_that_a_table_lacks_stays_english_with_all_that_is_in_it() -> None:
    assert say("de", "Nobody says {what}, {count:.1f} times {{so}}.", what=Sentence(HELP), count=2) == (
        f"Nobody says {HELP}, 2.0 times {{so}}."
    )


def test_a_sentence_in_a_sentence_is_said_in_the_same_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES["de"], "{what}, {name}?", "{name}: {what}?")
    asked = Sentence("{what}, {name}?", what=Sentence(HELP), name="Ana {x}")
    assert asked == f"{HELP}, Ana {{x}}?"
    assert asked.told("de") == "Ana {x}: Was ich verstehe?"


def test_without_values_braces_are_text() -> None:
    assert say("de", "{not} a place") == "{not} a place"


def test_an_error_is_told_in_a_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES["de"], "I stopped after {count} rounds.", "Nach {count} Runden war Schluss.")
    error = LimitReached("I stopped after {count} rounds.", count=3)
    assert str(error) == "I stopped after 3 rounds."
    assert error.sentence.told("de") == "Nach 3 Runden war Schluss."
    later = ModelUnavailable("{host} is {full", 2.0)
    assert (str(later), later.after) == ("{host} is {full", 2.0)


def test_a_sentence_comes_back_whole_from_another_process() -> None:
    there = pickle.loads(pickle.dumps(Sentence("{count} things", count=Sentence(HELP))))  # noqa: S301 (ours)
    assert there == f"{HELP} things"
    assert there.template == "{count} things"
    assert there.values["count"].told("de") == "Was ich verstehe"


def test_a_sentence_is_kept_as_json() -> None:
    kept = json.loads(json.dumps(Sentence("{name}: {count:.1f}", name=Sentence(HELP), count=2).kept()))
    assert Sentence.of(kept) == f"{HELP}: 2.0"
    assert Sentence.of(kept).values == {"name": HELP, "count": 2}
