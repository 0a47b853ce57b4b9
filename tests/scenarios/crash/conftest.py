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


@pytest.fixture(scope="package")
def unapproved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bot's folder with a skill in it that nobody has approved."""
    path = tmp_path_factory.mktemp("unapproved")
    steps = (Step("before", "count_lines"), Step("kept", "append_line", {"text": "${parameters.text}"}))
    procedure = Procedure(steps, {"text": {"type": "string", "description": "What to keep"}}, ("text",))
    folder.write(path / "skills" / SKILL, format.render(Skill(SKILL, "Keeps a note.", procedure)))
    schema.upgrade(Plan(path).database)
    return path


@pytest.fixture(scope="package")
def approved(unapproved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `apprentice skills approve`."""
    plan = Plan(shutil.copytree(unapproved, tmp_path_factory.mktemp("approved") / "bot"))
    assert asyncio.run(approving(plan)) == 0
    return plan.folder


async def approving(plan: Plan) -> int:
    """The exit status of `apprentice skills approve`."""
    async with Child(plan, command, ("skills", "approve", SKILL)) as child:
        return await child.ended()
