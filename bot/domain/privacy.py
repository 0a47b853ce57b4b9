"""Secrets and personal values in texts: found, named and masked. Whatever is stored, shown or learned can ask here.

Secrets are found by the patterns of Yelp's detect-secrets, by the names that stand before them (`password: …`), by the
entropy of long words, and as the bot's own. Cards are told from order numbers by Luhn's check (ISO/IEC 7812), accounts
by the remainder of 97 (ISO 13616). What it lets pass and what it takes for a secret is planted in the tests.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import log2
from typing import Any

from bot.domain.json import JSON
from bot.words import Sentence

Span = tuple[int, int, Sentence]
"""Where something stands in a text, and what it is."""

SHORTEST_OWN = 6
"""Characters from which a secret of the bot's own is looked for: shorter ones would stand everywhere."""
_LEFT_OUT = frozenset(
    [
        "IPPublicDetector",  # an address of a machine is no secret
        "ArtifactoryDetector",  # takes AP2024000123, an invoice, for a password
        "NpmDetector",  # takes the square of a line's length
        # A name before a value is one rule here, for all of them.
        "CloudantDetector",
        "IbmCloudIamDetector",
        "IbmCosHmacDetector",
        "SoftlayerDetector",
        "PrivateKeyDetector",  # finds the heading without the key
    ]
)
_SECRET_FIELD = re.compile(
    r"passw(or)?d|passphrase|secret|(api|access|private)_?key|credential|(auth|access|refresh|bot)_?token|cvv|ssn",
    re.IGNORECASE,
)
_TOKEN_NAMES = (r"(?:access|auth|refresh|bearer|bot|session|api|id)[_-]?token", r"api[ -]key", "passphrase")
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----(?:[\w+/=\s\\:,.]|-(?!-))*"
    r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----)?",
    re.ASCII,
)
_BEARER = re.compile(r"\b(?:bearer|basic) ([\w.~+/=-]{16,})", re.IGNORECASE)
_BLOB = re.compile(r"[\w+/=.-]{2000,}", re.ASCII)
"""What is too long for any key: some patterns take the square of its length."""
RANDOM = 0.86
"""Share of the most entropy that a word of its length can have; 99 % of random words of base64 reach it."""
_LONG_WORD = re.compile(r"(?<![\w+/-])[A-Za-z0-9_+/-]{23,}={0,2}")
_REST_OF_WORD = re.compile(r"[\w+/=.-]*(?<![.,])")
_TEMPLATE = re.compile(r"[$<{\[%*]|(.)\1*$")
MIXED = 0.27
"""Share of neighbours of different kinds (small, capital, digit, sign), a capital that begins a word apart.

It is .48 in random base64, and about .2 where people join words by capitals.
"""

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
        """What a text gives away first, as a sentence's object ("an e-mail address"), or None."""
        return next((kind for _, _, kind in (*self._secrets(text), *self._personal(text))), None)

    def masked(self, text: str) -> str:
        """The text with each secret as `[secret]`; fit for logs, the store and traces."""
        return _replaced(text, self._secrets(text), lambda _, __: "[secret]")

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
        match value:
            case str():
                return self.masked(value)
            case list() | tuple():
                return type(value)(self.masked_in(inner) for inner in value)
            case dict():
                return {
                    name: "[secret]" if isinstance(inner, str) and asks_for_secret(name) else self.masked_in(inner)
                    for name, inner in value.items()
                }
        return value

    @cached_property
    def _own(self) -> re.Pattern[str] | None:
        return _any_of(value for value in self.own if len(value) >= SHORTEST_OWN)

    @cached_property
    def _people(self) -> re.Pattern[str] | None:
        """Whole names in any case, and the parts of names as they are written."""
        whole = {f"(?i:{re.escape(name)})" for name in self.names if len(name.split()) > 1}
        parts = {re.escape(part) for name in self.names for part in name.split() if len(part) > 2}
        found = "|".join(sorted(whole) + sorted(parts))
        return re.compile(rf"(?<!\w)(?:{found})(?!\w)") if found else None

    def _secrets(self, text: str) -> Iterator[Span]:
        if self._own:
            yield from _matches(self._own, text, Sentence("a secret (of the bot)"))
        yield from _patterns(text)
        yield from _after_names(text)
        yield from _random_words(text)

    def _personal(self, text: str) -> Iterator[Span]:
        yield from _matches(_EMAIL, text, Sentence("an e-mail address"))
        yield from (span for span in _matches(_CARD, text, Sentence("a card number")) if _luhn(text[span[0] : span[1]]))
        yield from (
            span for span in _matches(_ACCOUNT, text, Sentence("an account number")) if _mod97(text[span[0] : span[1]])
        )
        yield from _matches(_SOCIAL, text, Sentence("a social security number"))
        yield from _matches(_PHONE, text, Sentence("a phone number"))
        if self._people:
            yield from _matches(self._people, text, Sentence("a person's name"))


