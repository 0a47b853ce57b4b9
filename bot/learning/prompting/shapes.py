"""Which talks are alike: tasks whose requests share words, or share one and were followed by the same word."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from math import ceil
from typing import Literal, TypeAlias

from bot.learning.mining.naming import singular
from bot.learning.prompting.talks import Talk

Said: TypeAlias = tuple[Literal["asked", "then"], str]
"""A word, and whether it was asked with or said after the answer."""

FIRST_WORDS = 40
"""Words of a request that are looked at: what comes behind them is what the work is about, not the work."""
LONGEST_CORRECTION = 30
"""Words of a message that says how an answer should be; a longer one is another request."""
_NO_WORD = re.compile(r"\S*[@\d/]\S*")
"""Addresses, paths and numbers: their parts are no words."""
GROWTH = 0.05
"""The share of all talks that must be alike: with a fixed number, more data finds more coincidences."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_STOP_WORDS = """
about above after again all also and any are ask back been before bit but can could did does doing done few for from
get give going good got great had has have hello help here hey hey him his how into its just know let like little look
make made may maybe more most much need new not now off okay one only other our out over perfect please put really same
say see she should some sorry such sure tell than thank thanks that the their them then there these they thing this
those too try use version very want was way well were what when where which who why will with would yes yet you your
"""
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Shape:
    """Talks that are alike, and the two words that say so."""

    words: tuple[Said, Said]
    talks: tuple[Talk, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex of the words: known before any model was asked, and whatever it would write."""
        return sha256(json.dumps(["prompt", *self.words]).encode()).hexdigest()

    @property
    def told(self) -> str:
        """The words for people: `asked with 'summary', then 'shorter'`."""
        return ", ".join(f"{'asked with' if how == 'asked' else 'then'} {word!r}" for how, word in self.words)

    @property
    def people(self) -> int:
        """How many people are known to have asked."""
        return len({talk.person for talk in self.talks if talk.person})


def shapes(talks: Sequence[Talk], min_tasks: int) -> list[Shape]:
    """The shapes that enough talks share, the most shared first; no talk has two, and their order changes nothing.

    At least one of the two words was asked with. Words of one task are nobody's shape: values fall away.
    """
    said = {talk.task: _said(talk) for talk in talks}
    by_task = {talk.task: talk for talk in talks}
    needed = max(min_tasks, ceil(GROWTH * len(talks)))
    found: list[Shape] = []
    while (best := _commonest(said, needed)) is not None:
        words, tasks = best
        found.append(Shape(words, tuple(by_task[task] for task in sorted(tasks))))
        said = {task: words for task, words in said.items() if task not in tasks}
    return found


def _commonest(said: Mapping[str, frozenset[Said]], needed: int) -> tuple[tuple[Said, Said], set[str]] | None:
    """The pair of words that most tasks share: words said after the answer first, then by the alphabet."""
    by_word: dict[Said, set[str]] = defaultdict(set)
    for task, words in said.items():
        for word in words:
            by_word[word].add(task)
    often = sorted(word for word, there in by_word.items() if len(there) >= needed)
    pairs = [pair for pair in combinations(often, 2) if pair[0][0] == "asked"]
    shared = {pair: by_word[pair[0]] & by_word[pair[1]] for pair in pairs}
    best = min(pairs, key=lambda pair: (-len(shared[pair]), pair[1][0] == "asked", pair), default=None)
    return None if best is None or len(shared[best]) < needed else (best, shared[best])


def _said(talk: Talk) -> frozenset[Said]:
    corrections = (text for text in talk.after if len(text.split()) <= LONGEST_CORRECTION)
    return frozenset(
        [("asked", word) for word in _words(" ".join(talk.request.split()[:FIRST_WORDS]))]
        + [("then", word) for text in corrections for word in _words(text)]
    )


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(_NO_WORD.sub(" ", text.casefold())):
        if word not in _STOP:
            yield singular([word])[0]
