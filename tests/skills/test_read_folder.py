"""The shipped example is valid, says in words what it does, and does it with the real file tools."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.domain.chat import Conversation, Person
from bot.domain.skill import Procedure
from bot.domain.tool import Tool, ToolResult
from bot.ports import ToolContext
from bot.skills import folder
from bot.skills.format import parse, render
from bot.skills.host import PlannedCall
from bot.skills.run import missing, run
from bot.tools.files import FileTools

SHIPPED = Path(__file__).parents[2] / "skills" / "read-folder"
HERE = ToolContext(Conversation("console", "local"), Person("console:somebody"))


class Workspace:
    """A host with the real file tools."""

    def __init__(self, root: Path, tools: Sequence[Tool]) -> None:
        self._files = FileTools(root)
        self._tools = {tool.name: tool for tool in tools}

    def tool(self, name: str) -> Tool | None:
        return self._tools.get(name)

    async def call(self, place: str, tool: str, arguments: dict[str, Any]) -> ToolResult:
        return await self._files.call(tool, arguments, HERE)

    async def prompt(self, place: str, text: str, schema: Any) -> str:
        pytest.fail("it asks no model")

    async def confirm(self, calls: Sequence[PlannedCall]) -> bool:
        pytest.fail("it writes nothing")


@pytest.fixture
def procedure() -> Procedure:
    skill = parse("read-folder", folder.read(SHIPPED))
    assert skill.procedure is not None
    return skill.procedure


@pytest.fixture
async def host(tmp_path: Path) -> Workspace:
    (tmp_path / "notes" / "old").mkdir(parents=True)
    (tmp_path / "notes" / "a.md").write_text("alpha")
    (tmp_path / "notes" / "old" / "b.json").write_text(json.dumps({"beta": 1}))
    (tmp_path / "notes" / "photo.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "notes" / "long.txt").write_text("x" * 20_000)
    (tmp_path / "c.txt").write_text("gamma")
    return Workspace(tmp_path, await FileTools(tmp_path).tools(HERE))


async def test_it_reads_the_small_text_files_of_a_folder(procedure: Procedure, host: Workspace) -> None:
    done = await run(procedure, {"folder": "notes"}, host)
    assert done.report() == {
        "all_files": ["notes/a.md", "notes/long.txt", "notes/old/b.json", "notes/photo.png"],
        "read_files": ["notes/a.md", "notes/old/b.json"],
        "contents": ["alpha", {"beta": 1}],
    }


async def test_without_a_folder_it_reads_the_whole_workspace(procedure: Procedure, host: Workspace) -> None:
    done = await run(procedure, {}, host)
    assert done.value["contents"] == ["gamma", "alpha", {"beta": 1}]


async def test_a_folder_without_text_is_no_success(procedure: Procedure, host: Workspace, tmp_path: Path) -> None:
    (tmp_path / "notes" / "photos").mkdir()
    (tmp_path / "notes" / "photos" / "sea.png").write_bytes(b"x")
    done = await run(procedure, {"folder": "notes/photos"}, host)
    assert (done.status, [check.passed for check in done.checks]) == ("done", [False])


async def test_no_such_folder_is_a_failure_that_is_told(procedure: Procedure, host: Workspace) -> None:
    done = await run(procedure, {"folder": "nowhere"}, host)
    assert (done.status, done.failed_step) == ("failed", "found")
    assert "There is no nowhere" in done.reason


async def test_it_needs_only_tools_that_every_bot_has(procedure: Procedure) -> None:
    assert missing(procedure, {"list_files", "read_file", "search_files", "write_file", "current_time"}) == []


def test_its_words_are_those_of_its_procedure() -> None:
    files = folder.read(SHIPPED)
    assert render(parse("read-folder", files))["SKILL.md"] == files["SKILL.md"]
