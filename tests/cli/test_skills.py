"""`apprentice skills …`, `proposals` and `audit`, as the shell sees them, on real folders and a real database."""

import asyncio
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import skills_ref

from bot.__main__ import main
from bot.clients.clock import SystemClock
from bot.domain.chat import Person
from bot.domain.skill import SkillRef
from bot.skills import folder, format
from bot.skills.library import Library
from bot.store import audit, proposals, schema, skills
from bot.store.audit import Event
from bot.store.commits import Commit
from bot.store.lives import Life
from bot.store.lives import put as put_life
from bot.store.proposals import Proposal
from bot.store.store import Connection, Effect, Store
from tests.skills.made import FRONT, ORDERS, skill_files

NAME = "customer-orders"
OTHER = ORDERS.replace("- id: summary", "- id: said").replace("steps.summary", "steps.said")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    (tmp_path / "skills").mkdir()
    return tmp_path


def run(*arguments: str, status: int = 0) -> str:
    """What a command prints on both streams. Its exit status must be `status`."""
    printed, argv = io.StringIO(), sys.argv
    sys.argv = ["apprentice", *arguments]
    try:
        with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = argv
    assert (ended.value.code or 0) == status, printed.getvalue()
    return printed.getvalue()


def told(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def write(work: Effect) -> None:
    """Write to the database as the bot does."""

    async def write() -> None:
        schema.upgrade(Path("data") / "apprentice.db")
        async with Store(Path("data") / "apprentice.db") as store:
            await store.write(Commit.FINISH, work)

    asyncio.run(write())


def put(procedure: str = ORDERS, front: str = FRONT, name: str = NAME) -> str:
    """Put a skill's folder there by hand; its digest."""
    files = skill_files(procedure, front)
    folder.write(Path("skills") / name, files)
    return folder.digest(files)


def states() -> dict[str, str]:
    return {row["name"]: row["state"] for row in told("skills", "list")}


def actions(*options: str) -> list[tuple[str, str]]:
    return [(row["what"], row["version"]) for row in told("audit", *options)]


def test_an_approval_is_on_record_and_settles_the_card_with_the_same_files() -> None:
    digest = put()
    assert run("skills", "approve", NAME) == f"{NAME} is live.\n"
    assert actions() == [("approved", digest)]
    [event] = told("audit", "--skill", NAME)
    assert (event["where"], event["person"]) == ("command line", f"operator:{event['by']}")
    line = run("audit")
    assert f"approved {NAME} {digest[:12]}  by {event['by']} (command line, for everywhere)" in line
    assert told("skills", "list")[0]["approved_by"] == f"{event['by']} (command line)"
    assert told("audit", "--skill", "other") == []
    assert "live already" in run("skills", "approve", NAME, status=1)


def test_a_waiting_card_with_these_files_is_decided() -> None:
    digest = put()
    waits = Proposal("p1", "local", "console:local", SkillRef(NAME, digest), skill_files(), "f", {}, 1.0, kind="folder")
    other = Proposal("p2", "local", "console:local", SkillRef(NAME, "0" * 64), {}, "f", {}, 2.0)

    def work(connection: Connection) -> None:
        proposals.propose(connection, waits)
        proposals.propose(connection, other)

    write(work)
    rows = told("proposals")
    assert [(row["state"], row["kind"], row["by"]) for row in rows] == [
        ("pending", "folder", ""),
        ("pending", "new", ""),
    ]
    run("skills", "approve", NAME)
    rows = told("proposals")
    assert [row["state"] for row in rows] == ["approved", "pending"]
    assert rows[0]["by"] == told("audit")[0]["by"]
    table = run("proposals")
    assert NAME in table
    assert digest[:12] in table


def test_versions_are_compared_listed_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = put()
    run("skills", "approve", NAME)
    assert run("skills", "diff", NAME) == ""
    second = put(OTHER)
    assert states() == {NAME: "pending"}
    lines = run("skills", "diff", NAME, status=1).splitlines()
    assert "Step `summary` (prompt) is gone." in lines
    assert "Step `said` (prompt) is new." in lines
    assert "-  - id: summary" in lines
    assert "+  - id: said" in lines
    run("skills", "approve", NAME)
    assert run("skills", "diff", NAME) == ""
    assert "summary" in run("skills", "diff", NAME, first[:8], status=1)

    rows = told("skills", "history", NAME)
    assert [(row["digest"], row["state"]) for row in rows] == [(first, "kept"), (second, "live")]
    assert all(row["approved_at"].endswith("+00:00") and row["uses"] == 0 for row in rows)
    table = run("skills", "history", NAME)
    assert first[:12] in table
    assert "everywhere" in table
    assert "not used yet" in table
    monkeypatch.setenv("COLUMNS", "80")
    assert first[:12] in run("skills", "history", NAME)
    assert first[:12] in run("audit")

    assert run("skills", "rollback", NAME, first[:12]) == f"{NAME} is at {first[:12]} again.\n"
    assert folder.digest(folder.read(Path("skills") / NAME)) == first
    assert states() == {NAME: "live"}
    assert run("skills", "diff", NAME) == ""
    assert actions()[-1] == ("rolled-back", first)
    assert "already" in run("skills", "rollback", NAME, first, status=1)


@pytest.mark.parametrize("broken", ["steps: [", ORDERS.replace("order_id", "other_id")])
def test_what_nobody_approved_is_set_aside_and_not_lost(home: Path, broken: str) -> None:
    first = put()
    run("skills", "approve", NAME)
    for number in ("", "-2"):
        put(broken)
        assert states()[NAME] in ("broken", "pending")
        aside = home / "skills" / f".{NAME}.set-aside{number}"
        assert f"set-aside{number}" in run("skills", "rollback", NAME, first)
        assert (aside / "procedure.yaml").read_text() == broken
        assert states() == {NAME: "live"}


def test_digests_that_name_no_version_or_several_are_refused() -> None:
    digest = put()
    assert "no approved version to compare" in run("skills", "diff", NAME, status=1)
    assert "was ever approved" in run("skills", "history", NAME, status=1)
    run("skills", "approve", NAME)
    for wrong in ("0000", digest[:3], ""):
        assert "history" in run("skills", "rollback", NAME, wrong, status=1)
    assert "no skill named" in run("skills", "diff", "nothing", status=1)
    run("skills", "rollback", NAME, status=2)


def test_suspending_and_bringing_back() -> None:
    put()
    assert "not live" in run("skills", "suspend", NAME, status=1)
    run("skills", "approve", NAME)
    assert run("skills", "suspend", NAME) == f"{NAME} is suspended.\n"
    assert states() == {NAME: "suspended"}
    assert [row["state"] for row in told("skills", "history", NAME)] == ["suspended"]
    assert "not live" in run("skills", "suspend", NAME, status=1)
    assert "restore" in run("skills", "approve", NAME, status=1)
    assert "on trial" in run("skills", "restore", NAME)
    assert states() == {NAME: "live"}
    assert "live already" in run("skills", "restore", NAME, status=1)
    assert [action for action, _ in actions()] == ["approved", "suspended", "restored"]
    put(OTHER)
    assert "rollback" in run("skills", "restore", NAME, status=1)
    for arguments in ((), (NAME, "--all")):
        assert "--all" in run("skills", "suspend", *arguments, status=2)


def test_a_skill_whose_tool_has_changed_is_suspended_and_not_run() -> None:
    steps = "format: 1\nsteps: [{id: files, tool: list_files}]\n"
    digest = put(steps)
    run("skills", "approve", NAME)
    run("skills", "run", NAME)
    write(lambda connection: skills.repin(connection, SkillRef(NAME, digest), {"list_files": "of another schema"}))
    assert "was not run and is suspended: list_files takes other arguments now" in run("skills", "run", NAME, status=1)
    assert states() == {NAME: "suspended"}
    assert actions()[-1] == ("suspended", digest)
    run("skills", "restore", NAME)
    run("skills", "run", NAME)


def test_the_bots_own_secrets_are_masked_on_the_record(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-no-known-form")
    folder.write(home / "a-key-of-no-known-form", skill_files())
    run("skills", "import", "a-key-of-no-known-form")
    assert "a-key-of-no-known-form" not in run("audit")


def test_all_are_suspended_at_once() -> None:
    for name in ("one", "two"):
        put(front=FRONT.replace(NAME, name), name=name)
        run("skills", "approve", name)
    put()
    assert run("skills", "suspend", "--all") == "one is suspended.\ntwo is suspended.\n"
    assert states() == {NAME: "pending", "one": "suspended", "two": "suspended"}
    assert run("skills", "suspend", "--all") == ""


def test_an_evicted_skill_without_a_folder_comes_back() -> None:
    digest = put()
    run("skills", "approve", NAME)
    ref = SkillRef(NAME, digest)

    def evict(connection: Connection) -> None:
        put_life(connection, Life(ref, "evicted", 1.0, "unused"))
        audit.note(connection, Event("evicted", ref, None), 2.0)

    write(evict)
    folder.remove(Path("skills") / NAME)
    assert [row["state"] for row in told("skills", "history", NAME)] == ["evicted"]
    run("skills", "restore", NAME)
    assert states() == {NAME: "live"}
    assert "was ever approved" in run("skills", "restore", "nothing", status=1)


async def test_a_running_bot_sees_what_the_commands_do(home: Path) -> None:
    put()
    schema.upgrade(home / "data" / "apprentice.db")
    async with Store(home / "data" / "apprentice.db") as store:
        library = Library(home / "skills", store, SystemClock())
        for command, live in (("approve", [NAME]), ("suspend", []), ("restore", [NAME])):
            await asyncio.to_thread(run, "skills", command, NAME)
            assert [entry.name for entry in await library.live(None)] == live


def test_a_folder_is_imported_waits_and_warns(home: Path) -> None:
    files = {**skill_files(), "scripts/run.sh": b"#!/bin/sh\ntouch ran\n", "notes.md": b"See https://evil.example/x"}
    folder.write(home / "elsewhere", files)
    (home / "elsewhere" / "scripts" / "run.sh").chmod(0o755)
    output = run("skills", "import", "elsewhere")
    assert "never run: `scripts/run.sh`" in output
    assert "links to `evil.example`" in output
    assert "missing: `get_user_details`, `get_order_details`" in output
    assert f"{NAME} waits for approval" in output
    assert states() == {NAME: "pending"}
    assert folder.read(home / "skills" / NAME) == files
    assert (home / "skills" / NAME / "scripts" / "run.sh").stat().st_mode & 0o111 == 0
    assert not (home / "ran").exists()
    assert actions() == [("imported", folder.digest(files))]
    assert "is here already" in run("skills", "import", "elsewhere", status=1)


def test_an_archive_is_imported_for_a_chat(home: Path) -> None:
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w:gz") as archive:
        for path, content in {
            "tone-main/SKILL.md": FRONT.replace(NAME, "tone").encode(),
            "tone-main/a.md": b"a",
        }.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    (home / "tone-1.0.tar.gz").write_bytes(result.getvalue())
    output = run("skills", "import", "tone-1.0.tar.gz", "--scope", "telegram:-100")
    assert "no procedure" in output
    [row] = told("skills", "list")
    assert (row["name"], row["state"], row["scope"]) == ("tone", "pending", "telegram:-100")
    skill = format.parse("tone", folder.read(home / "skills" / "tone"))
    assert (skill.body, skill.description) == ("Words.", "Tells what a customer ordered.")
    assert (home / "skills" / "tone" / "a.md").read_bytes() == b"a"


def test_an_import_for_a_chat_keeps_the_text_and_the_procedure_as_they_are(home: Path) -> None:
    folder.write(home / "elsewhere", skill_files())
    run("skills", "import", "elsewhere", "--scope", "slack:T1/C9")
    files = folder.read(home / "skills" / NAME)
    assert files["procedure.yaml"] == skill_files()["procedure.yaml"]
    assert format.parse(NAME, files).body == "Words."


def test_hostile_and_wrong_imports_change_nothing(home: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("SKILL.md", FRONT)
        archive.writestr("../../escaped.md", "x")
    (home / "evil.zip").write_bytes(content.getvalue())
    assert "leaves the skill's folder" in run("skills", "import", "evil.zip", status=1)
    folder.write(home / "broken", skill_files(procedure="steps: 1"))
    assert "procedure.yaml:1" in run("skills", "import", "broken", status=1)
    folder.write(home / "named", {"SKILL.md": FRONT.replace(NAME, "Über-Skill").encode()})
    run("skills", "import", "named", status=1)
    assert "not there" in run("skills", "import", "missing.zip", status=2)
    folder.write(home / "good", skill_files())
    assert "--scope" in run("skills", "import", "good", "--scope", " ", status=2)
    waits = Proposal("p1", "local", "console:local", SkillRef(NAME, "0" * 64), {}, "f", {}, 1.0)
    write(lambda connection: proposals.propose(connection, waits))
    assert "waits for a decision" in run("skills", "import", "good", status=1)
    assert os.listdir(home / "skills") == []
    assert not (home.parent / "escaped.md").exists()


def test_what_was_approved_before_is_live_when_it_is_imported_again(home: Path) -> None:
    put()
    run("skills", "approve", NAME)
    (home / "skills" / NAME).rename(home / "elsewhere")
    assert "is live" in run("skills", "import", "elsewhere")
    assert states() == {NAME: "live"}
    run("skills", "suspend", NAME)
    folder.remove(home / "skills" / NAME)
    assert f"`apprentice skills restore {NAME}` brings it back" in run("skills", "import", "elsewhere")
    run("skills", "restore", NAME)
    assert states() == {NAME: "live"}


def test_an_export_passes_the_reference_validator_and_says_its_steps(home: Path) -> None:
    put(front=FRONT.replace("\n---\n\nW", "\nmetadata:\n  scope: slack:T1/C9\n---\n\nW"))
    assert run("skills", "export", NAME, "--out", "given").strip() == f"given/{NAME}"
    exported = home / "given" / NAME
    assert skills_ref.validate(exported) == []
    validator = Path(sys.executable).parent / "agentskills"
    done = subprocess.run([validator, "validate", exported], capture_output=True)  # noqa: S603 (the reference's own)
    assert done.returncode == 0, done.stderr
    text = (exported / "SKILL.md").read_text()
    assert "slack:T1" not in text
    assert "Words." in text
    assert "call `get_user_details`" in text
    assert folder.read(exported)["procedure.yaml"] == skill_files()["procedure.yaml"]
    assert "already" in run("skills", "export", NAME, "--out", "given", status=2)

    run("skills", "export", NAME, "--out", "given/orders.zip")
    (home / "skills" / NAME).rename(home / "away")
    run("skills", "import", "given/orders.zip")
    assert folder.read(home / "skills" / NAME) == folder.read(exported)
    run("skills", "export", NAME, "--out", "again")
    assert folder.read(home / "again" / NAME) == folder.read(exported)


def test_what_the_system_refuses_is_a_sentence(home: Path) -> None:
    folder.write(home / "elsewhere", skill_files())
    (home / "skills").rmdir()
    (home / "skills").write_text("a file")
    assert "cannot be written" in run("skills", "import", "elsewhere", status=1)


def test_what_is_broken_is_not_exported(home: Path) -> None:
    put(procedure="steps: [")
    assert "broken" in run("skills", "export", NAME, status=1)
    put()
    (home / "file").write_text("")
    assert "cannot be written" in run("skills", "export", NAME, "--out", "file/below", status=1)


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    event = Event(
        "approved", SkillRef(NAME, "0" * 64), None, Person("telegram:7", "[red]Mia[/nothing]"), "telegram:7", "[x]"
    )
    write(lambda connection: audit.note(connection, event, 1.0))
    assert "[red]Mia[/nothing]" in run("audit")
    put(front=FRONT.replace("Tells", '"[/tells]').replace("ordered.", 'ordered."'))
    assert "[/tells]" in run("skills", "list")
