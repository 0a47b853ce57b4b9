"""A skill in a folder or an archive from anywhere: its files, read and never unpacked; and a skill as an archive.

Nothing is written while it is read, so nothing in an archive can leave a folder, follow a link or be executed.
"""

import gzip
import io
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from bot.errors import SkillInvalid
from bot.skills import folder
from bot.skills.core_yaml import UNWANTED
from bot.skills.folder import MOST_BYTES, MOST_ENTRIES, path_problem
from bot.skills.format import NAME, SKILL_FILE

MOST_PACKED = 2 * MOST_BYTES
"""Bytes of an archive, and of what a gzip holds: a skill's files and the headers between them."""
_LINK = "links and special files are refused: expected a file"
_NAME = re.compile(rb"^name:[ \t]*[\"']?([a-z0-9-]+)[\"']?[ \t\r]*$", re.MULTILINE)


def read(path: Path) -> tuple[str, dict[str, bytes]]:
    """The name and the files of the skill in a folder, a `.zip` or a `.tar.gz`; hidden files are left out.

    An archive holds the skill's files, or one folder with them. The name is what `SKILL.md` says; without one that
    of the folder or the archive. Raises SkillInvalid for what is none, holds links or too much, or cannot be read.
    """
    if path.is_dir():
        files, name = folder.read(path.resolve()), path.resolve().name
    else:
        files, name = _below_one_folder(_unpacked(path)), path.name.partition(".")[0]
    said = _NAME.search(files.get(SKILL_FILE, b""))
    return said[1].decode() if said and NAME.fullmatch(said[1].decode()) else name, files


def packed(name: str, files: Mapping[str, bytes]) -> bytes:
    """A zip with the files in a folder of this name; the same files give the same bytes."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(f"{name}/{path}")
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, files[path])
    return result.getvalue()


def _unpacked(path: Path) -> dict[str, bytes]:
    try:
        content = _content(path)
        if content.startswith(b"\x1f\x8b"):
            return _collected(_tar_members(content))
        if content.startswith(b"PK"):
            return _collected(_zip_members(content))
    except OSError as error:
        raise SkillInvalid(f"{path} cannot be read: {error.strerror or error}") from error
    except (EOFError, ValueError, NotImplementedError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise SkillInvalid(f"{path.name} is damaged: {error}") from error
    raise SkillInvalid(f"{path.name} is neither a folder nor a .zip or .tar.gz")


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe would be waited for
        return b""
    with path.open("rb") as opened:
        content = opened.read(MOST_PACKED + 1)
    if len(content) > MOST_PACKED:
        raise SkillInvalid(f"{path.name} is too large: expected at most {MOST_PACKED} bytes")
    return content


def _zip_members(content: bytes) -> Iterator[tuple[str, bytes]]:
    left = MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if info.is_dir() or _hidden(info.filename):
                continue
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise _refused(info.filename, _LINK)
            if info.flag_bits & 1:
                raise _refused(info.filename, "the file is encrypted: expected one that can be read")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _refused(info.filename, "the file is packed in a rare way: expected deflate")
            with archive.open(info) as member:
                data = member.read(left + 1)
            left -= len(data)
            yield info.filename, data


def _tar_members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The whole is unpacked first, within a limit: the headers of a tar may claim any size."""
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
        whole = stream.read(MOST_PACKED + 1)
    if len(whole) > MOST_PACKED:
        raise _too_large()
    with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as archive:
        for member in archive:
            if member.isdir() or _hidden(member.name):
                continue
            opened = archive.extractfile(member) if member.isreg() and not member.issparse() else None
            if opened is None:
                raise _refused(member.name, _LINK)
            yield member.name, opened.read()


def _collected(members: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    size = 0
    for written, data in members:
        if wrong := path_problem(written):
            raise _refused(written, wrong)
        path = str(PurePosixPath(written))
        if path in files:
            raise _refused(path, "the file stands twice in the archive")
        files[path] = data
        size += len(data)
        if size > MOST_BYTES:
            raise _too_large()
        if len(files) > MOST_ENTRIES:
            raise SkillInvalid(f"the archive holds too much: expected at most {MOST_ENTRIES} files")
    for path in files:
        if any(str(parent) in files for parent in PurePosixPath(path).parents):
            raise _refused(path, "a file and a folder of the archive have the same name")
    return files


def _below_one_folder(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files as they stand in the skill's folder, which is the highest one with a `SKILL.md`."""
    found = sorted((path for path in files if PurePosixPath(path).name == SKILL_FILE), key=lambda path: path.count("/"))
    if not found:
        raise SkillInvalid(f"{SKILL_FILE}:1: the file is missing in the archive")
    above = found[0].removesuffix(SKILL_FILE)
    strange = next((path for path in files if not path.startswith(above)), None)
    if strange is not None:
        raise _refused(strange, "the file stands beside the skill's folder: expected one skill and nothing else")
    return {path.removeprefix(above): content for path, content in files.items()}


def _hidden(path: str) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in path.split("/"))


def _refused(path: str, why: str) -> SkillInvalid:
    return SkillInvalid(f"{UNWANTED.sub('?', path)}:1: {why}")


def _too_large() -> SkillInvalid:
    return SkillInvalid(f"the archive holds too much: expected at most {MOST_BYTES} bytes in all")
