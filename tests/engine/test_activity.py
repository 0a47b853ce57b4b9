"""What tools do, in words for people."""

from pathlib import Path

import pytest

from bot.apprentice_toml import Commands, Tables
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.engine.activity import SHOWN, TITLES, title
from bot.ports import ToolContext
from bot.store.documents import DocumentIndex
from bot.store.store import Store
from bot.tools.builtin import builtin
from bot.tools.command import CommandTool
from bot.tools.documents import DocumentTools
from tests.engine.desk import Desk
from tests.engine.made import ANA, ROOM

OWN = Privacy(("sesame-123",))


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("read_file", {"path": "notes/a.txt"}, "Reads notes/a.txt"),
        ("write_file", {"path": "notes/long-name.txt", "content": "milk"}, "Writes notes/long-name.txt"),
        ("list_files", {}, "Looks through the files"),
        ("current_time", {"zone": "Europe/Rome"}, "Looks at the clock"),
        ("read_file", {}, "Reads"),
        ("read_file", {"path": None}, "Reads"),
        ("get_order", {"id": "7"}, "Get order 7"),
        ("get_order", {"id": 7, "with_lines": True}, "Get order 7"),
        ("crm__get_order", {"id": "7", "note": "please hurry"}, "Crm: get order 7"),
        ("run_command", {"command": ["git", "push", "--force"]}, "Runs git"),
        ("run_command", {"command": []}, "Runs"),
        ("send", {"to": {"name": "x"}}, "Send"),
        ("skill_customer_orders", {"customer": "ana-silva"}, "Runs the skill customer orders ana-silva"),
        ("", {}, ""),
        ("say", {"text": "two\nlines \u202e\x1b[1m and a tab\t"}, "Say two lines [1m and a tab"),
        ("say", {"text": "\ud83d\0"}, "Say ?"),
    ],
)
def test_the_words_for_a_call(name: str, arguments: dict[str, JSON], words: str) -> None:
    assert title(name, arguments, "", OWN) == words


def test_they_are_said_in_the_persons_language() -> None:
    assert title("read_file", {"path": "a.txt"}, "de", OWN) == "Liest a.txt"
    assert title("skill_customer_orders", {}, "de-AT", OWN) == "Führt den Skill customer orders aus"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"password": "x"}, "Log in"),
        ({"password": "x", "user": "ana@example.org"}, "Log in ana@example.org"),
        ({"code": "sesame-123"}, "Log in [secret]"),
        ({"header": "Bearer abcdefghijklmnop0123456789"}, "Log in Bearer [secret]"),
        ({"text": "word " * 300 + "password=hunter2hunter2"}, "Log in"),
    ],
)
def test_secrets_are_not_told(arguments: dict[str, JSON], words: str) -> None:
    told = title("log_in", arguments, "", OWN)
    assert told.startswith(words)
    assert "hunter2" not in told
    assert len(told) <= len("Log in ") + SHOWN


def test_a_long_argument_is_cut() -> None:
    told = title("read_file", {"path": "x" * 10_000_000}, "", OWN)
    assert told == f"Reads {'x' * (SHOWN - 1)}…"


async def test_each_built_in_tool_has_its_words(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, tmp_path)
    commands = CommandTool(Commands(programs=("true",), sandbox="unsandboxed"), tmp_path, ())
    own = builtin(desk.path / "workspace", desk.path / "outgoing", desk.clock, desk.library, desk.store, OWN, Tables())
    sources = (*own, commands, DocumentTools([tmp_path], DocumentIndex(tmp_path / "documents.db")))
    tools = [tool for source in sources for tool in await source.tools(ToolContext(ROOM, ANA))]
    assert {tool.name for tool in tools} | {"allow_skill"} == TITLES.keys()  # which is there where it can undo a wish
    for tool in tools:
        assert TITLES[tool.name][1] in ("", *tool.schema["properties"])
