"""A skill's folder on disk: its files, their digest, and how one version takes another's place."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from bot.errors import SkillInvalid
from bot.skills.core_yaml import UNWANTED

MOST_ENTRIES = 500
"""Files and folders below a folder."""
MOST_BYTES = 4 * 1024 * 1024
"""Of all files of a folder."""
Stamp = tuple[tuple[str, int, int], ...]


def folders(root: Path) -> list[Path]:
    """The folders in `root`, by name, without hidden ones."""
    if not root.is_dir():
        return []
    with os.scandir(root) as entries:
        return sorted(root / entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())


def read(path: Path) -> dict[str, bytes]:
    """The regular files below a folder, by relative path with `/`; hidden ones are left out.

    Raises SkillInvalid, with `file:1: sentence` or a sentence about the folder, for links, special files, names that
    nobody can read, too much of anything, and what the operating system does not let us read.
    """
    files: dict[str, bytes] = {}
    try:
        for name, file in _regular(path):
            files[name] = _content(file, MOST_BYTES - sum(map(len, files.values())))
    except OSError as error:
        raise SkillInvalid(f"the folder cannot be read: {error.strerror}") from error
    return files


def stamp(path: Path) -> Stamp:
    """What differs when a file below the folder was written; empty where the folder is none that `read` takes.

    The time is that of the inode's change: that of the content can be set back.
    """
    try:
        found = [(name, file.stat(follow_symlinks=False)) for name, file in _regular(path)]
    except (OSError, SkillInvalid):
        return ()
    return tuple(sorted((name, status.st_ctime_ns, status.st_size) for name, status in found))


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 in hex over each file, sorted by UTF-8 path: path, NUL, length in decimal, NUL, bytes."""
    result = hashlib.sha256()
    for path in sorted(files, key=str.encode):
        if not _hidden(path):
            result.update(b"%s\0%d\0%s" % (path.encode(), len(files[path]), files[path]))
    return result.hexdigest()


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Make these files the folder, whatever stands there.

    They are written beside it under a hidden name and swapped in when they are safe on disk. A crash leaves the old
    folder or the new one, or neither where it falls between the two renames of the swap (a rename replaces no folder
    that is not empty): whoever was cut off writes again, which settles it. One writer a folder; readers need not
    wait. Raises SkillInvalid for a path that leaves the folder, and OSError.
    """
    if problems := [f"{name}:1: {wrong}" for name in files if (wrong := path_problem(name))]:
        raise SkillInvalid(*problems)
    new, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")
    path.parent.mkdir(parents=True, exist_ok=True)
    _settle(path, old)
    remove(new)
    new.mkdir()
    for name, content in files.items():
        _write_file(new / name, content)
    for folder, _, _ in os.walk(new, topdown=False):
        _sync(Path(folder))
    _swap(path, new, old)
    _sync(path.parent)
    remove(old)


def set_aside(path: Path) -> Path:
    """Rename a folder that another takes the place of, so that nothing is lost: hidden, beside where it stood."""
    number, aside = 1, path.with_name(f".{path.name}.set-aside")
    while aside.exists() or aside.is_symlink():
        number += 1
        aside = path.with_name(f".{path.name}.set-aside-{number}")
    path.rename(aside)
    return aside


def path_problem(path: str) -> str | None:
    """Why a relative path is none for a skill's file, as a sentence; None if it is one."""
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts or "\\" in path or "\0" in path:
        return "the path leaves the skill's folder: expected one below it"
    if UNWANTED.search(path):
        return "the path of a file holds what is no text or cannot be seen"
    return None


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _regular(path: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    if path.is_symlink():
        raise SkillInvalid("the folder is a link: expected a folder")
    waiting, seen = [("", str(path))], 0
    while waiting:
        above, folder = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                name, seen = f"{above}{entry.name}", seen + 1
                if (wrong := path_problem(name)) or seen > MOST_ENTRIES:
                    raise SkillInvalid(wrong or f"the folder holds too much: expected at most {MOST_ENTRIES} files")
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((f"{name}/", entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield name, entry
                else:
                    raise SkillInvalid(f"{name}:1: links and special files are refused: expected a file")


def _content(file: os.DirEntry[str], most: int) -> bytes:
    """The bytes of a file that was regular a moment ago; what took its place since is not followed or waited for."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SkillInvalid(f"{file.name}:1: special files are refused: expected a file")
        content = opened.read(most + 1)
    if len(content) > most:
        raise SkillInvalid(f"the folder is too large: expected at most {MOST_BYTES} bytes in all")
    return content


def _write_file(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _swap(path: Path, new: Path, old: Path) -> None:
    """Put `new` in the place of `path`."""
    with suppress(FileNotFoundError):
        path.rename(old)
    new.rename(path)


def _settle(path: Path, old: Path) -> None:
    """After a swap that a crash cut short: bring the old folder back if it is missing, else be rid of it."""
    if path.exists() or path.is_symlink():
        remove(old)
    elif old.exists():
        old.rename(path)


def remove(path: Path) -> None:
    """Remove a folder, a file or a link, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
