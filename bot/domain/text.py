"""Text from outside, made fit to store and to send."""

import re
import unicodedata
from collections.abc import Container

FILE_MARK = re.compile(r"^<(?:file|schedule) [^\n]*/>$", re.MULTILINE)
"""How a message tells of a file that came with it, or that its time had come: nobody said these words."""
LARGEST = 100_000
"""Characters of a tool's result that are kept."""

MARK = re.compile(r"^([ \t]*)<(?=/?(?:files?|facts?|schedule)\b)", re.MULTILINE | re.IGNORECASE)
"""Where a line begins as such a mark does, of a file, of facts or of a schedule: nobody else writes these."""

_UNSEEN = frozenset(["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"])
"""Unicode's categories of what nobody can see: control, format and private characters, strange ends of lines."""
_IGNORED = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What nobody can see of other categories (Unicode 15.1, Default_Ignorable_Code_Point): words can hide in it."""


def unseen(char: str) -> bool:
    """Whether nobody can see a character."""
    return unicodedata.category(char) in _UNSEEN or _IGNORED.match(char) is not None


_JOINING = frozenset("\n\t\u200c\u200d\ufe0e\ufe0f")
"""What nobody sees, and what letters and emoji are made with."""


def seen(text: str) -> str:
    """What people see of a text that stays: words that a page hides in it would be read by the model time and again."""
    return "".join(char for char in text if char in _JOINING or not unseen(char))


def clean(text: str) -> str:
    """Text without what no encoder takes: lone surrogates become `?`, NUL is dropped."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def plain(text: str) -> str:
    """Text that somebody else wrote, such as a name, in one line and without meaning to Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", " ".join(text.split()))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; what is cut ends in an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def cut(text: str) -> str:
    """A tool's result as far as it is kept, and a line that says so."""
    if len(text) <= LARGEST:
        return text
    return f"{text[:LARGEST]}\n[Cut: these are the first {LARGEST:,} of {len(text):,} characters. Ask for less.]"


def free(name: str, taken: Container[str], joint: str) -> str:
    """The name, or the name with the first number that makes it free: `orders`, `orders-2`."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{joint}{number}"
    return free
