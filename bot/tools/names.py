"""Names on disk for what platforms and people name: a conversation's folder, a file that was sent."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.domain.chat import Conversation

FILES = "files"
"""The folder of the workspace in which each conversation has one of its own."""
LONGEST = 120
"""UTF-8 bytes of a file's name, so that what is put behind it has room (a file system takes 255)."""
LONGEST_ENDING = 20
"""Characters of `.csv` and the like; what is longer is no ending."""
_PLAIN = re.compile(r"[^A-Za-z0-9.-]")
_FOREIGN = re.compile(r'[\\/:*?"<>|]')
"""What separates folders, or stands in no name on other systems."""


def folder_of(conversation: Conversation) -> str:
    """The name of a conversation's folder, and of no other's: `telegram_42`, `slack_T1+C9_1700.12`."""
    spelled = {":": "_", "/": "+"}
    return _PLAIN.sub(lambda char: spelled.get(char[0]) or f"={ord(char[0]):x}=", conversation.key)


def file_name(said: str) -> str:
    """A name for a file: what it was called, without what is unseen, hides it, separates folders or is too long."""
    said = unicodedata.normalize("NFC", said)
    seen = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in said)
    name = " ".join(_FOREIGN.sub("_", seen).split()).strip(". ") or "file"
    ending = PurePosixPath(name).suffix
    if len(ending) > LONGEST_ENDING:
        ending = ""
    stem = name.removesuffix(ending).encode()[: LONGEST - len(ending.encode())]
    return stem.decode(errors="ignore").strip(". ") + ending


def numbered(name: str) -> Iterator[str]:
    """The name, and the names to take where it is taken: `a.csv`, `a-2.csv`, `a-3.csv`, …"""
    yield name
    ending = PurePosixPath(name).suffix
    number = 1
    while True:
        number += 1
        yield f"{name.removesuffix(ending)}-{number}{ending}"
