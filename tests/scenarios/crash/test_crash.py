"""The bot is killed at every crash point there is, and started again."""

import asyncio
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from bot.domain.skill import Procedure, Skill, Step
from bot.skills import folder, format
from bot.store import people, schema
from bot.store.commits import Commit
from bot.store.store import writing_engine
from tests.emulators.telegram_faults import flood
from tests.scenarios.crash.child import Plan, command
from tests.scenarios.crash.process import Child
from tests.scenarios.crash.stage import Kill, Stage, check, staged
from tests.scenarios.crash.story import BY_THE_SKILL, IN_THE_GROUP, Story
from tests.scenarios.crash.talk import SKILL

AT_ONCE = 3
"""Bots that run at the same time."""
AT_THE_TERMINAL = {Commit.APPROVE}
"""Commits that the command line makes, not the serving bot."""


def points(*names: str) -> list[str]:
    return [f"{when}:{name}" for name in names for when in ("before", "after")]


SERVING = points(*(commit for commit in Commit if commit not in AT_THE_TERMINAL), "send")


@pytest.fixture(scope="module")
def unapproved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bot's folder with a skill in it that nobody has approved."""
    path = tmp_path_factory.mktemp("unapproved")
    steps = (Step("before", "count_lines"), Step("kept", "append_line", {"text": "${parameters.text}"}))
    procedure = Procedure(steps, {"text": {"type": "string", "description": "What to keep"}}, ("text",))
    folder.write(path / "skills" / SKILL, format.render(Skill(SKILL, "Keeps a note.", procedure)))
    schema.upgrade(path / "data" / "apprentice.db")
    return path


@pytest.fixture(scope="module")
def approved(unapproved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `apprentice skills approve`."""
    path = tmp_path_factory.mktemp("approved") / "bot"
    shutil.copytree(unapproved, path)
    assert asyncio.run(approving(Plan(path))) == 0
    return path


async def approving(plan: Plan) -> int:
    async with Child(plan, command, ("skills", "approve", SKILL)) as child:
        return await child.ended()


@pytest.mark.parametrize(("point", "then"), [*zip(points(*AT_THE_TERMINAL), (0, 1), strict=True)])
async def test_an_approval_is_made_or_not(unapproved: Path, tmp_path: Path, point: str, then: int) -> None:
    """Killed before the commit the command can be given again; behind it, it says that the skill is live already."""
    plan = Plan(shutil.copytree(unapproved, tmp_path / "bot"), point=point, nth=1)
    assert await approving(plan) == -signal.SIGKILL
    assert await approving(Plan(plan.folder)) == then
    assert "live" in plan.log.read_text().splitlines()[-1]


async def told(folder: Path, *kills: Kill) -> Stage:
    """The story, told to a bot that is killed so often."""
    async with staged(folder) as stage:
        story = Story(stage.telegram, stage.model, stage.newest_code)
        let_in(folder, story)
        stage.telegram.fault("sendMessage", flood(0))
        await stage.play(story.tell(), *kills)
        check(stage, story.talks, (*IN_THE_GROUP, BY_THE_SKILL), ["forbidden"])
        return stage


def let_in(folder: Path, story: Story) -> None:
    engine = writing_engine(folder / "data" / "apprentice.db")
    with engine.begin() as connection:
        for person in story.known:
            people.offer(connection, str(person.id), 2.0)
            people.pair(connection, f"telegram:{person.id}", str(person.id), 1.0)
    engine.dispose()


@pytest.fixture(scope="module")
def passed(approved: Path, tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """How often the story passes each crash point when nobody is killed."""
    path = tmp_path_factory.mktemp("unharmed") / "bot"
    stage = asyncio.run(told(shutil.copytree(approved, path)))
    assert stage.abandoned == []
    return Counter(stage.children[0].points)


@pytest.mark.slow
@pytest.mark.parametrize("point", SERVING)
async def test_killed_at(point: str, passed: Counter[str], approved: Path, tmp_path: Path) -> None:
    """The first time, in the middle and the last time that the story comes by."""
    often = passed[point]
    assert often > 0, "the story does not come by here: extend it"
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(nth: int) -> None:
        async with turn:
            stage = await told(shutil.copytree(approved, tmp_path / str(nth)), (point, nth))
            if nth == 1:
                assert stage.children[0].points[-1] == point

    async with asyncio.TaskGroup() as group:
        for nth in sorted({1, often // 2 + 1, often}):
            group.create_task(one(nth))
