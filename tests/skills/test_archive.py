"""Skills are read from folders and archives of any origin; what leaves, links, bursts or hides is refused."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SkillInvalid
from bot.skills import folder
from bot.skills.archive import MOST_PACKED, packed, read
from bot.skills.folder import MOST_BYTES, MOST_ENTRIES
from tests.skills.made import skill_files

FILES = {**skill_files(), "scripts/run.py": b"print(1)"}


def tar(files: Mapping[str, bytes], *more: tarfile.TarInfo) -> bytes:
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w:gz") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content))
        for info in more:
            archive.addfile(info)
    return result.getvalue()


def zipped(files: Mapping[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(path)
            info.external_attr = (stat.S_IFREG | 0o755) << 16
            change(info)
            archive.writestr(info, content)
    return result.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def wrong(path: Path) -> str:
    with pytest.raises(SkillInvalid) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize("prefix", ["", "./", "customer-orders-main/", "./anything/"])
@pytest.mark.parametrize("pack", [tar, zipped])
def test_archives_hold_the_files_or_one_folder_with_them(
    tmp_path: Path, prefix: str, pack: Callable[[Mapping[str, bytes]], bytes]
) -> None:
    hidden = {f"{prefix}.git/config": b"x", "__MACOSX/._SKILL.md": b"x"}
    content = pack({f"{prefix}{path}": content for path, content in FILES.items()} | hidden)
    assert read(put(tmp_path / "some-thing.zip", content)) == ("customer-orders", FILES)


def test_a_folder_is_read_under_the_name_that_it_gives_itself(tmp_path: Path) -> None:
    folder.write(tmp_path / "downloaded", FILES)
    assert read(tmp_path / "downloaded") == ("customer-orders", FILES)
    (tmp_path / "link").symlink_to(tmp_path / "downloaded")
    assert read(tmp_path / "link") == ("customer-orders", FILES)
    folder.write(tmp_path / "nameless", {"SKILL.md": b"words"})
    assert read(tmp_path / "nameless") == ("nameless", {"SKILL.md": b"words"})


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}(/[a-z0-9]{1,3}){0,2}\.md", fullmatch=True), st.binary(max_size=40)))
def test_what_is_packed_is_read_back_and_always_the_same(files: dict[str, bytes]) -> None:
    whole = {**FILES, **{path: content for path, content in files.items() if "SKILL" not in path}}
    content = packed("customer-orders", whole)
    assert content == packed("customer-orders", dict(reversed(whole.items())))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {info.filename: archive.read(info) for info in archive.infolist()} == {
            f"customer-orders/{path}": data for path, data in whole.items()
        }


@pytest.mark.parametrize(
    "path",
    ["../SKILL.md", "/etc/passwd", "a/../../b", "a\\..\\b", "skill/\u202etxt.md", "bad\x1b[2Jname", "x/SKILL.md/y"],
)
@pytest.mark.parametrize("pack", [tar, zipped])
def test_paths_that_leave_or_deceive_are_refused(
    tmp_path: Path, path: str, pack: Callable[[Mapping[str, bytes]], bytes]
) -> None:
    told = wrong(put(tmp_path / "a.zip", pack({"x/SKILL.md": b"", path: b"evil"})))
    assert "leaves the skill's folder" in told or "cannot be seen" in told or "same name" in told
    assert "\x1b" not in told
    assert os.listdir(tmp_path) == ["a.zip"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_special_files_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("notes.md")
    info.type, info.linkname = kind, "/etc/passwd"
    assert "notes.md:1: links and special files" in wrong(put(tmp_path / "a.tar.gz", tar(FILES, info)))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.external_attr = (kind | 0o777) << 16

    assert "links and special files" in wrong(put(tmp_path / "a.zip", zipped(FILES, change)))


@pytest.mark.parametrize("pack", [tar, lambda files: zipped(files, _deflated)])
def test_what_bursts_is_refused(tmp_path: Path, pack: Callable[[Mapping[str, bytes]], bytes]) -> None:
    bomb = put(tmp_path / "bomb.zip", pack({"SKILL.md": b"", "zeros": bytes(MOST_BYTES + 1)}))
    assert bomb.stat().st_size < 100_000
    assert "holds too much" in wrong(bomb)
    many = {f"{number}.md": b"" for number in range(MOST_ENTRIES + 1)}
    assert f"at most {MOST_ENTRIES} files" in wrong(put(tmp_path / "many.zip", pack(many)))


def _deflated(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_DEFLATED


def test_a_gzip_and_a_header_that_claim_any_size_are_refused(tmp_path: Path) -> None:
    assert "holds too much" in wrong(put(tmp_path / "a.tar.gz", gzip.compress(bytes(64 * MOST_BYTES), 1)))
    info = tarfile.TarInfo("huge")
    info.size = 10**12
    header = put(tmp_path / "b.tar.gz", gzip.compress(info.tobuf() + bytes(1024)))
    assert "damaged" in wrong(header)
    lying = zipped({"SKILL.md": bytes(100)}).replace((100).to_bytes(4, "little"), (10**9).to_bytes(4, "little"))
    assert "damaged" in wrong(put(tmp_path / "c.zip", lying))


def test_what_is_no_archive_of_one_skill_is_refused(tmp_path: Path) -> None:
    assert "neither a folder nor" in wrong(put(tmp_path / "a.zip", b"text"))
    assert "damaged" in wrong(put(tmp_path / "a.zip", b"PK\x03\x04nonsense"))
    assert "damaged" in wrong(put(tmp_path / "a.zip", tar(FILES)[:-30]))
    assert "neither a folder nor" in wrong(tmp_path / "missing.zip")
    assert "the file is missing" in wrong(put(tmp_path / "a.zip", zipped({"README.md": b""})))
    two = {"one/SKILL.md": b"", "two/SKILL.md": b""}
    assert "two/SKILL.md:1: the file stands beside" in wrong(put(tmp_path / "a.zip", zipped(two)))
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = _twice()
    assert "stands twice" in wrong(put(tmp_path / "a.zip", twice))
    too_large = put(tmp_path / "a.zip", b"PK" + bytes(MOST_PACKED))
    assert "too large" in wrong(too_large)
    os.mkfifo(tmp_path / "pipe.zip")
    assert "neither a folder nor" in wrong(tmp_path / "pipe.zip")


def _twice() -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        archive.writestr("SKILL.md", b"one")
        archive.writestr("SKILL.md", b"two")
    return result.getvalue()


def test_what_is_encrypted_or_rarely_packed_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"SKILL.md": b"words"}))
    for start in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[start] |= 1
    assert "encrypted" in wrong(put(tmp_path / "a.zip", bytes(content)))

    def change(info: zipfile.ZipInfo) -> None:
        info.compress_type = zipfile.ZIP_LZMA

    assert "rare way" in wrong(put(tmp_path / "a.zip", zipped({"SKILL.md": b"words"}, change)))
