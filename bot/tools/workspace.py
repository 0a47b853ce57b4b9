"""The workspace folder on disk: no path leaves it, whatever stands in it and whoever swaps links in meanwhile.

Every part of a path is opened relative to the folder before it, and no link is followed (O_NOFOLLOW), so what was
checked is what is opened. In `files/` only the folder of the conversation that asks is there, whatever a path says.
"""

import errno
import os
import secrets
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ToolError
from bot.tools.names import FILES, numbered

MOST_READ = 256 * 1024
"""Bytes of a file that is read whole."""
MOST_WRITTEN = 1024 * 1024
"""Bytes of a file that is written."""
MOST_FILES = 500
"""Files that are listed."""
LONGEST = 1024
"""Characters of a path."""
DEEPEST = 32
"""Parts of a path."""
SNIFFED = 8192
"""Bytes that tell whether a file is binary."""
_ARRIVING = ".arriving.tmp"
"""What is being stored; one that a crash left there is taken away by the next."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: its path in the workspace, with `/`, its size in bytes, and when it changed, in nanoseconds."""

    path: str
    size: int
    changed: int


class Workspace:
    """Blocking; call it from a thread. Every method raises ToolError with a sentence for the model.

    `own` is the name of the one folder in `files/` that is there: see `names.folder_of`. None: all are there.
    """

    def __init__(self, root: Path, own: str | None) -> None:
        self._root = root
        self._own = own

    def read(self, path: str, most: int = MOST_READ, larger: str = "search_files looks into it") -> bytes:
        """A file's bytes, at most so many; `larger` says what to do with one that has more."""
        above, name = _place(path)
        with self._folder(above, path) as folder, self._opened(name, folder, path) as file:
            size = os.fstat(file).st_size
            if size > most:
                raise ToolError(f"{path} has {size} bytes, more than the {most} that can be taken; {larger}.")
            return _whole(file, most)

    def write(self, path: str, content: bytes) -> None:
        """Replace a file whole, or create it with the folders above it."""
        above, name = _place(path)
        if len(content) > MOST_WRITTEN:
            raise ToolError(f"{len(content)} bytes are more than the {MOST_WRITTEN} that are written at once.")
        if not above and name.casefold() == FILES:
            raise ToolError(f"{FILES} is the folder of what people send; write to another path.")
        with self._folder(above, path, create=True) as folder:
            _replace(self._spelled(name, folder), content, folder, path)

    def keep(self, name: str, content: bytes) -> str:
        """Store a file in the conversation's own folder, under the first form of its name that is free; its path.

        One that stands there with such a name and the same bytes is that file: what a crash cut off is done once.
        """
        own = f"{FILES}/{self._own}"
        with self._folder(own.split("/"), own, create=True) as folder:
            for form in numbered(name):
                status = _status(self._spelled(form, folder), folder)
                if status is None:
                    # Nobody else writes here meanwhile: a conversation's turns follow one another.
                    with suppress(FileNotFoundError):
                        os.unlink(_ARRIVING, dir_fd=folder)
                    _replace(form, content, folder, form, _ARRIVING)
                    break
                same = stat.S_ISREG(status.st_mode) and status.st_size == len(content)
                if same and self.read(f"{own}/{form}", len(content)) == content:
                    break
        return f"{own}/{form}"

    def kept(self) -> int:
        """Bytes in the conversation's own folder."""
        try:
            return sum(file.size for file in self.files(f"{FILES}/{self._own}"))
        except ToolError:  # nobody has sent anything
            return 0

    def files(self, path: str) -> Iterator[Found]:
        """The regular files at or below a path, sorted; hidden ones, links and what is closed to us are left out."""
        parts = _parts(path)
        if parts:
            with self._folder(parts[:-1], path) as folder:
                status = _status(self._spelled(parts[-1], folder), folder)
            if status is not None and stat.S_ISREG(status.st_mode):
                yield Found("/".join(parts), status.st_size, status.st_ctime_ns)
                return
        yield from self._below(parts, self._entries(parts, path))

    def scan(self, path: str, most: int) -> bytes:
        """At most so many bytes of a file that `files` has found; nothing if it is binary, or gone since."""
        *above, name = path.split("/")
        try:
            with self._folder(above, path) as folder, self._opened(name, folder, path) as file:
                content = _whole(file, min(most, SNIFFED))
                return b"" if b"\0" in content else content + _whole(file, most - len(content))
        except ToolError:
            return b""

    def _below(self, parts: list[str], entries: list[tuple[str, os.stat_result]]) -> Iterator[Found]:
        for name, status in entries:
            inner = [*parts, name]
            if stat.S_ISREG(status.st_mode):
                yield Found("/".join(inner), status.st_size, status.st_ctime_ns)
            elif stat.S_ISDIR(status.st_mode) and len(inner) < DEEPEST:
                try:
                    entries_below = self._entries(inner, name)
                except ToolError:
                    continue
                yield from self._below(inner, entries_below)

    def _entries(self, parts: list[str], shown: str) -> list[tuple[str, os.stat_result]]:
        with self._folder(parts, shown) as folder:
            names = sorted(name for name in os.listdir(folder) if not name.startswith(".") and _sayable(name))
            visible = [name for name in names if name == self._own] if self._of_all(folder) else names
            return [(name, status) for name in visible if (status := _status(name, folder))]

    @contextmanager
    def _folder(self, parts: list[str], shown: str, *, create: bool = False) -> Iterator[int]:
        """The folder at these parts, opened one after the other. What fails inside of it is told as a ToolError."""
        folder = -1
        try:
            folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            for part in parts:
                above, folder = folder, self._entered(part, folder, create=create)
                os.close(above)
            yield folder
        except OSError as error:
            raise _told(error, shown or "workspace folder") from None
        finally:
            if folder >= 0:
                os.close(folder)

    def _entered(self, part: str, folder: int, *, create: bool) -> int:
        name = self._spelled(part, folder)
        if create:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
        return os.open(name, _FOLDER, dir_fd=folder)

    @contextmanager
    def _opened(self, name: str, folder: int, shown: str) -> Iterator[int]:
        file = os.open(self._spelled(name, folder), _FILE, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise ToolError(f"{shown} is no file; list_files shows what there is.")
            yield file
        finally:
            os.close(file)

    def _spelled(self, name: str, folder: int) -> str:
        """The name as it stands in the folder, if only its Unicode form differs: é may be one character or two."""
        if name != self._own and self._of_all(folder):
            raise ToolError(f"In {FILES} there is {FILES}/{self._own} alone: what was sent in this conversation.")
        if name.isascii() or _status(name, folder) is not None:
            return name
        form = unicodedata.normalize("NFC", name)
        return next((entry for entry in os.listdir(folder) if unicodedata.normalize("NFC", entry) == form), name)

    def _of_all(self, folder: int) -> bool:
        """Whether this is the folder that holds one of each conversation, by whichever name it was reached."""
        if self._own is None:
            return False
        try:
            return os.path.samestat(os.fstat(folder), os.stat(self._root / FILES, follow_symlinks=False))
        except FileNotFoundError:
            return False


def _parts(path: str) -> list[str]:
    """The parts of a path in the workspace."""
    if len(path) > LONGEST or path.count("/") >= DEEPEST:
        raise ToolError(f"That path is too long: at most {LONGEST} characters and {DEEPEST} parts.")
    if "\0" in path or not _sayable(path):
        raise ToolError("That path holds characters that no file name here has; folders are separated by /.")
    if path.startswith(("/", "~/")) or ".." in path.split("/"):
        raise ToolError(f"{path} is not a path in the workspace: write it from there, as in folder/file.txt.")
    return [part for part in path.split("/") if part not in ("", ".")]


def _place(path: str) -> tuple[list[str], str]:
    """The folders above a file, and its name."""
    parts = _parts(path)
    if not parts:
        raise ToolError("A path to a file is needed; list_files shows the files.")
    return parts[:-1], parts[-1]


def _sayable(name: str) -> bool:
    """Whether a model can name it: UTF-8, without the separator of other systems, which models write by mistake."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\\" not in name


def _replace(name: str, content: bytes, folder: int, shown: str, temporary: str = "") -> None:
    """Write beside it and rename; a file that stood there leaves its permissions."""
    status = _status(name, folder)
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise ToolError(f"{shown} is a folder, a link or a device; write to another path.")
    temporary = temporary or f".{secrets.token_hex(8)}.tmp"
    with os.fdopen(os.open(temporary, _NEW, 0o644, dir_fd=folder), "wb") as out:
        try:
            if status is not None:
                os.fchmod(out.fileno(), stat.S_IMODE(status.st_mode))
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            os.unlink(temporary, dir_fd=folder)
            raise
    os.fsync(folder)


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
        errno.ENOTDIR: f"{shown} leads through a link or a file, and links are not followed.",
        errno.ELOOP: f"{shown} is a link, and links are not followed.",
        errno.EISDIR: f"{shown} is a folder; list_files shows what is in it.",
        errno.ENAMETOOLONG: "That path is too long.",
    }
    return ToolError(known.get(error.errno or 0, f"{shown}: {error.strerror}."))
