"""A program of its own: a PDF comes on stdin, its text goes to stdout as JSON (see `bot/tools/pdf.py`, which runs it).

It knows nothing of the bot, so that it starts in a tenth of a second and has nothing to lose.
"""

import io
import json
import resource
import sys
import time
from typing import Any

MEMORY = 1 << 30
"""Bytes of addresses that reading may take."""
SECONDS = 20.0
"""Time after which no further page is begun."""
PAGES = 500
CHARACTERS = 1_000_000
"""Of text: what is read of a PDF ends behind them."""


def main() -> None:
    """Print `{"pages", "read", "text"}`, or `{"locked": true}`. A PDF that is none ends it with a traceback."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # Imported here: the program that runs this one takes its limits from it, and needs no reader of PDFs.
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
    try:
        locked = reader.is_encrypted and not reader.decrypt("")
    except DependencyError:  # a cipher that needs another package
        locked = True
    json.dump({"locked": True} if locked else _text(reader), sys.stdout)


def _text(reader: Any) -> dict[str, Any]:
    until, texts, left = time.monotonic() + SECONDS, list[str](), CHARACTERS
    pages = len(reader.pages)
    for number in range(min(pages, PAGES)):
        if left <= 0 or time.monotonic() > until:
            break
        texts.append(_page(reader, number)[:left])
        left -= len(texts[-1])
    marked = (f"[page {number}]\n{text}" for number, text in enumerate(texts, 1))
    return {"pages": pages, "read": len(texts), "text": "\n\n".join(marked) if any(map(str.strip, texts)) else ""}


def _page(reader: Any, number: int) -> str:
    try:
        return str(reader.pages[number].extract_text())
    except Exception:  # noqa: BLE001 - "broken PDF files might cause other exceptions" (pypdf): the other pages count
        return ""


if __name__ == "__main__":
    main()
