"""What people say of the work that was done, as small lists of phrases, and a message compared with an earlier one.

The lists are English and German. `[phrases]` in `apprentice.toml` adds phrases of any language, under the same five
names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

Meaning = Literal["works", "fails", "thanks", "corrects", "private", "teaches"]

ENGLISH: Mapping[Meaning, tuple[str, ...]] = {
    # The whole message is such a phrase: a person's word on the outcome. What could answer a question is none.
    "works": (
        "that worked", "it worked", "this worked", "it works now", "that works now", "everything works", "that did it",
        "solved", "that solved it", "problem solved",
    ),
    "fails": (
        "that did not work", "it did not work", "that does not work", "it does not work", "it still does not work",
        "that is wrong", "this is wrong", "wrong", "all wrong", "incorrect", "that is incorrect", "that failed",
        "it failed", "not correct", "that is not right", "that is not correct", "still wrong", "still broken",
    ),
    # The message begins with such a phrase.
    "thanks": (
        "thanks", "thank you", "thx", "ty", "cheers", "perfect", "excellent", "great work", "good work", "well done",
        "nice work", "good job", "great job", "much appreciated", "great thanks", "great thank you",
    ),
    "corrects": (
        "no i meant", "no i mean", "no i said", "no i asked", "no i wanted", "no that is not", "no that is wrong",
        "no it is not", "no it should", "i meant", "i said", "i asked for", "not what i", "that is not what",
        "this is not what", "that is wrong", "this is wrong", "that is not right", "that is not correct", "you forgot",
        "you missed", "you got it wrong", "wrong", "it should be", "it should have", "still wrong", "try again",
        "again but", "undo that",
    ),
    # Such a phrase stands somewhere in the message.
    "private": (
        "do not learn from this", "do not learn this", "do not learn from that", "do not learn that",
        "do not learn from it", "do not learn anything from this", "never learn from this", "do not learn from what",
        "do not make a skill of this", "do not make a skill from this", "do not use this for learning",
        "do not remember this", "keep this private",
    ),
    # The whole message is such a phrase.
    "teaches": (
        "make a skill of what you just did", "make a skill out of what you just did",
        "make a skill from what you just did", "make a skill of that", "make a skill of this", "make a skill of it",
        "make a skill out of that", "make a skill out of this", "make a skill out of it", "make that a skill",
        "make this a skill", "turn that into a skill", "turn this into a skill", "turn it into a skill",
        "save that as a skill", "save this as a skill", "learn that as a skill", "learn this as a skill",
        "remember how you did that", "remember how to do that", "learn how to do that",
    ),
}  # fmt: skip
"""Phrases as `words` makes them: lower case, no marks, `don't` and `didn't` written out."""

GERMAN: Mapping[Meaning, tuple[str, ...]] = {
    "works": (
        "hat geklappt", "das hat geklappt", "es hat geklappt", "alles hat geklappt", "jetzt klappt es",
        "es klappt jetzt", "hat funktioniert", "das hat funktioniert", "es hat funktioniert",
        "jetzt funktioniert es", "jetzt geht es", "es funktioniert jetzt", "alles funktioniert", "gelöst",
        "das hat es gelöst", "problem gelöst",
    ),
    "fails": (
        "hat nicht geklappt", "das hat nicht geklappt", "es hat nicht geklappt", "das hat leider nicht geklappt",
        "hat leider nicht geklappt", "klappt immer noch nicht",
        "es klappt immer noch nicht", "das klappt immer noch nicht", "hat nicht funktioniert",
        "das hat nicht funktioniert", "es hat nicht funktioniert", "hat leider nicht funktioniert",
        "das hat leider nicht funktioniert", "das funktioniert nicht", "es funktioniert nicht",
        "funktioniert immer noch nicht", "es funktioniert immer noch nicht", "das funktioniert immer noch nicht",
        "es geht immer noch nicht", "geht immer noch nicht", "das ist falsch", "das war falsch", "falsch",
        "alles falsch", "das stimmt nicht", "das stimmt so nicht", "das ist nicht richtig", "nicht richtig",
        "immer noch falsch", "ist immer noch falsch", "immer noch kaputt", "ist immer noch kaputt",
    ),
    "thanks": (
        "danke", "dankeschön", "vielen dank", "besten dank", "herzlichen dank", "tausend dank", "perfekt", "prima",
        "ausgezeichnet", "hervorragend", "sehr gut", "gut gemacht", "gute arbeit", "merci",
    ),
    "corrects": (
        "nein ich meinte", "nein ich meine", "nein ich sagte", "nein ich habe gesagt", "nein ich wollte",
        "ich meinte", "nein das ist nicht", "nein das war nicht", "nein das ist falsch", "nein das stimmt nicht",
        "nein es sollte", "nein das sollte", "ich sagte", "ich habe gesagt", "ich wollte aber", "ich wollte doch",
        "das meinte ich nicht", "so meinte ich das nicht", "so war das nicht gemeint", "das wollte ich nicht",
        "nicht was ich", "nicht das was ich", "das ist nicht was ich", "das ist nicht das was ich",
        "das war nicht was ich", "das ist falsch", "das war falsch", "das stimmt nicht", "das stimmt so nicht",
        "das ist nicht richtig", "du hast vergessen", "falsch", "es sollte", "es hätte", "immer noch falsch",
        "versuch es noch einmal", "versuch es nochmal", "noch einmal aber", "nochmal aber", "mach das rückgängig",
        "mach es rückgängig", "mach das wieder rückgängig",
    ),
    "private": (
        "lern das nicht", "lerne das nicht", "lern daraus nichts", "lerne daraus nichts", "lern nichts daraus",
        "lerne nichts daraus", "lern daraus nicht", "lerne daraus nicht", "lern nicht daraus", "lerne nicht daraus",
        "lern davon nichts", "lerne davon nichts", "lern hiervon nichts", "lerne hiervon nichts",
        "lern hieraus nichts", "lerne hieraus nichts", "nichts daraus lernen", "nicht daraus lernen",
        "das sollst du nicht lernen", "daraus sollst du nichts lernen", "mach daraus keinen skill",
        "mach keinen skill daraus", "merk dir das nicht", "merke dir das nicht", "behalt das für dich",
        "behalte das für dich", "das bleibt unter uns", "das bleibt privat",
    ),
    "teaches": (
        "mach daraus einen skill", "mach einen skill daraus", "mache daraus einen skill", "mache einen skill daraus",
        "mach aus dem was du gerade getan hast einen skill", "mach einen skill aus dem was du gerade getan hast",
        "mach das zu einem skill", "lern das als skill", "lerne das als skill", "speichere das als skill",
        "merk dir wie du das gemacht hast", "merk dir wie das geht",
    ),
}  # fmt: skip

NOT_THANKS = (
    "thanks in advance", "thank you in advance", "thanks for nothing", "thanks but no", "thank you note",
    "thank you letter", "thank you card", "thank you mail", "thank you message",
    "danke im voraus", "vielen dank im voraus", "danke für nichts", "danke nein", "danke aber nein",
)  # fmt: skip
"""Phrases that begin like thanks and are none."""
_FILLING = """
a an the please pls again once more now i we you me my us our just ok okay so then and but well hello hi hey could can
would will do to for is are of said asked about tell give want need still
der das dem des ein eine einen einem einer bitte nochmal nochmals noch einmal mal wieder jetzt nun ich du wir mir mich
uns mein meine meinen unser unsere gerade und dann aber hallo kannst könntest würdest von vom für zu zum zur ist sind
gesagt gefragt über sag sage zeig zeige gib brauche möchte
"""
FILLING = frozenset(_FILLING.split())
"""Words that make no difference between two requests, and are no values in the other language."""
_OPENERS = """
ok okay oh hm hmm sorry hey hi well and yes ah great
ach na naja ja also und hallo entschuldigung super toll klasse gut schön
"""
OPENERS = frozenset(_OPENERS.split())
"""Words that may stand before what a message begins with."""
_COURTESY = """
please thanks thank you now again just nope no also too
bitte danke dank vielen dir nun jetzt wieder einfach nein nee auch doch leider mal
"""
COURTESY = OPENERS | frozenset(_COURTESY.split())
"""Words that may stand around a phrase that is the whole message."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SHORT = {
    "can't": "can not",
    "won't": "will not",
    "that's": "that is",
    "it's": "it is",
    "i'm": "i am",
    "dont": "do not",
    "geht's": "geht es",
    "hat's": "hat es",
    "klappt's": "klappt es",
    "versuch's": "versuch es",
    "mach's": "mach es",
}


