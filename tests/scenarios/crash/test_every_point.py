"""The bot is killed at every crash point there is, and started again."""

import asyncio
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from bot.store.commits import Commit
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_faults import flood
from tests.scenarios.crash.checks import check_lines, check_rest, check_talks
from tests.scenarios.crash.child import Plan
from tests.scenarios.crash.conftest import approving
from tests.scenarios.crash.stage import Kill, Stage
from tests.scenarios.crash.story import BY_THE_SKILL, FORGOTTEN, IN_THE_GROUP, MEANWHILE, Story
from tests.scenarios.crash.talk import SKILL, Model

AT_ONCE = 3
"""Stories told at the same time: a third of one's seconds is waiting."""
AT_THE_TERMINAL = [Commit.APPROVE]
"""Commits that the command line makes, not the serving bot."""


def points(*names: str) -> list[str]:
    return [f"{when}:{name}" for name in names for when in ("before", "after")]


IMPORTING = [Commit.IMPORT]
"""Imported twice adds nothing (tests/learning/test_backfill.py), so one that was killed is given again."""
JUDGING = [Commit.JUDGE]
"""No story has a learning model: what follows a crash there is in tests/learning/outcomes/test_judge.py."""
EMBEDDING = [Commit.VECTORS, Commit.EMBEDDED]
"""No story has an embedding model: what a crash there loses is asked for again (tests/skills/test_meaning.py)."""
SENDING = [Commit.FILE]
"""No story sends a file: what a crash there leaves is in tests/tools/test_sending.py."""
LOOKING = [Commit.SHELF]
"""No story edits a folder: what a crash there loses is found by the next look (tests/learning/test_shelf.py)."""
TELLING = [Commit.TOLD]
"""No story takes the minute after which an interruption is told (tests/engine/test_live.py)."""
WISHING = [Commit.WISH]
"""No story keeps a skill out of a chat: of a wish that a crash cut off the model says that its end is unknown."""
REMEMBERING = [Commit.FACT]
"""No story remembers a fact: of one that a crash cut off the model says that its end is unknown as well."""
LATER = [Commit.SCHEDULE, Commit.UNSCHEDULE, Commit.RING, Commit.MEND]
"""No story waits for what was scheduled: what a crash there leaves is in tests/engine/test_reminding.py."""
APART = LATER + REMEMBERING + WISHING + TELLING + LOOKING + AT_THE_TERMINAL + IMPORTING + JUDGING + EMBEDDING + SENDING
SERVING = points(*(commit for commit in Commit if commit not in APART), "send", "line")
"""`line`: inside a tool that writes, where its call has begun and not ended."""


@pytest.mark.parametrize(("point", "then"), [*zip(points(*AT_THE_TERMINAL), (0, 1), strict=True)])
async def test_an_approval_is_made_or_not(unapproved: Path, tmp_path: Path, point: str, then: int) -> None:
    """Killed before the commit the command can be given again; behind it, it says that the skill is live already."""
    plan = Plan(shutil.copytree(unapproved, tmp_path / "bot"), point=point, nth=1)
    assert await approving(plan, SKILL) == -signal.SIGKILL
    assert await approving(Plan(plan.folder), SKILL) == then
    assert "is live" in plan.log.read_text().splitlines()[-1]


async def told(folder: Path, *kills: Kill) -> Stage:
    """The story, told to a bot that is killed so often."""
    async with TelegramEmulator() as telegram, Model() as model:
        stage = Stage(folder, telegram, model.base_url, {"learn_after": 0})
        story = Story(telegram, model, stage.newest_code)
        stage.let_in(story.known)
        telegram.fault("sendMessage", flood(1))
        await stage.play(story.tell(), *kills)
        check_talks(stage, story.talks)
        check_lines(stage, story.talks, (*IN_THE_GROUP, BY_THE_SKILL, MEANWHILE, FORGOTTEN))
        assert stage.knows(MEANWHILE)
        assert not stage.knows(FORGOTTEN)
        check_rest(stage, story.talks, dead=["forbidden"])
        return stage


@pytest.fixture(scope="module")
def passed(approved: Path, tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """How often the story passes each crash point when nobody is killed."""
    folder = shutil.copytree(approved, tmp_path_factory.mktemp("unharmed") / "bot")
    return Counter(asyncio.run(told(folder)).children[0].points)


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
