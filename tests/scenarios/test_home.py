"""The App Home in Slack: what waits for a person and the skills of their direct chat, decided there, shown anew."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import App
from bot.domain.chat import Conversation
from bot.domain.json import JSON
from bot.domain.skill import Skill, SkillRef
from bot.skills import folder, format
from bot.store import skills
from bot.store.commits import Commit
from bot.store.skills import Approval
from tests.adapters.slack_harness import shown_text
from tests.emulators import openai_server
from tests.emulators.openai_server import OpenAIServer, Reply
from tests.emulators.slack_blocks import pressables
from tests.emulators.slack_people import Person
from tests.scenarios.slack_stage import Stage, workspace
from tests.scenarios.test_confirmation import ARCHIVE
from tests.scenarios.test_edit import NAME, propose

EMPTY = "Nothing waits for you."


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    (tmp_path / "skills").mkdir()
    (tmp_path / "data" / "workspace").mkdir(parents=True)
    async with workspace() as slack, OpenAIServer(archiving) as model:
        yield Stage(tmp_path, slack, model)


def read(person: Person) -> str:
    """What stands on a person's home."""
    return "\n".join(_words(block) for block in person.home.blocks) if person.home else ""


def _words(part: JSON) -> str:
    """The text of a block, of an element, or of a list of such."""
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return "".join(map(_words, part))
    end = "" if part["type"] == "text" else "\n"
    return _words(part.get("elements") or part.get("text") or "") + end


def labels(person: Person) -> list[str]:
    return [one.label for one in pressables(person.home.blocks)] if person.home else []


async def opened(stage: Stage, person: Person, app: App) -> str:
    """Open the home; what stands there then."""
    person.home = None
    person.open_home()
    await stage.slack.wait_for(lambda: person.home)
    await app.settled()
    return read(person)


async def press(stage: Stage, person: Person, label: str, app: App) -> str:
    """Press a button on the home; what stands there then."""
    before = person.home
    assert before is not None
    person.press_in_view(before, label)
    await stage.slack.wait_for(lambda: person.home is not before)
    await app.settled()
    return read(person)


async def test_what_waits_is_decided_there_and_what_was_learned_stands_there(stage: Stage) -> None:
    ana, direct = stage.ana, stage.ana.direct
    async with stage.running() as app:
        first = await opened(stage, ana, app)
        assert first.startswith(EMPTY)
        assert "I have no skills here yet. Give me work" in first
        assert labels(ana) == []

        await propose(app, Conversation("slack", f"{stage.slack.team}/{direct.id}"))
        assert "Shall I learn customer-orders?" in await opened(stage, ana, app)
        assert labels(ana) == ["Approve", "Reject", "Edit", "Details"]

        posted = len(stage.answers(direct))
        shown = await press(stage, ana, "Details", app)
        assert shown.startswith("It stands in our messages now.")
        assert "in full, as it would go live" in shown_text(stage.answers(direct)[posted])
        shown = await press(stage, ana, "Approve", app)
        assert "Approved by Ana" in shown
        assert "(on trial)" in shown
        assert labels(ana) == []

        # The card in the messages is mended by a click on it; nothing more was posted.
        assert len(stage.answers(direct)) == posted + 1
        shown = await opened(stage, ana, app)
        assert shown.startswith(EMPTY)
        assert "(on trial)" in shown
        assert "not used yet" in shown

        # Ben sees nothing of Ana's.
        assert "I have no skills here yet" in await opened(stage, stage.ben, app)


async def test_a_rejection_is_explained_there(stage: Stage) -> None:
    mia, room = stage.mia, Conversation("slack", f"{stage.slack.team}/{stage.mia.direct.id}")
    async with stage.running() as app:
        await propose(app, room)
        await opened(stage, mia, app)
        assert "Rejected by Mia" in await press(stage, mia, "Reject", app)
        assert "Not now" in labels(mia)
        assert labels(mia).count("Approve") == 0
        await press(stage, mia, "Not now", app)
        assert labels(mia) == []
        assert (await opened(stage, mia, app)).startswith(EMPTY)


async def test_a_channels_proposal_stands_on_the_home_of_who_may_decide_it_and_on_no_other(stage: Stage) -> None:
    room = Conversation("slack", f"{stage.slack.team}/{stage.room.id}", direct=False)
    elsewhere = Conversation("slack", "T9/C9", direct=False)
    stage.reviewers = f"slack:{stage.slack.team}/{stage.mia.id}"
    async with stage.running() as app:
        await propose(app, room)
        await propose(app, elsewhere)
        await app.settled()
        assert (await opened(stage, stage.ana, app)).startswith(EMPTY)
        shown = await opened(stage, stage.mia, app)
        assert shown.count(NAME) == 1  # of the other workspace nothing
        assert "Approved by Mia" in await press(stage, stage.mia, "Approve", app)


async def test_who_was_not_let_in_reads_that(stage: Stage) -> None:
    stage.allowed = f"slack:{stage.slack.team}/{stage.ana.id}"
    async with stage.running() as app:
        assert "I work only for people who were let in" in await opened(stage, stage.ben, app)
        assert labels(stage.ben) == []


async def test_a_german_reads_german(stage: Stage) -> None:
    stage.ana.locale = "de-DE"
    async with stage.running() as app:
        assert (await opened(stage, stage.ana, app)).startswith("Auf dich wartet nichts.")


def archiving(request: JSON) -> Reply:
    """Calls the skill, and repeats what it gave."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        return openai_server.text(last["content"])
    return openai_server.calls(("skill_archive_note", {"name": last["content"].split()[-1]}))


async def test_a_skills_question_is_answered_there_by_who_was_asked(stage: Stage, tmp_path: Path) -> None:
    files = format.render(Skill("archive-note", "Keeps a note.", ARCHIVE))
    folder.write(tmp_path / "skills" / "archive-note", files)
    approval = Approval(SkillRef("archive-note", folder.digest(files)), None, files, "Mia", 1.0)
    (tmp_path / "data" / "workspace" / "milk.txt").write_text("milk!")
    kept = tmp_path / "data" / "workspace" / "archive" / "milk.txt"
    async with stage.running() as app:
        await app.store.write(Commit.APPROVE, lambda connection: skills.approve(connection, approval))
        question = await stage.ask(stage.ana, "archive milk")
        await app.settled()
        assert "archive/milk.txt" not in await opened(stage, stage.mia, app)
        assert 'write_file(path="archive/milk.txt", content="milk!")' in await opened(stage, stage.ana, app)
        assert labels(stage.ana) == ["Run once", "No"]  # for the channel as a whole is said there
        assert not kept.exists()

        # Out of the channel she decides nothing there any more, and reads nothing of it.
        stage.room.members.remove(stage.ana)
        assert (await press(stage, stage.ana, "Run once", app)).startswith("Only the person who asked, or a reviewer")
        assert "archive/milk.txt" not in read(stage.ana)
        assert not kept.exists()
        stage.room.members.append(stage.ana)
        await opened(stage, stage.ana, app)
        assert "Ana: Run once." in await press(stage, stage.ana, "Run once", app)
        assert kept.read_text() == "milk!"
        assert shown_text(await stage.answer(stage.room, question.thread_ts, 2)) == "Kept 5 bytes."
        assert labels(stage.ana) == []