@dataclass(frozen=True, slots=True)
class Phrases:
    """The lists, with what the operator added (by the same names)."""

    added: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def said_of_work(self, text: str) -> Meaning | None:
        """What a message that follows on work says of it; None where words cannot tell."""
        said = words(text)
        if self._is_only(said, "fails"):
            return "fails"
        if self._is_only(said, "works"):
            return "works"
        begun = _begun(said)
        if any(_starts(begun, phrase) for phrase in self._lists("corrects")):
            return "corrects"
        if any(_starts(start, words(phrase)) for phrase in NOT_THANKS for start in (said, begun)):
            return None
        thanked = any(_starts(start, phrase) for phrase in self._lists("thanks") for start in (said, begun))
        return "thanks" if thanked else None

    def wants_privacy(self, text: str) -> bool:
        """Whether a message asks that nothing be learned from the work it is about."""
        said = words(text)
        return any(_place(said, phrase) is not None for phrase in self._lists("private"))

    def only_wants_privacy(self, text: str) -> bool:
        """Whether that is all a message asks."""
        return self._is_only(words(text), "private")

    def wants_teaching(self, text: str) -> bool:
        """Whether a message asks that a skill be made of the work before it, and nothing else."""
        return self._is_only(words(text), "teaches")

    def _lists(self, meaning: Meaning) -> list[list[str]]:
        return [_split(phrase) for phrase in (*ENGLISH[meaning], *GERMAN[meaning], *self.added.get(meaning, ()))]

    def _is_only(self, said: list[str], meaning: Meaning) -> bool:
        """Whether all that is said is such a phrase, and courtesy around it."""
        for phrase in self._lists(meaning):
            place = _place(said, phrase)
            if place is not None and COURTESY.issuperset(said[:place] + said[place + len(phrase) :]):
                return True
        return False


