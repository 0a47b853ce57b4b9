"""The nearest scope that names a tool decides; in it the most exact entry; without any, what the tool may change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.policy import Policy
from bot.domain.tool import Tool, Word, pin

RULES: dict[str, dict[str, Word]] = {
    "": {"*": "ask", "git__*": "deny", "git__read_*": "allow", "git__read_all": "ask"},
    "slack:T1": {"git__read*": "deny", "clock": "allow"},
    "slack:T1/C9": {"clock": "deny", "*": "ask"},
}


@pytest.mark.parametrize(
    ("tool", "scope", "word"),
    [
        ("other", "telegram:7", "ask"),
        ("git__push", "telegram:7", "deny"),
        ("git__read_one", "telegram:7", "allow"),
        ("git__read_all", "telegram:7", "ask"),
        ("git__", "telegram:7", "deny"),
        ("clock", "slack:T1/C1", "allow"),
        ("git__read_all", "slack:T1/C1", "deny"),
        ("git__push", "slack:T1/C1", "deny"),
        ("clock", "slack:T1/C9", "deny"),
        ("git__push", "slack:T1/C9", "ask"),
        ("clock", "slack:T2/C9", "ask"),
    ],
)
def test_the_nearest_and_most_exact_entry_wins(tool: str, scope: str, word: Word) -> None:
    assert Policy(RULES).of(tool, scope, outside=False) == word


@given(st.text(), st.text(), st.booleans())
def test_without_a_rule_what_may_change_things_elsewhere_is_asked_about(tool: str, scope: str, outside: bool) -> None:
    assert Policy().of(tool, scope, outside=outside) == ("ask" if outside else "allow")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("http_get", ""),
        ("http_*", ""),
        ("*", ""),
        ("git__push", ""),
        ("git__pull", ""),
        ("git__*", ""),
        ("g*", ""),
        ("http_gte", "there is no tool http_gte (is it http_get?), so it rules nothing."),
        ("Http_*", "there is no tool Http_* (is it http_get?), so it rules nothing."),
        ("gti__push", "there is no tool gti__push (is it git__push?), so it rules nothing."),
        ("teleport", "there is no tool teleport, so it rules nothing."),
    ],
)
def test_a_name_that_no_tool_has_is_told_with_the_nearest(name: str, says: str) -> None:
    policy = Policy({"slack:T1": {name: "deny"}})
    assert policy.idle(["http_get", "git__push"], ["git"]) == ([f"apprentice.toml, tools: {says}"] if says else [])


def test_without_a_server_to_ask_for_them_only_the_tools_that_are_there_count() -> None:
    assert len(Policy({"": {"git__pull": "deny", "g*": "ask", "git__*": "ask"}}).idle(["git__push"])) == 1


ONE = Tool("order", "An order.", {"type": "object", "properties": {"id": {"type": "string"}}}, reads=True)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (
            Tool("order", "In other words.", {"properties": ONE.schema["properties"], "type": "object"}, reads=True),
            True,
        ),
        (Tool("order", "", ONE.schema, reads=True, away="It sleeps.", policy="deny"), True),
        (Tool("order", "An order.", {"type": "object", "properties": {"id": {"type": "integer"}}}, reads=True), False),
        (Tool("order", "An order.", ONE.schema), False),
        (Tool("order", "An order.", ONE.schema, reads=True, outside=True), False),
    ],
)
def test_the_pin_tells_what_it_takes_and_may_change(other: Tool, same: bool) -> None:
    assert (pin(other) == pin(ONE)) == same
