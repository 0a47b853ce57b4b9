"""The text of a PDF, read by a process of its own: whatever the file does to its reader, it does not do to the bot."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path

SECONDS = 30.0
"""Time for all of it; the program itself begins no page after 20."""
_PROGRAM = Path(__file__).with_name("pdf_program.py")


@dataclass(frozen=True, slots=True)
class PdfText:
    """What could be read: `pages` it has, `read` of them, their text. Without text `problem` is a sentence's end."""

    pages: int = 0
    read: int = 0
    text: str = ""
    problem: str = ""


async def pdf_text(content: bytes) -> PdfText:
    """The text of a PDF. Never raises for what the file is."""
    # Without the bot's environment, and without the program's folder among what it imports from.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", _PROGRAM, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
    )
    try:
        async with asyncio.timeout(SECONDS):
            printed, _ = await process.communicate(content)
    except TimeoutError:
        return PdfText(problem=f"it took more than {SECONDS:g} seconds to read")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _read(printed) if process.returncode == 0 else PdfText(problem="it is broken, or no PDF")


def _read(printed: bytes) -> PdfText:
    found = json.loads(printed)
    if found.get("locked"):
        return PdfText(problem="it is encrypted")
    if not found["text"]:
        return PdfText(found["pages"], problem="it holds no text: its pages are pictures, as of a scanner")
    return PdfText(found["pages"], found["read"], found["text"])
