"""Which skills a message sees: those in scope, ordered by relevance, as many as fit."""

import re
from collections.abc import Sequence

from bot.skills.library import Shelved

MOST = 8
"""Skills that reach the model at once."""
_WORD = re.compile(r"\w+")


def rank(live: Sequence[Shelved], text: str, by_text: Sequence[str]) -> list[Shelved]:
    """Live skills, best first: by the share of their keywords that the text holds, then by full text.

    The rank orders, it does not exclude: skills that share no word come last, by name.
    """
    said = {word.lower() for word in _WORD.findall(text)}
    place = {name: position for position, name in enumerate(by_text)}

    def order(entry: Shelved) -> tuple[float, int, str]:
        return -_keywords(entry, said), place.get(entry.name, len(place)), entry.name

    return sorted(live, key=order)


def _keywords(entry: Shelved, said: set[str]) -> float:
    """The share of a skill's keywords whose words all were said, singular or plural."""
    procedure = entry.skill and entry.skill.procedure
    keywords = procedure.trigger.keywords if procedure else ()
    known = said | {word.removesuffix("s") for word in said}
    hits = sum(_has(keyword, known) for keyword in keywords)
    return hits / len(keywords) if keywords else 0.0


def _has(keyword: str, said: set[str]) -> bool:
    words = [word.lower() for word in _WORD.findall(keyword)]
    return bool(words) and all(word in said or word.removesuffix("s") in said for word in words)
