"""The tables for readers are the code's, and what the pages lead to is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from bot.apprentice_toml import Commands, Tables
from bot.cli import command
from bot.domain.privacy import Privacy
from bot.engine.commands import COMMANDS
from bot.ports import ToolContext
from bot.settings import Settings
from bot.skills.library import Library
from bot.store.documents import DocumentIndex
from bot.store.store import Store
from bot.tools.builtin import builtin
from bot.tools.command import CommandTool
from bot.tools.documents import DocumentTools
from tests.engine.made import ANA, ROOM, HandClock

ROOT = Path(__file__).parent.parent
README, TOOLS = (ROOT / "README.md").read_text(), (ROOT / "bot" / "TOOLS.md").read_text()
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("bot/**/*.md")]


def rows(name: str, page: str = README) -> list[list[str]]:
    table = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page, re.DOTALL)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()[2:]]


def test_settings() -> None:
    fields = Settings.model_fields.items()
    variables = [str(field.validation_alias or f"APPRENTICE_{name.upper()}") for name, field in fields]
    assert sorted(row[0].strip("`") for row in rows("settings")) == sorted(variables)


def test_commands() -> None:
    assert {row[0].strip("`/"): row[1] for row in rows("commands")} == COMMANDS


def test_command_line() -> None:
    def paths(group: object, prefix: str) -> list[str]:
        found = []
        for name, child in group.commands.items():
            found += paths(child, f"{prefix} {name}") if hasattr(child, "commands") else [f"{prefix} {name}"]
        return found

    assert [row[0].strip("`") for row in rows("cli")] == paths(typer.main.get_command(command), "apprentice")


async def test_tools(store: Store, tmp_path: Path) -> None:
    commands = CommandTool(Commands(programs=("true",), sandbox="unsandboxed"), tmp_path, ())
    own = builtin(tmp_path, tmp_path, HandClock(), Library(tmp_path, store, HandClock()), store, Privacy(), Tables())
    sources = (*own, commands, DocumentTools([tmp_path], DocumentIndex(tmp_path / "documents.db")))
    tools = [tool for source in sources for tool in await source.tools(ToolContext(ROOM, ANA))]
    documented = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in rows("tools", TOOLS)}
    assert documented == {tool.name: list(tool.schema["properties"]) for tool in tools}


def anchors(page: Path) -> Iterator[str]:
    """The names that GitHub gives to headings."""
    for heading in re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_leads_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        there = (page.parent / path) if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_the_table_of_decisions_names_each() -> None:
    table, *entries = re.split(r"^(?=\d+\. \*\*)", (ROOT / "bot" / "DECISIONS.md").read_text(), flags=re.MULTILINE)
    numbers = [int(entry.partition(".")[0]) for entry in entries]
    assert numbers == list(range(1, len(entries) + 1))
    assert sorted(map(int, set(re.findall(r"\d+", table)))) == numbers, "put its number behind its subject at the top"
