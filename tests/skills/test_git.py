"""Decisions become commits of a real repository: of the skill's folder alone, in anybody's name, of approved bytes."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.chat import Person
from bot.domain.skill import SkillRef
from bot.skills import folder
from bot.skills.git import GitRecord
from bot.skills.library import Library
from bot.store import audit, skills
from bot.store.audit import Action, Event
from bot.store.commits import Commit
from bot.store.skills import Approval
from bot.store.store import Connection, Store
from tests.engine.made import HandClock
from tests.skills.made import FRONT, ORDERS, skill_files

NAME = "customer-orders"
MIA = Person("telegram:9", "Mia")
NEWER = ORDERS.replace("two sentences", "one sentence")


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "there")
    (tmp_path / "there" / "skills").mkdir()
    return tmp_path / "there"


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 (these tests' own arguments)
        ["git", "-C", place, "-c", "user.name=t", "-c", "user.email=t@t", *arguments],  # noqa: S607 (as people call it)
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def subjects(repository: Path) -> list[str]:
    return git(repository, "log", "--reverse", "--format=%s").splitlines()


def changed(repository: Path, commit: str = "HEAD") -> list[str]:
    return git(repository, "show", "--format=", "--name-status", commit).splitlines()


class Desk:
    """A library in a repository, and decisions about it."""

    def __init__(self, repository: Path, store: Store) -> None:
        self.root, self.store = repository / "skills", store
        self.library = Library(self.root, store, HandClock())
        self.record = GitRecord(self.root, store)

    async def decide(
        self, action: Action, files: dict[str, bytes], by: Person = MIA, name: str = NAME, origin: str = "telegram:-100"
    ) -> SkillRef:
        ref = SkillRef(name, folder.digest(files))

        def work(connection: Connection) -> None:
            skills.approve(connection, Approval(ref, None, files, by.name, 1.0))
            audit.note(connection, Event(action, ref, None, by, origin), 1.0)

        await self.store.write(Commit.FINISH, work)
        return ref

    async def publish(self, files: dict[str, bytes], by: Person = MIA, name: str = NAME) -> SkillRef:
        folder.write(self.root / name, files)
        return await self.decide("published", files, by, name)


@pytest.fixture
def desk(repository: Path, store: Store) -> Iterator[Desk]:
    with capture_logs() as logs:
        desk = Desk(repository, store)
        yield desk
    told = [entry["event"] for entry in logs if entry["log_level"] == "warning"]
    assert told == getattr(desk, "expected", []), logs


async def test_each_publication_and_eviction_is_a_commit_of_its_folder_alone(desk: Desk, repository: Path) -> None:
    (repository / "staged.txt").write_text("mine")
    (repository / "dirty.txt").write_text("mine too")
    git(repository, "add", "staged.txt")
    await desk.record.look()
    first = await desk.publish(skill_files())
    await desk.record.look()
    assert subjects(repository) == [f"{NAME}: published by Mia"]
    assert changed(repository) == [f"A\tskills/{NAME}/SKILL.md", f"A\tskills/{NAME}/procedure.yaml"]
    assert git(repository, "log", "--format=%b").strip() == (
        f"Decided-by: Mia (telegram:9), telegram:-100\nDigest: {first.digest}"
    )
    assert git(repository, "status", "--porcelain").splitlines() == ["A  staged.txt", "?? dirty.txt"]

    await desk.publish(skill_files(NEWER))
    await desk.record.look()
    assert changed(repository) == [f"M\tskills/{NAME}/procedure.yaml"]
    folder.write(desk.root / NAME, skill_files())
    await desk.decide("rolled-back", skill_files())
    await desk.record.look()
    folder.remove(desk.root / NAME)
    await desk.decide("evicted", skill_files(), Person(""), origin="")
    await desk.record.look()
    assert changed(repository) == [f"D\tskills/{NAME}/SKILL.md", f"D\tskills/{NAME}/procedure.yaml"]
    assert subjects(repository)[1:] == [
        f"{NAME}: published by Mia",
        f"{NAME}: rolled-back by Mia",
        f"{NAME}: evicted by the bot",
    ]
    assert "its own rules" in git(repository, "log", "-1", "--format=%b")
    await desk.record.look()
    assert len(subjects(repository)) == 4
    assert git(repository, "status", "--porcelain").splitlines() == ["A  staged.txt", "?? dirty.txt"]


async def test_a_restore_is_a_commit_though_no_file_changed(desk: Desk, repository: Path) -> None:
    await desk.record.look()
    await desk.publish(skill_files())
    (repository / "staged.txt").write_text("mine")
    git(repository, "add", "staged.txt")
    await desk.decide("suspended", skill_files())
    await desk.decide("restored", skill_files())
    await desk.record.look()
    assert subjects(repository) == [f"{NAME}: published by Mia", f"{NAME}: restored by Mia"]
    assert changed(repository) == []
    assert git(repository, "status", "--porcelain").splitlines() == ["A  staged.txt"]


async def test_a_start_makes_up_for_what_was_decided_meanwhile(desk: Desk, repository: Path) -> None:
    await desk.publish(skill_files())
    await desk.publish(skill_files(NEWER))
    await desk.publish({"SKILL.md": FRONT.replace(NAME, "tone").encode()}, name="tone")
    await desk.record.look()
    assert subjects(repository) == [f"{NAME}: published by Mia", "tone: published by Mia"]
    await desk.decide("restored", skill_files(NEWER))
    again = Desk(repository, desk.store)
    await again.record.look()
    await again.record.look()
    assert len(subjects(repository)) == 2


async def test_what_is_made_up_for_is_told_by_the_last_decision(desk: Desk, repository: Path) -> None:
    await desk.publish(skill_files())
    await desk.publish(skill_files(NEWER))
    folder.write(desk.root / NAME, skill_files())
    await desk.decide("rolled-back", skill_files(), Person("telegram:8", "Bea"))
    await desk.record.look()
    assert subjects(repository) == [f"{NAME}: rolled-back by Bea"]


async def test_an_eviction_is_made_up_for_and_taken_back(desk: Desk, repository: Path) -> None:
    await desk.publish(skill_files())
    await desk.record.look()
    await desk.decide("evicted", skill_files(), Person(""))
    await desk.decide("restored", skill_files())
    await desk.record.look()
    assert subjects(repository)[1:] == [f"{NAME}: evicted by the bot", f"{NAME}: restored by Mia"]
    assert git(repository, "status", "--porcelain") == ""
    folder.remove(desk.root / NAME)
    await desk.decide("evicted", skill_files())
    desk.record = Desk(repository, desk.store).record
    await desk.record.look()
    assert subjects(repository)[3:] == [f"{NAME}: evicted by Mia"]
    assert changed(repository) == [f"D\tskills/{NAME}/SKILL.md", f"D\tskills/{NAME}/procedure.yaml"]
    assert git(repository, "status", "--porcelain") == ""


async def test_a_start_without_news_leaves_what_is_staged_of_a_skill(desk: Desk, repository: Path) -> None:
    await desk.decide("evicted", skill_files())
    await desk.record.look()
    assert git(repository, "log", "--all", "--format=%s") == ""
    await desk.publish(skill_files())
    await desk.record.look()
    (desk.root / NAME / "SKILL.md").write_text("an edit of mine")
    git(repository, "add", "skills")
    await Desk(repository, desk.store).record.look()
    assert git(repository, "status", "--porcelain") == f"M  skills/{NAME}/SKILL.md\n"


async def test_bytes_that_nobody_approved_are_in_no_commit(desk: Desk, repository: Path) -> None:
    await desk.record.look()
    await desk.publish(skill_files())
    (desk.root / NAME / "procedure.yaml").write_text("by hand")
    (desk.root / NAME / "more.md").write_text("by hand")
    folder.write(desk.root / "other", {"SKILL.md": b"pending"})
    await desk.record.look()
    assert git(repository, "show", f"HEAD:skills/{NAME}/procedure.yaml").encode() == skill_files()["procedure.yaml"]
    assert git(repository, "status", "--porcelain").splitlines() == [
        f" M skills/{NAME}/procedure.yaml",
        f"?? skills/{NAME}/more.md",
        "?? skills/other/",
    ]


async def test_a_merge_under_way_stays_under_way(desk: Desk, repository: Path) -> None:
    await desk.publish(skill_files())
    await desk.record.look()
    (repository / ".git" / "MERGE_HEAD").write_text(git(repository, "rev-parse", "HEAD"))
    await desk.publish(skill_files(NEWER))
    await desk.record.look()
    assert git(repository, "log", "-1", "--format=%P").split() == [git(repository, "rev-parse", "HEAD~").strip()]
    assert (repository / ".git" / "MERGE_HEAD").exists()


async def test_names_are_no_options_no_lines_and_no_patterns(desk: Desk, repository: Path) -> None:
    await desk.record.look()
    evil = Person("telegram:1", "--amend\n\nSigned-off-by: $(touch pwned) \x1b[31m`id`")
    await desk.publish(skill_files(), evil)
    await desk.record.look()
    [subject] = subjects(repository)
    assert subject == f"{NAME}: published by --amend Signed-off-by: $(touch pwned) ?[31m`id`"
    assert git(repository, "log", "--format=%(trailers:key=Signed-off-by)").strip() == ""
    assert not (desk.root / "pwned").exists()
    assert git(repository, "log", "--format=%an <%ae>").strip() == "apprentice <apprentice@localhost>"


async def test_the_author_is_whom_git_knows(desk: Desk, repository: Path) -> None:
    git(repository, "config", "user.name", "Ops")
    git(repository, "config", "user.email", "ops@example.org")
    await desk.record.look()
    await desk.publish(skill_files())
    await desk.record.look()
    assert git(repository, "log", "--format=%an <%ae>").strip() == "Ops <ops@example.org>"


async def test_no_hook_runs_and_no_variable_leads_astray(
    desk: Desk, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / "elsewhere"))
    for name in ("pre-commit", "commit-msg", "post-commit"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {repository}/ran\nexit 1\n")
        hook.chmod(0o755)
    await desk.record.look()
    await desk.publish(skill_files())
    await desk.record.look()
    monkeypatch.delenv("GIT_DIR")
    assert len(subjects(repository)) == 1
    assert not (repository / "ran").exists()


async def test_what_git_ignores_is_told_once(desk: Desk, repository: Path) -> None:
    (repository / ".gitignore").write_text("skills/\n")
    await desk.record.look()
    await desk.publish(skill_files())
    desk.expected = ["git.refused"]
    await desk.record.look()
    await desk.record.look()


async def test_a_busy_repository_is_tried_again(desk: Desk, repository: Path) -> None:
    await desk.record.look()
    await desk.publish(skill_files())
    lock = repository / ".git" / "index.lock"
    lock.touch()
    await desk.record.look()
    lock.unlink()
    await desk.record.look()
    assert len(subjects(repository)) == 1


async def test_without_a_repository_or_git_there_is_one_warning(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("nowhere", "without-git"):
        if place == "without-git":
            monkeypatch.setenv("PATH", str(tmp_path))
        with capture_logs() as logs:
            desk = Desk(tmp_path / place, store)
            for _ in range(2):
                await desk.record.look()
                await desk.publish(skill_files())
        assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["git.off"]
