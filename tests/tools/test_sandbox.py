"""The arguments for bubblewrap: whatever the names are, a command sees what it may and no more."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.tools import sandbox as module
from bot.tools.sandbox import INSIDE, SYSTEM, Sandbox, prepared

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)
WORDS = st.lists(st.text(), min_size=1, max_size=4)


def around(command: list[str], workspace: str = "/srv/work", own: str = "own", *hidden: str) -> list[str]:
    return Sandbox("bwrap", "prlimit", 2**30, tuple(map(Path, hidden))).around(command, Path(workspace), own)


def values(arguments: list[str], option: str, count: int = 2) -> list[tuple[str, ...]]:
    own = arguments[: arguments.index("--")]
    return [tuple(own[at + 1 : at + 1 + count]) for at, word in enumerate(own) if word == option]


@given(WORDS, NAMES, NAMES)
def test_only_the_workspace_and_the_own_folder_can_be_written(command: list[str], workspace: str, own: str) -> None:
    arguments = around(command, f"/srv/{workspace}", own)
    assert values(arguments, "--bind") == [
        (f"/srv/{workspace}", INSIDE),
        (f"/srv/{workspace}/files/{own}", f"{INSIDE}/files/{own}"),
    ]
    shown = [place for option in ("--ro-bind-try", "--ro-bind") for _, place in values(arguments, option)]
    assert all(place in SYSTEM or place.startswith("/etc/") for place in shown)
    closed = {place for (place,) in values(arguments, "--remount-ro", 1)}
    assert closed == {f"{INSIDE}/files", "/dev", "/proc", "/"}


@given(WORDS)
def test_the_command_stands_at_the_end_as_it_is(command: list[str]) -> None:
    arguments = around(command)
    assert arguments[-len(command) :] == command
    at = arguments.index("--")
    assert arguments[at + 1] == "prlimit"
    assert all(word.startswith("--") for word in arguments[at + 2 : -len(command)])


def test_other_folders_are_covered_before_the_own_one_is_put_there() -> None:
    arguments = around(["true"])
    covered = arguments.index(f"{INSIDE}/files")
    assert arguments.index(INSIDE) < covered < arguments.index(f"{INSIDE}/files/own")
    assert arguments[covered - 1] == "--tmpfs"


def test_what_is_the_bots_own_in_the_systems_folders_is_covered() -> None:
    arguments = around(["true"], "/usr/src/app/data/workspace", "own", "/usr/src/app", "/home/ana/data")
    assert ("/usr/src/app",) in values(arguments, "--tmpfs", 1)
    assert "/home/ana/data" not in arguments
    assert arguments.index("/usr/src/app") < arguments.index("/usr/src/app/data/workspace")


def test_new_namespaces_and_no_rights() -> None:
    arguments = around(["true"])
    assert {"--unshare-all", "--die-with-parent", "--new-session"} <= {*arguments}
    assert "--share-net" not in arguments
    assert values(arguments, "--cap-drop", 1) == [("ALL",)]


def test_where_there_is_none_the_start_stops_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"there is no bubblewrap \(bwrap\)\. Install it, or say sandbox = "):
        prepared(2**30, ())


def test_where_it_does_not_work_the_start_stops_with_what_it_says(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(ConfigError, match=r"does not work here \(bwrap: No permissions to create a new namespace\)"):
        Sandbox(str(broken), "prlimit", 2**30).check()
