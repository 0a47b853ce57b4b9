"""The README's tables are the code's."""

import re
from pathlib import Path

import typer.main

from bot.cli import command
from bot.domain.chat import Conversation, Person
from bot.engine.commands import COMMANDS
from bot.ports import ToolContext
from bot.settings import Settings
from bot.store.store import Store
from bot.skills.library import Library
from bot.tools import builtin

README = (Path(__file__).parent.parent / "README.md").read_text()


def rows(name: str) -> list[list[str]]:
    table = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README, re.DOTALL)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()[2:]]


def test_settings() -> None:
    variables = [str(field.validation_alias or f"APPRENTICE_{name.upper()}") for name, field in Settings.model_fields.items()]
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
