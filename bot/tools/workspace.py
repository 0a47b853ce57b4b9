"""The workspace folder on disk: no path leaves it, whatever stands in it and whoever swaps links in meanwhile.

Every part of a path is opened relative to the folder before it, and no link is followed (O_NOFOLLOW), so what was
checked is what is opened.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ToolError

MOST_READ = 256 * 1024
"""Bytes of a file that is read whole."""
MOST_WRITTEN = 1024 * 1024
"""Bytes of a file that is written."""
MOST_FILES = 500
"""Files that are listed, and looked into by a search a hundred times as many."""
MOST_SCANNED = 64 * 1024 * 1024
"""Bytes that one search reads."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: its path in the workspace, with `/`, and its size in bytes."""

    path: str
    size: int


class Workspace:
    """Blocking; call it from a thread. Every method raises ToolError with a sentence for the model."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes:
        """A file's bytes, at most MOST_READ."""
        parts = _parts(path)
        if not parts:
            raise ToolError("A path to a file is needed; list_files shows them.")
        with self._folder(parts[:-1], path) as folder, _opened(parts[-1], folder, path) as file:
            size = os.fstat(file).st_size
            if size > MOST_READ:
                raise ToolError(
                    f"{path} has {size} bytes, more than the {MOST_READ} that are read; search_files looks into it."
                )
            return _whole(file, MOST_READ)

    def write(self, path: str, content: bytes) -> None:
        """Replace a file whole, or create it with the folders above it."""
        parts = _parts(path)
        if not parts:
            raise ToolError("A path to a file is needed.")
        if len(content) > MOST_WRITTEN:
            raise ToolError(f"{len(content)} bytes are more than the {MOST_WRITTEN} that are written at once.")
        with self._folder(parts[:-1], path, create=True) as folder:
            _replace(parts[-1], content, folder, path)

    def files(self, path: str) -> Iterator[Found]:
        """The regular files at or below a path, sorted, hidden ones and links left out."""
        parts = _parts(path)
        yield from self._walk(parts, path or ".")

    def scan(self, path: str, most: int) -> bytes:
        """At most `most` bytes of a file that `files` has found; nothing if it is gone since."""
        parts = _parts(path)
        try:
            with self._folder(parts[:-1], path) as folder, _opened(parts[-1], folder, path) as file:
                return _whole(file, most)
        except ToolError:
            return b""

    def _walk(self, parts: list[str], shown: str) -> Iterator[Found]:
        with self._folder(parts, shown) as folder:
            entries = sorted(os.listdir(folder))
            kinds = [(name, _status(name, folder)) for name in entries if not name.startswith(".") and _is_text(name)]
        for name, status in kinds:
            inner = [*parts, name]
            if status is not None and stat.S_ISREG(status.st_mode):
                yield Found("/".join(inner), status.st_size)
            elif status is not None and stat.S_ISDIR(status.st_mode) and len(inner) < 32:
                yield from self._walk(inner, "/".join(inner))

    @contextmanager
    def _folder(self, parts: list[str], shown: str, *, create: bool = False) -> Iterator[int]:
        """The folder at these parts, opened one after the other."""
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts:
                inner = _enter(part, folder, shown, create=create)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


def _parts(path: str) -> list[str]:
    """The parts of a path in the workspace."""
    if "\0" in path or not _is_text(path):
        raise ToolError("That path holds characters that no file name has.")
    if path.startswith(("/", "~")) or "\\" in path or ".." in path.split("/"):
        raise ToolError(f"{path} is not a path in the workspace: write it from there, as in folder/file.txt.")
    return [part for part in path.split("/") if part not in ("", ".")]


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _enter(part: str, folder: int, shown: str, *, create: bool) -> int:
    try:
        if create and _status(part, folder) is None:
            os.mkdir(part, dir_fd=folder)
        return os.open(part, _FOLDER, dir_fd=folder)
    except OSError as error:
        raise _told(error, shown) from None


@contextmanager
def _opened(name: str, folder: int, shown: str) -> Iterator[int]:
    try:
        file = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        raise _told(error, shown) from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ToolError(f"{shown} is no file; list_files shows what is in it.")
        yield file
    finally:
        os.close(file)


def _replace(name: str, content: bytes, folder: int, shown: str) -> None:
    status = _status(name, folder)
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise ToolError(f"{shown} is a folder or a link; write to another path.")
    temporary = f".{secrets.token_hex(8)}.tmp"
    try:
        file = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder
        )
        try:
            with os.fdopen(file, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            os.unlink(temporary, dir_fd=folder)
            raise
    except OSError as error:
        raise _told(error, shown) from None


def _status(name: str, folder: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None


def _whole(file: int, most: int) -> bytes:
    chunks = []
    while most > 0 and (chunk := os.read(file, min(most, 1 << 20))):
        chunks.append(chunk)
        most -= len(chunk)
    return b"".join(chunks)


def _told(error: OSError, shown: str) -> ToolError:
    known = {
        errno.ENOENT: f"There is no {shown}; list_files shows what there is.",
        errno.ENOTDIR: f"{shown} leads through something that is no folder.",
        errno.ELOOP: f"{shown} is or leads through a link, and links are not followed.",
        errno.EISDIR: f"{shown} is a folder; list_files shows what is in it.",
        errno.ENAMETOOLONG: "That path is too long.",
    }
    return ToolError(known.get(error.errno or 0, f"{shown}: {error.strerror}."))
