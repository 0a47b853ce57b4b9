"""The text of a PDF, read by a process of its own: whatever the file does to its reader, it does not do to the bot."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from bot.tools.process import run
from bot.words import Sentence

SECONDS = 30.0
"""Time for all of it; the program itself begins no page after 20."""
MOST = 32 * 2**20
"""Bytes of what the program prints: more than its most text takes as JSON."""
_PROGRAM = Path(__file__).with_name("pdf_program.py")


@dataclass(frozen=True, slots=True)
class PdfText:
    """What could be read: how many pages it has, how many of them were read, and their text; without any, why."""

    pages: int = 0
    read: int = 0
    text: str = ""
    problem: Sentence | None = None


async def pdf_text(content: bytes, name: str) -> PdfText:
    """The text of a PDF, whatever the file is. `name` is what people know it by."""
    # Without the program's folder among what it imports from.
    ended = await run([sys.executable, "-P", str(_PROGRAM)], _PROGRAM.parent, SECONDS, MOST, given=content)
    if ended.status is None:
        return PdfText(problem=Sentence("I keep {name}, but it takes too long to read it.", name=name))
    if ended.status:
        return PdfText(problem=Sentence("I keep {name}, but cannot read it: it is broken, or no PDF.", name=name))
    return _told(json.loads(ended.stdout.text), name)


def _told(found: dict[str, int | str], name: str) -> PdfText:
    if found.get("locked"):
        return PdfText(problem=Sentence("I keep {name}, but cannot read it: it is encrypted.", name=name))
    pages, read, text = int(found["pages"]), int(found["read"]), str(found["text"])
    if text:
        return PdfText(pages, read, text)
    scanned = Sentence("I keep {name}, but cannot read it: it holds no text, only pictures of its pages.", name=name)
    return PdfText(pages, problem=scanned)
