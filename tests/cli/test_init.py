"""`apprentice init`: what it writes works, and nothing of the operator's is lost."""

import stat
from pathlib import Path

import pytest

from bot.cli.init import STARTING
from bot.domain.skill import SkillRef
from bot.settings import load
from bot.skills import folder
from bot.skills.shipped import SHIPPED
from tests.cli.test_skills import run

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_writes_what_the_bot_starts_with() -> None:
    before = load()
    told = run("init")
    assert ".env is written." in told
    assert "apprentice.toml is written." in told
    assert "apprentice chat" in told
    assert load() == before
    assert Path(".env").read_bytes() == (ROOT / ".env.example").read_bytes()
    assert {stat.S_IMODE(Path(name).stat().st_mode) for name in (".env", "apprentice.toml")} == {0o600}
    assert sorted(path.name for path in Path().iterdir()) == [".env", "apprentice.toml"]


def test_what_is_there_stays() -> None:
    Path(".env").write_text("APPRENTICE_MODEL=mine\n")
    Path("apprentice.toml").symlink_to("elsewhere.toml")
    told = run("init")
    assert ".env is there already and stays as it is." in told
    assert "apprentice.toml is there already" in told
    assert Path(".env").read_text() == "APPRENTICE_MODEL=mine\n"
    assert not Path("elsewhere.toml").exists()


def test_the_example_skill_is_the_shipped_one_and_put_there_once() -> None:
    run("init", "--example")
    here = Path("skills/read-folder")
    assert SkillRef(here.name, folder.digest(folder.read(here))) in SHIPPED
    (here / "SKILL.md").write_text("mine")
    assert "skills/read-folder is there already" in run("init", "--example")
    assert (here / "SKILL.md").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("skills").write_text("a file")
    assert "cannot be written" in run("init", "--example", status=1)


def test_the_files_are_those_of_the_release() -> None:
    assert (STARTING / "env").read_bytes() == (ROOT / ".env.example").read_bytes()
