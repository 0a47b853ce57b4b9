"""Made-up values of the same form as those seen: a skill shows what a parameter looks like, never a real value."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle

from bot.domain.json import JSON
from bot.learning.mining.evidence import mark

_RUN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_WORDS = ("alex", "morgan", "riverside", "harbour")
_DIGITS = "123456789012345678901234567890"
LONGEST_FORM = 60
"""Characters of a value whose form is copied; a longer one is shown as text."""


def made_up(values: Sequence[JSON], number: int = 0) -> JSON:
    """A value of the form that most of these have, equal to none of them. Other numbers give other words."""
    if not values:
        return "example"
    kind = Counter(type(value) for value in values).most_common(1)[0][0]
    if kind is bool:
        return True
    if kind in (int, float):
        return _number([value for value in values if type(value) is kind], kind)
    if kind is list:
        return [made_up([element for value in values if isinstance(value, list) for element in value], number)]
    return _text([value for value in values if isinstance(value, str)], number) if kind is str else {}


def _number(values: Sequence[float], kind: type) -> float:
    digits = Counter(len(str(abs(int(value)))) for value in values).most_common(1)[0][0]
    number = int(_DIGITS[: min(digits, 15)])
    while number in values:
        number += 1
    return number if kind is int else number + 0.5


def _text(values: Sequence[str], number: int) -> str:
    """The form of the text that most look like, first among equals in the alphabet of forms."""
    forms = Counter(_form(value) for value in values)
    form = min(forms, key=lambda found: (-forms[found], len(found), found))
    shaped = [value for value in values if _form(value) == form]
    made = _special(form) or _filled(shaped, number)
    real = set(values)
    return next(text for text in _variants(made) if text not in real)


def _form(value: str) -> str:
    """Letters become a, A or Aa, digits 0, whatever their number: the form without the value."""
    if len(value) > LONGEST_FORM or len(value.split()) > 4 or not value.strip():
        return "text"
    if "@" in value:
        return "address"
    if "://" in value:
        return "url"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return "date"
    return _RUN.sub(lambda found: _letter(found[0]), value)


def _letter(run: str) -> str:
    if run.isdigit():
        return "0"
    return "A" if run.isupper() else "Aa" if run[0].isupper() else "a"


def _special(form: str) -> str | None:
    made = {"text": "example text", "address": "alex@example.com", "url": "https://example.com/page"}
    return "2030-01-15" if form == "date" else made.get(form)


def _filled(values: Sequence[str], number: int) -> str:
    """Runs of letters and digits replaced one by one; a short code that all share (`INC-`) is form."""
    runs = [_RUN.findall(value) for value in values]
    example = min(values, key=lambda value: (len(value), mark(value)))
    words = cycle(_WORDS[number % len(_WORDS) :] + _WORDS[: number % len(_WORDS)])
    place = -1

    def fill(found: re.Match[str]) -> str:
        nonlocal place
        place += 1
        run = found[0]
        if run.isdigit():
            return _DIGITS[: len(run)]
        if (
            len(run) <= 4
            and (run.isupper() or run.islower())
            and len(values) > 2
            and all(other[place] == run for other in runs)
        ):
            return run
        if run.isupper() and len(run) <= 4:
            return "XYZW"[: len(run)]
        word = next(words)
        return word.upper() if run.isupper() else word.capitalize() if run[0].isupper() else word

    return _RUN.sub(fill, example)


def _variants(text: str) -> Iterator[str]:
    yield text
    for number in range(2, 1_000_000):
        yield f"{text}{number}"
