"""How secrets look: the patterns of Yelp's detect-secrets, the names that stand before them, and chance's own words."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from math import log2
from typing import Any

from bot.words import Sentence

Span = tuple[int, int, Sentence]
"""Where something stands in a text, and what it is."""

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
_IN_NAMES = ("token", "key", "pass", "pwd", "secret", "contrase", "kennwort")
"""One of these is in each name that the pattern of names knows."""
_TOKEN_NAMES = (
    r"(?:access|auth|refresh|bearer|bot|session|api|id)[_-]?token",
    r"api[ -]key",
    "passphrase",
    "passwort",
    "kennwort",
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----(?:[\w+/=\s\\:,.]|-(?!-))*"
    r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----)?",
    re.ASCII,
)
_BEARER = re.compile(r"\b(?:bearer|basic) ([\w.~+/=-]{16,})", re.IGNORECASE)
_NEWER = re.compile(
    r"(?<!\w)(?:sk-(?=[\w-]*\d)|github_pat_|xapp-\d-|xoxe[.-]|AIza(?=[\w-]*\d)|ya29\.|hvs\.|pypi-AgE|AGE-SECRET-KEY-1"
    r"|(?:dop_v1|gsk|hf|npm|r8|shp(?:at|ca|pa|ss)|whsec)_(?=\w*\d)|xai-(?=\w*\d))[\w.-]{16,}",
    re.ASCII,
)
"""Tokens that the library does not know yet: of OpenAI and the like (sk-), GitHub, Slack, Google, npm and others."""
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


def matches(pattern: re.Pattern[str], text: str, kind: Sentence) -> Iterator[Span]:
    """Where a pattern is found in a text."""
    return ((match.start(), match.end(), kind) for match in pattern.finditer(text))


def known_forms(text: str) -> Iterator[Span]:
    """Keys, tokens, and passwords in addresses."""
    yield from matches(_KEY_BLOCK, text, _PRIVATE_KEY)
    text = _BLOB.sub(lambda blob: " " * len(blob[0]), text)
    yield from matches(_NEWER, text, _TOKEN)
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


def after_names(text: str) -> Iterator[Span]:
    """Values that a name such as `password` stands before: quoted ones, and bare ones that are no plain word."""
    folded = text.casefold()
    for match in _named().finditer(text) if any(part in folded for part in _IN_NAMES) else ():
        group = "quoted" if match["quoted"] else "bare"
        value = match[group]
        if not _TEMPLATE.match(value) and (group == "quoted" or not value.rstrip(".,!?").isalpha()):
            yield *match.span(group), _secret("Secret Keyword")
    for match in _BEARER.finditer(text):
        yield *match.span(1), _secret("Bearer Token")


def random_words(text: str) -> Iterator[Span]:
    """Long words that nobody would write."""
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


_PRIVATE_KEY, _TOKEN = _secret("Private Key"), _secret("Token")


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
        rf"(?:{names})(?:_\w{{1,24}})?\\{{0,3}}[\"'\]]{{0,2}}(?:[ \t]{{0,3}}(?::=|=>|[:=])[ \t]{{0,3}}| is | ist )"
        r"(?:\\{0,3}[\"'`](?P<quoted>[^\"'`\\\n]{4,256})|(?P<bare>[^\s\"'`,;<>{}()\[\]&\\]{6,256}+)(?![(\[]))",
        re.IGNORECASE,
    )


@lru_cache(maxsize=1)
def _entropy() -> tuple[Callable[[str], float], float]:
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString

    detector = Base64HighEntropyString()
    return detector.calculate_shannon_entropy, detector.entropy_limit