def asks_for_secret(name: str) -> bool:
    """Whether a parameter or a field of this name carries a secret."""
    return _SECRET_FIELD.search(name) is not None


def _any_of(values: Iterable[str]) -> re.Pattern[str] | None:
    found = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
    return re.compile(found) if found else None


def _matches(pattern: re.Pattern[str], text: str, kind: Sentence) -> Iterator[Span]:
    return ((match.start(), match.end(), kind) for match in pattern.finditer(text))


def _replaced(text: str, spans: Iterable[Span], word: Callable[[str, str], str]) -> str:
    """The text with a word for each span; of spans that overlap the first and longest counts, with all they cover."""
    parts, done = [], 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= done:
            parts += [text[done:start], word(kind, text[start:end])]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _patterns(text: str) -> Iterator[Span]:
    yield from _matches(_KEY_BLOCK, text, _secret("Private Key"))
    text = _BLOB.sub(lambda blob: " " * len(blob[0]), text)
    for kind, pattern in _known():
        for match in pattern.finditer(text):
            start, end = match.span()
            if pattern.groups and match.end(1) >= end - 1:
                start, end = match.span(1)  # the secret alone, without the name or the URL before it
            else:
                end = _to_the_end_of_word(text, end)
            yield start, end, _secret(kind)


def _to_the_end_of_word(text: str, end: int) -> int:
    rest = _REST_OF_WORD.match(text, end)
    return rest.end() if rest else end


def _after_names(text: str) -> Iterator[Span]:
    """Values that a name such as `password` stands before: quoted ones, and bare ones that are no plain word."""
    for match in _named().finditer(text):
        group = "quoted" if match["quoted"] else "bare"
        value = match[group]
        if not _TEMPLATE.match(value) and (group == "quoted" or not value.rstrip(".,!?").isalpha()):
            yield *match.span(group), _secret("Secret Keyword")
    for match in _BEARER.finditer(text):
        yield *match.span(1), _secret("Bearer Token")


def _random_words(text: str) -> Iterator[Span]:
    entropy, limit = _entropy()
    for match in _LONG_WORD.finditer(text):
        word = match[0]
        cased = word != word.lower() and word != word.upper()
        if cased and _mixed(word) >= MIXED and entropy(word) > min(limit, RANDOM * log2(len(word))):
            yield *match.span(), _secret("Base64 High Entropy String")


def _mixed(word: str) -> float:
    kinds = ["0" if char.isdigit() else "a" if char.islower() else "A" if char.isupper() else "-" for char in word]
    return sum(one != other and one + other != "Aa" for one, other in pairwise(kinds)) / (len(kinds) - 1)


def _secret(kind: str) -> Sentence:
    return Sentence("a secret ({kind})", kind=kind)


def _luhn(text: str) -> bool:
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def _mod97(text: str) -> bool:
    plain = text.replace(" ", "")
    return (
        len(plain) in _ACCOUNT_LENGTHS and int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1
    )


# The library is imported where it is needed: it brings an HTTP client along, a fifth of a second for every start.
@lru_cache(maxsize=1)
def _known() -> tuple[tuple[str, re.Pattern[str]], ...]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector

    kinds: Mapping[str, Any] = get_mapping_from_secret_type_to_class()
    detectors = (kind() for kind in kinds.values() if kind.__name__ not in _LEFT_OUT)
    return tuple(
        (detector.secret_type, pattern)
        for detector in detectors
        if isinstance(detector, RegexBasedDetector)
        for pattern in detector.denylist
    )


@lru_cache(maxsize=1)
def _named() -> re.Pattern[str]:
    from detect_secrets.plugins.keyword import DENYLIST

    names = "|".join((*_TOKEN_NAMES, *DENYLIST))
    return re.compile(
        rf"(?:{names})(?:_\w{{1,24}})?\\{{0,3}}[\"'\]]{{0,2}}(?:[ \t]{{0,3}}(?::=|=>|[:=])[ \t]{{0,3}}| is )"
        r"(?:\\{0,3}[\"'`](?P<quoted>[^\"'`\\\n]{4,256})|(?P<bare>[^\s\"'`,;<>{}()\[\]&\\]{6,256}))",
        re.IGNORECASE,
    )


@lru_cache(maxsize=1)
def _entropy() -> tuple[Callable[[str], float], float]:
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString

    detector = Base64HighEntropyString()
    return detector.calculate_shannon_entropy, detector.entropy_limit
