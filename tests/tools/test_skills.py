"""What the model may tell of the skills and do about them, for its scope only."""

from pathlib import Path

import pytest

from bot.domain.json import JSON
from bot.domain.skill import Skill
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.skills import folder, format
from bot.skills.library import Library
from bot.store.store import Store
from bot.tools.skills import SkillTools
from tests.engine.made import ANA, GROUP, ROOM, HandClock


@pytest.fixture
def tools(store: Store, tmp_path: Path) -> SkillTools:
    for name, scope in (("tone", None), ("here-only", ROOM.scope)):
        folder.write(tmp_path / name, format.render(Skill(name, f"Does {name}.", scope=scope, body="Briefly.")))
    (tmp_path / "broken").mkdir()
    return SkillTools(Library(tmp_path, store, HandClock()), store, HandClock())


async def told(tools: SkillTools, tool: str, arguments: dict[str, JSON], *, here: bool = True) -> JSON:
    return (await tools.call(tool, arguments, ToolContext(ROOM if here else GROUP, ANA))).content


async def test_the_list_holds_the_skills_of_the_scope(tools: SkillTools) -> None:
    tone = {"name": "tone", "state": "waits for approval", "description": "Does tone.", "uses": 0, "good": 0}
    assert await told(tools, "list_skills", {}, here=False) == {"skills": [tone]}
    found = (await told(tools, "list_skills", {}))["skills"]
    assert [skill["name"] for skill in found] == ["here-only", "tone"]


@pytest.mark.parametrize("name", ["here-only", "here_only", "skill_here_only"])
async def test_one_is_shown_by_any_of_its_names(tools: SkillTools, name: str) -> None:
    assert "Does here-only." in await told(tools, "show_skill", {"name": name})
    with pytest.raises(ToolError, match="There is no skill named"):
        await told(tools, "show_skill", {"name": name}, here=False)


@pytest.mark.parametrize(
    ("tool", "arguments"), [("list_skills", {"all": True}), ("show_skill", {}), ("show_skill", {"name": 1})]
)
async def test_wrong_arguments_are_refused(tools: SkillTools, tool: str, arguments: dict[str, JSON]) -> None:
    with pytest.raises(ToolError, match="The arguments do not fit"):
        await told(tools, tool, arguments)


async def test_all_but_the_wish_only_read(tools: SkillTools) -> None:
    known = {tool.name: tool.reads for tool in await tools.tools(ToolContext(ROOM, ANA))}
    assert [name for name, reads in known.items() if not reads] == ["avoid_skill"]
