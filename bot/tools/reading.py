"""What a file that somebody sent is: text, a PDF, a picture or something else; kept so that it can be read."""

import asyncio
import mimetypes
from dataclasses import dataclass

from bot.domain.chat import Attachment
from bot.domain.text import clean, plain
from bot.tools.names import file_name
from bot.tools.pdf import pdf_text
from bot.tools.workspace import Workspace
from bot.words import Sentence

SAMPLE = 1_000_000
"""Bytes by which an encoding is told."""
LARGEST_PICTURE = 5_000_000
"""Bytes of a picture that is shown to a model: Anthropic's servers take no larger one."""
PDF_MARK = 1024
"""Bytes at the beginning of a PDF among which its mark stands."""
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
_TEXTS = ("text/", "application/json", "application/xml")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the conversation's folder: `path` in the workspace, media type, `size` in bytes.

    `shown`: a picture that goes to the model. Of a PDF `text` is the path of its text and `pages` says how much of it
    that is (`12`, `500 of 812`). `problem`: what cannot be done with it.
    """

    path: str
    media: str
    size: int
    shown: bool = False
    text: str = ""
    pages: str = ""
    problem: Sentence | None = None


async def keep(workspace: Workspace, attachment: Attachment, content: bytes, room: int) -> Kept:
    """Keep a file that was sent. `room`: bytes of pictures that may still be shown. Raises ToolError."""
    name = file_name(attachment.name)
    media = _picture(content)
    if media:
        path = await asyncio.to_thread(workspace.keep, name, content)
        shown = len(content) <= min(room, LARGEST_PICTURE)
        large = Sentence("I keep {name}, but it is too large a picture for me to look at.", name=plain(name))
        return Kept(path, media, len(content), shown, problem=None if shown else large)
    if b"%PDF-" in content[:PDF_MARK]:
        return await _pdf(workspace, name, content)
    guessed = mimetypes.guess_type(name)[0] or ""
    textual = next((media for media in (attachment.media, guessed) if media.startswith(_TEXTS)), "")
    text = await asyncio.to_thread(in_utf8, content, likely=bool(textual))
    path = await asyncio.to_thread(workspace.keep, name, content if text is None else text)
    if text is not None:
        return Kept(path, textual or "text/plain", len(text))
    unread = Sentence("I keep {name}, but cannot read files of its kind.", name=plain(name))
    return Kept(path, attachment.media, len(content), problem=unread)


async def _pdf(workspace: Workspace, name: str, content: bytes) -> Kept:
    path = await asyncio.to_thread(workspace.keep, name, content)
    found = await pdf_text(content, plain(name))
    pages = f"{found.pages}" if found.read == found.pages else f"{found.read} of {found.pages}"
    if found.problem is not None:
        return Kept(path, "application/pdf", len(content), problem=found.problem)
    text = await asyncio.to_thread(workspace.keep, f"{name}.txt", clean(found.text).encode())
    return Kept(path, "application/pdf", len(content), text=text, pages=pages)


def _picture(content: bytes) -> str:
    """The media type of a picture that models see, by its first bytes; empty for anything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((media for mark, media in _PICTURES.items() if content.startswith(mark)), "")


def in_utf8(content: bytes, *, likely: bool) -> bytes | None:
    """A text in UTF-8, which most are; None for what is no text. `likely`: it is said to be one, in any encoding."""
    if b"\0" not in content:
        try:
            content.decode()
        except UnicodeDecodeError:
            pass
        else:
            return content
    import charset_normalizer  # here: few texts need it, and it takes 20 ms and some megabytes

    found = charset_normalizer.from_bytes(content[:SAMPLE]).best() if likely else None
    return None if found is None else content.decode(found.encoding, "replace").encode()
