"""A folder is read within bounds, has one digest, and is replaced whole or not at all."""

import hashlib
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SkillInvalid
from bot.skills.folder import MOST_BYTES, MOST_ENTRIES, digest, folders, read, write

OLD = {"SKILL.md": b"old", "procedure.yaml": b"old procedure", "notes/a.md": b"gone later"}
NEW = {"SKILL.md": b"new", "procedure.yaml": b"new procedure", "more/b.md": b""}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "skills" / "tone", OLD)
    assert read(tmp_path / "skills" / "tone") == OLD
    write(tmp_path / "skills" / "tone", NEW)
    assert read(tmp_path / "skills" / "tone") == NEW
    assert os.listdir(tmp_path / "skills") == ["tone"]


def test_the_digest_is_as_the_format_says() -> None:
    files = {"b": b"two", "a/é": b"one", ".hidden": b"x", "a/.git/config": b"x"}
    told = b"a/\xc3\xa9\x003\x00one" + b"b\x003\x00two"
    assert digest(files) == hashlib.sha256(told).hexdigest()
    assert (
        digest({"\U0001f600": b"", "\uffee": b""})
        == hashlib.sha256(b"\xef\xbf\xae\x000\x00" + b"\xf0\x9f\x98\x80\x000\x00").hexdigest()
    )


@given(st.dictionaries(st.text(alphabet="ab/", min_size=1), st.binary(max_size=5), max_size=4))
def test_different_files_have_different_digests(files: dict[str, bytes]) -> None:
    changed = [{**files, "a": files.get("a", b"") + b"x"}, {f"x{path}": content for path, content in files.items()}]
    for other in changed:
        assert (digest(other) == digest(files)) == (other == files)


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "tone", OLD)
    (tmp_path / "tone" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "tone" / ".git").mkdir()
    (tmp_path / "tone" / ".git" / "config").write_bytes(b"x")
    (tmp_path / "tone" / "notes" / ".swp").symlink_to("/etc/passwd")
    assert read(tmp_path / "tone") == OLD


def test_links_and_special_files_are_refused(tmp_path: Path) -> None:
    for name in ("file", "folder", "fifo"):
        write(tmp_path / name, OLD)
    (tmp_path / "file" / "passwd").symlink_to("/etc/passwd")
    (tmp_path / "folder" / "etc").symlink_to("/etc")
    os.mkfifo(tmp_path / "fifo" / "pipe")
    (tmp_path / "itself").symlink_to(tmp_path / "file")
    for name in ("file", "folder", "fifo", "itself"):
        with pytest.raises(SkillInvalid, match="link"):
            read(tmp_path / name)


def test_too_much_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "large", {"a": b"x" * MOST_BYTES, "b": b"x"})
    with pytest.raises(SkillInvalid, match="too large"):
        read(tmp_path / "large")
    write(tmp_path / "many", {"a": b""})
    for number in range(MOST_ENTRIES):
        (tmp_path / "many" / f"d{number}").mkdir()
    with pytest.raises(SkillInvalid, match="too much"):
        read(tmp_path / "many")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SkillInvalid, match="the folder cannot be read: No such file"):
        read(tmp_path / "nowhere")
    for number, name in enumerate([b"\xff", b"\x1b[31m", "a\u202eb".encode(), b"a\\b"]):
        write(tmp_path / f"tone-{number}", OLD)
        (tmp_path / f"tone-{number}" / os.fsdecode(name)).write_bytes(b"x")
        with pytest.raises(SkillInvalid, match="the path"):
            read(tmp_path / f"tone-{number}")


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", "..", ""])
def test_no_path_leaves_the_folder(tmp_path: Path, path: str) -> None:
    with pytest.raises(SkillInvalid, match="leaves"):
        write(tmp_path / "skills" / "tone", {path: b"x"})
    assert list(tmp_path.iterdir()) == []


def test_folders_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", ".c"):
        (tmp_path / name).mkdir()
    (tmp_path / "README.md").write_text("x")
    assert folders(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert folders(tmp_path / "nowhere") == []


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", OLD)
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "tone").symlink_to(tmp_path / "elsewhere")
    write(tmp_path / "skills" / "tone", NEW)
    assert (read(tmp_path / "skills" / "tone"), read(tmp_path / "elsewhere")) == (NEW, OLD)
    assert os.listdir(tmp_path / "skills") == ["tone"]


def killed_at(number: int, path: Path) -> bool:
    """Write NEW in a child process that is killed before its `number`-th dealing with the file system."""
    child = os.fork()
    if child == 0:
        left = number

        def count(event: str, _: object) -> None:
            nonlocal left
            if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir", "os.listdir"):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        write(path, NEW)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def test_a_crash_leaves_the_old_folder_or_the_new_one_and_the_next_write_settles_it(tmp_path: Path) -> None:
    root, number, outcomes = tmp_path / "skills", 0, []
    while not outcomes or outcomes[-1] != "done":
        number += 1
        write(root / "tone", OLD)
        crashed = killed_at(number, root / "tone")
        before = sorted(os.listdir(root))
        found = [read(path) for path in folders(root)]
        assert found in ([OLD], [], [NEW])
        assert sorted(os.listdir(root)) == before  # who looks changes nothing: a write may be under way
        outcomes.append("done" if not crashed else "new" if found == [NEW] else "old" if found else "between")
        write(root / "tone", NEW)
        assert read(root / "tone") == NEW
        assert os.listdir(root) == ["tone"]
    assert outcomes == sorted(outcomes, key=["old", "between", "new", "done"].index)
    assert outcomes.count("between") == 1
    assert {"old", "new"} <= set(outcomes)


def test_a_folder_that_a_person_deleted_stays_deleted(tmp_path: Path) -> None:
    write(tmp_path / "tone", OLD)
    for number in range(1, 100):
        if not killed_at(number, tmp_path / "tone"):
            break
        for path, _, files in os.walk(tmp_path / "tone", topdown=False):
            for file in files:
                Path(path, file).unlink()
            Path(path).rmdir()
        assert folders(tmp_path) == []
        write(tmp_path / "tone", OLD)
