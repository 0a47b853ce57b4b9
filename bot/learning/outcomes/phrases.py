"""What people say of the work that was done, as small lists of phrases, and a message compared with an earlier one.

The lists are English. `[phrases]` in `apprentice.toml` adds phrases of any language, under the same five names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Meaning = Literal["works", "fails", "thanks", "corrects", "private"]

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
}  # fmt: skip
"""Phrases as `words` makes them: lower case, no marks, `don't` and `didn't` written out."""

NOT_THANKS = (
    "thanks in advance", "thank you in advance", "thanks for nothing", "thanks but no", "thank you note",
    "thank you letter", "thank you card", "thank you mail", "thank you message",
)  # fmt: skip
"""Phrases that begin like thanks and are none."""
_FILLING = """
a an the please pls again once more now i we you me my us our just ok okay so then and but well hello hi hey could can
would will do to for is are of said asked about tell give want need still
"""
FILLING = frozenset(_FILLING.split())
"""Words that make no difference between two requests."""
OPENERS = frozenset(["ok", "okay", "oh", "hm", "hmm", "sorry", "hey", "hi", "well", "and", "yes", "ah", "great"])
"""Words that may stand before what a message begins with."""
COURTESY = frozenset(
    [*OPENERS, "please", "thanks", "thank", "you", "now", "again", "just", "nope", "no", "also", "too"]
)
"""Words that may stand around a phrase that is the whole message."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SHORT = {
    "can't": "can not",
    "won't": "will not",
    "that's": "that is",
    "it's": "it is",
    "i'm": "i am",
    "dont": "do not",
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

    def _lists(self, meaning: Meaning) -> list[list[str]]:
        return [words(phrase) for phrase in (*ENGLISH[meaning], *self.added.get(meaning, ()))]

    def _is_only(self, said: list[str], meaning: Meaning) -> bool:
        """Whether all that is said is such a phrase, and courtesy around it."""
        for phrase in self._lists(meaning):
            place = _place(said, phrase)
            if place is not None and COURTESY.issuperset(said[:place] + said[place + len(phrase) :]):
                return True
        return False


ENGLISH_ALONE = Phrases()


def words(text: str) -> list[str]:
    """The words of a text in lower case, short forms written out: `Don't!` is do, not."""
    found = (word.casefold().replace("’", "'") for word in _WORD.findall(text))
    return " ".join(_SHORT.get(word) or re.sub(r"n't$", " not", word) for word in found).split()


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
    places = range(len(said) - len(phrase) + 1)
    return next((place for place in places if phrase and said[place : place + len(phrase)] == phrase), None)
