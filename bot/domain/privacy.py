"""Secrets and personal values in texts: found, named and masked. Whatever is stored, shown or learned can ask here.

Secrets are found by their form (`secret_forms.py`), and as the bot's own. Cards are told from order numbers by Luhn's
check (ISO/IEC 7812), accounts by the remainder of 97 (ISO 13616). What it lets pass and what it takes for a secret is
planted in the tests.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from bot.domain.json import JSON
from bot.domain.secret_forms import Span, after_names, known_forms, matches, random_words
from bot.words import Sentence

MASK = "[secret]"
"""Stands where a secret was."""
SHORTEST_OWN = 6
"""Characters from which a secret of the bot's own is looked for: shorter ones would stand everywhere."""
_SECRET_FIELD = re.compile(
    r"passw(or)?d|passphrase|secret|(api|access|private)_?key|credential|(auth|access|refresh|bot)_?token|cvv|ssn",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_CARD = re.compile(r"(?<![\w.-])[2-6]\d{3}(?:[ -]?\d){10,15}(?![\w-])")
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_SOCIAL = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_ACCOUNT_LENGTHS = range(15, 35)
_PHONE = re.compile(
    r"(?<![\w+])\+\d(?:[ ().-]{0,2}\d){8,14}(?!\w)"  # +49 30 1234567 (ITU-T E.164: at most 15 digits)
    r"|(?<!\w)\(0?\d{2,5}\)[ -]?\d(?:[ -]?\d){4,9}(?!\w)"  # (030) 1234567
    r"|(?<![\w.-])\d{3}([-. ])\d{3}\1\d{4}(?![\w-])"  # 555-123-4567
    r"|(?<![\w./:-])0\d{1,4}[ /]\d(?:[ -]?\d){4,9}(?![\w/:])"  # 030 1234567
)


@dataclass(frozen=True)
class Privacy:
    """Finds and masks what must not be told.

    `own` are secrets of the bot's settings, `names` those of the people of a chat as its platform gives them.
    """

    own: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def trouble(self, text: str) -> Sentence | None:
        """What a text gives away first, as a sentence's object ("an e-mail address"), or None.

        What stands for a secret is one: nothing is learned that was made with it.
        """
        if MASK in text:
            return Sentence("a secret ({kind})", kind="masked")
        return next((kind for _, _, kind in (*self._secrets(text), *self._personal(text))), None)

    def masked(self, text: str) -> str:
        """The text with each secret as `[secret]`; fit for logs, traces and cards."""
        return _masked(text, self._secrets(text))

    def kept(self, text: str) -> str:
        """The text with each secret of a known form as `[secret]`; fit for the store.

        What only looks random stays: the ids, cursors and links that work goes on with do so too.
        """
        return _masked(text, self._certain(text))

    def anonymous(self, text: str) -> str:
        """The text without secrets and personal values; the same value is the same `[phone number 1]` throughout."""
        text = self.masked(text)
        seen: dict[tuple[str, str], int] = {}

        def placeholder(kind: str, value: str) -> str:
            alike = [number for (other, _), number in seen.items() if other == kind]
            return f"[{kind.split(' ', 1)[1]} {seen.setdefault((kind, value.casefold()), len(alike) + 1)}]"

        return _replaced(text, self._personal(text), placeholder)

    def masked_in(self, value: JSON) -> JSON:
        """JSON with the secrets in its strings masked, and what stands under a name such as `password`."""
        return _masked_in(value, self._secrets)

    def kept_in(self, value: JSON) -> JSON:
        """The same as `kept`, for JSON."""
        return _masked_in(value, self._certain)

    @cached_property
    def _own(self) -> re.Pattern[str] | None:
        """In JSON and in addresses they may be written in another way."""
        own = [value for value in self.own if len(value) >= SHORTEST_OWN]
        written = (
            {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(value, "")}
            for value in own
        )
        return _any_of(form for forms in written for form in forms)

    @cached_property
    def _people(self) -> re.Pattern[str] | None:
        """Whole names in any case, and the parts of names as they are written."""
        whole = {f"(?i:{re.escape(name)})" for name in self.names if len(name.split()) > 1}
        parts = {re.escape(part) for name in self.names for part in name.split() if len(part) > 2}
        found = "|".join(sorted(whole) + sorted(parts))
        return re.compile(rf"(?<!\w)(?:{found})(?!\w)") if found else None

    def _secrets(self, text: str) -> Iterator[Span]:
        yield from self._certain(text)
        yield from random_words(text)

    def _certain(self, text: str) -> Iterator[Span]:
        if self._own:
            yield from matches(self._own, text, Sentence("a secret (of the bot)"))
        yield from known_forms(text)
        yield from after_names(text)

    def _personal(self, text: str) -> Iterator[Span]:
        yield from matches(_EMAIL, text, Sentence("an e-mail address"))
        yield from (span for span in matches(_CARD, text, Sentence("a card number")) if _luhn(text[span[0] : span[1]]))
        yield from (
            span for span in matches(_ACCOUNT, text, Sentence("an account number")) if _mod97(text[span[0] : span[1]])
        )
        yield from matches(_SOCIAL, text, Sentence("a social security number"))
        yield from matches(_PHONE, text, Sentence("a phone number"))
        if self._people:
            yield from matches(self._people, text, Sentence("a person's name"))


def asks_for_secret(name: str) -> bool:
    """Whether a parameter or a field of this name carries a secret."""
    return _SECRET_FIELD.search(name) is not None


def _any_of(values: Iterable[str]) -> re.Pattern[str] | None:
    found = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
    return re.compile(found) if found else None


def _replaced(text: str, spans: Iterable[Span], word: Callable[[str, str], str]) -> str:
    """The text with a word for each span; of spans that overlap the first and longest counts, with all they cover."""
    parts, done = [], 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= done:
            parts += [text[done:start], word(kind, text[start:end])]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _masked(text: str, spans: Iterable[Span]) -> str:
    return _replaced(text, spans, lambda _, __: MASK)


def _masked_in(value: JSON, find: Callable[[str], Iterator[Span]]) -> JSON:
    # One look at all strings at once: words end with a line too, so nothing that one of them holds is missed.
    told = "\n".join(_strings(value))
    if not _SECRET_FIELD.search(told) and next(find(told), None) is None:
        return value
    return _each_masked(value, find)


def _strings(value: JSON) -> Iterator[str]:
    match value:
        case str():
            yield value
            yield from _strings(_object(value))
        case list() | tuple():
            for inner in value:
                yield from _strings(inner)
        case dict():
            for name, inner in value.items():
                yield name
                yield from _strings(inner)


def _each_masked(value: JSON, find: Callable[[str], Iterator[Span]]) -> JSON:
    match value:
        case str():
            return _text_masked(value, find)
        case list() | tuple():
            return type(value)(_each_masked(inner, find) for inner in value)
        case dict():
            return {
                _masked(name, find(name)): MASK if _is_secret(name, inner) else _each_masked(inner, find)
                for name, inner in value.items()
            }
    return value


def _text_masked(text: str, find: Callable[[str], Iterator[Span]]) -> str:
    """A text that is a JSON object, as a call's arguments are, is one afterwards too."""
    if (value := _object(text)) is None:
        return _masked(text, find(text))
    masked = _each_masked(value, find)
    return text if masked == value else json.dumps(masked, ensure_ascii=False)


def _object(text: str) -> JSON:
    """The JSON object that a text is; None if it is none."""
    try:
        return json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None


def _is_secret(name: str, value: JSON) -> bool:
    """Whether a value stands under a name such as `password`; a boolean or nothing gives nothing away."""
    return asks_for_secret(name) and (isinstance(value, str | float) or type(value) is int)


def _luhn(text: str) -> bool:
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def _mod97(text: str) -> bool:
    plain = text.replace(" ", "")
    return (
        len(plain) in _ACCOUNT_LENGTHS and int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1
    )
