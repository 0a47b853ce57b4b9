"""Documents cut into passages that a search can show: by their headings or pages, then by their paragraphs."""

import re
from collections.abc import Iterator

LONGEST = 1_000
"""Characters of a passage."""
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_PAGE = re.compile(r"^\[page (\d+)\]$", re.MULTILINE)


def under_headings(text: str) -> list[tuple[str, str]]:
    """Of a text in Markdown: each heading and what stands below it, up to the next."""
    parts, fenced = [("", list[str]())], ""
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if fence and fenced in ("", fence[1]):
            fenced = "" if fenced else fence[1]
        if not fenced and _HEADING.match(line):
            parts.append((line.strip(" \t#"), []))
        parts[-1][1].append(line)
    return [(heading, "\n".join(lines)) for heading, lines in parts]


def on_pages(text: str) -> list[tuple[str, str]]:
    """Of the text of a PDF (see `bot/tools/pdf_program.py`): `page 3` and what stands on it."""
    _, *parts = _PAGE.split(text)
    return [(f"page {number}", page) for number, page in zip(parts[::2], parts[1::2], strict=True)]


def pieces(text: str) -> Iterator[str]:
    """A text in pieces of at most LONGEST characters that end where a paragraph, a line or a word does, if they can."""
    start = 0
    while start < len(text):
        window = text[start : start + LONGEST]
        if start + LONGEST < len(text):
            ends = (window.rfind(end) for end in ("\n\n", "\n", " "))
            window = window[: next((end for end in ends if end > LONGEST // 4), LONGEST)]
        start += len(window)
        if piece := window.strip():
            yield piece
