"""What somebody should know before they let a foreign skill go live."""

import pytest

from bot.domain.privacy import Privacy
from bot.domain.tool import Tool
from bot.skills import format
from bot.skills.warnings import NAMED, warnings, writing
from tests.skills.made import ORDERS, skill_files

TOOLS = {name: Tool(name, "", {}, reads=True) for name in ("get_user_details", "get_order_details")}


def told(tools: dict[str, Tool] = TOOLS, procedure: str = ORDERS, **files: bytes) -> list[str]:
    """The warnings on a skill with these files beside its own; `__` stands for a dot."""
    given = {**skill_files(procedure), **{path.replace("__", "."): content for path, content in files.items()}}
    skill = format.parse("customer-orders", given)
    return [str(warning) for warning in warnings(skill, given, tools, Privacy(("hunter2-hunter2",)))]


def test_a_skill_that_reads_by_known_tools_needs_no_warning() -> None:
    assert told() == []


def test_tools_that_write_by_what_they_say_or_by_their_names() -> None:
    writes = {**TOOLS, "get_order_details": Tool("get_order_details", "", {})}
    assert told(writes) == ["It may change things with `get_order_details`; I ask before it does."]
    assert told({}) == [
        "It cannot run here as long as these tools are missing: `get_user_details`, `get_order_details`."
    ]
    other = ORDERS.replace("tool: get_order_details", "tool: cancel_order")
    assert told(TOOLS, other)[0] == "It may change things with `cancel_order`; I ask before it does."
    skill = format.parse("customer-orders", skill_files(other))
    assert skill.procedure is not None
    assert writing(skill.procedure, TOOLS) == ["cancel_order"]


@pytest.mark.parametrize(
    ("path", "content"), [("run__PY", b""), ("notes", b"#!/usr/bin/env node\n"), ("scripts/notes__md", b"")]
)
def test_scripts_by_name_place_or_content(path: str, content: bytes) -> None:
    name = path.replace("__", ".")
    assert told(**{path: content}) == [f"It brings scripts, which are never run: `{name}`."]


def test_links_are_told_by_their_hosts() -> None:
    text = b"<https://B.example/x> (http://a.example) ![x](https://a.example/?q=`) file:///etc/passwd"
    assert told(notes__md=text) == ["It holds links to `?`, `a.example`, `b.example`."]


def test_secrets_are_told_by_their_kind_alone() -> None:
    found = told(a__md=b"hunter2-hunter2", b__md=b"mail ana@example.org")
    assert found == ["`a.md` holds a secret (of the bot).", "`b.md` holds an e-mail address."]


def test_many_and_strange_names_stay_one_line_without_markup() -> None:
    files = {f"s{number}__sh": b"" for number in range(NAMED + 2)}
    assert told(**files)[0].endswith("`s4.sh` and 2 more.")
    [odd] = told(**{"a`b*c\u00a0" + "x" * 100 + "__sh": b""})
    assert odd.startswith("It brings scripts, which are never run: `aˋb*c xxx")
    assert len(odd) < 120


def test_prose_is_told_as_such() -> None:
    files = {"SKILL.md": skill_files()["SKILL.md"]}
    skill = format.parse("customer-orders", files)
    [only] = warnings(skill, files, {}, Privacy())
    assert "no procedure" in only
