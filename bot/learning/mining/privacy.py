"""What must not stand in a skill: secrets and personal values."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"(?<!\w)\+?\(?\d[\d ()./-]{6,}\d(?!\w)")
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){13,19}(?!\d)")
_SECRET_FIELD = re.compile(
    r"passw(or)?d|passphrase|secret|(api|access|private)_?key|credential|(auth|access)_?token|cvv|ssn", re.IGNORECASE
)


def trouble(text: str) -> str | None:
    """What a text gives away, as a sentence's subject ("an e-mail address"), or None."""
    if _EMAIL.search(text):
        return "an e-mail address"
    if _CARD.search(text):
        return "a card or account number"
    if _PHONE.search(text):
        return "a phone number"
    return next((f"a secret ({found})" for found in _secrets(text)), None)


def asks_for_secret(name: str) -> bool:
    """Whether a parameter of this name would carry a secret."""
    return _SECRET_FIELD.search(name) is not None


def _secrets(text: str) -> Iterator[str]:
    for detector in _detectors():
        # Detectors of high entropy look between quotes only.
        for line in (text, *(f'"{word}"' for word in text.split())):
            if detector.analyze_line(filename="", line=line):
                yield detector.secret_type
                break


@lru_cache(maxsize=1)
def _detectors() -> "tuple[BasePlugin, ...]":
    # Imported where it is needed: it brings an HTTP client along, which would cost every start a fifth of a second.
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    kinds: Mapping[str, Any] = get_mapping_from_secret_type_to_class()
    return tuple(kind() for kind in kinds.values())