BUILT_IN = Phrases()


def words(text: str) -> list[str]:
    """The words of a text in lower case, short forms written out: `Don't!` is do, not."""
    found = (word.casefold().replace("’", "'") for word in _WORD.findall(text))
    return " ".join(_SHORT.get(word) or _negation_apart(word) for word in found).split()


def _negation_apart(word: str) -> str:
    return word.removesuffix("n't") + " not" if word.endswith("n't") else word


_split = cache(words)
"""For the phrases, which every message is held against."""


def repeats(text: str, earlier: str) -> bool:
    """Whether two messages ask for the same with the same values: they differ in words that make no difference.

    Any other word may be a value (a name, a number): then it is a new request, or one that words cannot tell.
    """
    one, other = (set(words(said)) - FILLING for said in (text, earlier))
    return bool(one) and one == other and _marked(text) == _marked(earlier)


def _marked(text: str) -> list[str]:
    """The words with digits, whole: `W-22` and `22-W` have the same words and are two values."""
    return sorted(word.strip(".,;:!?()\"'") for word in text.casefold().split() if re.search(r"\d", word))


def _begun(said: list[str]) -> list[str]:
    number = next((place for place, word in enumerate(said) if word not in OPENERS), len(said))
    return said[number:]


def _starts(said: list[str], phrase: list[str]) -> bool:
    return bool(phrase) and said[: len(phrase)] == phrase


def _place(said: list[str], phrase: list[str]) -> int | None:
    if not phrase or phrase[0] not in said:
        return None
    places = range(len(said) - len(phrase) + 1)
    return next((place for place in places if said[place : place + len(phrase)] == phrase), None)
