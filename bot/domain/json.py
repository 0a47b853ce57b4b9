"""The one name for "a value that JSON can carry"."""

from typing import Any, TypeAlias

JSON: TypeAlias = Any
"""None, a boolean, a number, a string, a list of JSON or a dictionary from strings to JSON."""
