"""The folders that bots begin with."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.domain.skill import Procedure, Skill, Step
from bot.skills import folder, format
from bot.store import schema
from tests.scenarios.crash.child import Plan, command
from tests.scenarios.crash.process import Child
from tests.scenarios.crash.talk import SKILL

COUNTED = Step("counted", "count_lines")
KEPT = Step("kept", "append_line", {"text": "${parameters.text}"})
TEXT = {"text": {"type": "string", "description": "What to keep"}}
SKILLS = (
    Skill(SKILL, "Keeps a note.", Procedure((COUNTED, KEPT), TEXT, ("text",))),
    # With one skill there is nothing to rank, and so no index.
    Skill("count-notes", "Counts the notes.", Procedure((COUNTED,))),
)


@pytest.fixture(scope="package")
def unapproved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bot's folder with skills in it that nobody has approved."""
    plan = Plan(tmp_path_factory.mktemp("unapproved"))
    for skill in SKILLS:
        folder.write(plan.skills / skill.name, format.render(skill))
    plan.lines.touch()
    schema.upgrade(plan.database)
    return plan.folder


@pytest.fixture(scope="package")
def approved(unapproved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `apprentice skills approve`."""
    plan = Plan(shutil.copytree(unapproved, tmp_path_factory.mktemp("approved") / "bot"))
    for skill in SKILLS:
        assert asyncio.run(approving(plan, skill.name)) == 0, plan.log.read_text()
    return plan.folder


async def approving(plan: Plan, name: str) -> int:
    """The exit status of `apprentice skills approve`."""
    async with Child(plan, command, ("skills", "approve", name)) as child:
        return await child.ended()
