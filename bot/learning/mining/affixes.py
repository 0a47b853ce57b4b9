"""Composed texts: the fixed beginning and end that values share, cut only where a word ends."""

from collections import Counter
from collections.abc import Sequence
from math import ceil

from bot.domain.json import JSON
from bot.learning.mining.evidence import AGREEING

LONGEST = 400
"""Characters of a text that may be composed around one value: a longer one is written, not composed."""


def affixes(values: Sequence[JSON]) -> tuple[str, str] | None:
    """The beginning and the end that nearly all values share; None where that is no word, or nothing is between.

    >>> affixes(["orders/41.json", "orders/45.json", "orders/47.json"])
    ('orders/', '.json')
    """
    texts = [value for value in values if isinstance(value, str) and len(value) <= LONGEST]
    enough = ceil(AGREEING * len(values))
    if len(texts) < max(enough, 1):
        return None
    before = _beginning(texts, enough)
    rest = [text.removeprefix(before)[::-1] for text in texts]
    after = _beginning(rest, enough)[::-1]
    middles = [middle for text in texts if (middle := inside(text, before, after))]
    if len(middles) < enough or not any(char.isalnum() for char in before + after) or before.endswith("$"):
        return None  # (`$${` would be a literal `${`)
    return before, after


def inside(value: JSON, before: str, after: str) -> str | None:
    """What stands between a fixed beginning and end, or None where they do not fit around anything."""
    if not isinstance(value, str) or len(value) <= len(before) + len(after):
        return None
    fits = value.startswith(before) and value.endswith(after)
    return value[len(before) : len(value) - len(after)] if fits else None


def _beginning(texts: Sequence[str], enough: int) -> str:
    """The longest beginning that `enough` texts share, cut back to where a word ends in all of them."""
    shared, length = list(texts), 0
    while counts := Counter(text[length] for text in shared if len(text) > length):
        char, count = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
        if count < enough:
            break
        shared = [text for text in shared if text[length : length + 1] == char]
        length += 1
    while length and shared[0][length - 1].isalnum() and any(text[length : length + 1].isalnum() for text in shared):
        length -= 1
    return shared[0][:length]
