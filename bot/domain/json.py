"""The one name for "a value that JSON can carry", and how deep it may be."""

from collections.abc import Iterable
from typing import Any, TypeAlias

JSON: TypeAlias = Any
"""None, a boolean, a number, a string, a list of JSON or a dictionary from strings to JSON."""

DEEPEST = 200
"""Lists and objects in one another; Python's own encoder ends at about a thousand, less what called it."""


def too_deep(value: JSON) -> bool:
    """Whether a value is nested so deep that writing it down could fail."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: JSON) -> Iterable[JSON]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
