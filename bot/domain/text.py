"""Text from outside, made fit to store and to send."""

import re


def clean(text: str) -> str:
    """Text without what no encoder takes: lone surrogates become `?`, NUL is dropped."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def plain(text: str) -> str:
    """Text that somebody else wrote, such as a name, in one line and without meaning to Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", " ".join(text.split()))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; what is cut ends in an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
