"""What a turn may use, and how calls' arguments are read."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.json import DEEPEST, JSON, too_deep
from bot.domain.tool import Tool, ToolResult
from bot.engine.toolbox import Offer, Toolbox, parsed
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.skills.library import Library
from bot.skills.relevance import Relevance
from bot.store.store import Store
from tests.engine.made import ANA, BOB, GROUP, ROOM, HandClock


class Source:
    """Tools that answer with the source's name; `private` ones are there for Ana only."""

    def __init__(self, name: str, *tools: str, private: Sequence[str] = (), content: JSON = None) -> None:
        self.name, self.known, self.private, self.content = name, tools, private, content

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        hidden = () if context.person == ANA else self.private
        return [Tool(tool, self.name, {"type": "object"}) for tool in self.known if tool not in hidden]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        return ToolResult(self.content or [self.name, name, arguments, context.person.id])


async def offer(store: Store, path: Path, context: ToolContext, *sources: Source) -> Offer:
    relevance = Relevance(Library(path, store, HandClock()), store)
    return await Toolbox(sources, relevance, 2_000).offer(context, "hello")


async def test_the_first_source_of_a_name_wins(store: Store, tmp_path: Path) -> None:
    context = ToolContext(ROOM, ANA)
    found = await offer(store, tmp_path, context, Source("one", "a", "b"), Source("two", "b", "c"))
    assert [(tool.name, tool.description) for tool in found.shown] == [("a", "one"), ("b", "one"), ("c", "two")]
    assert (await found.call("b", {"x": 1})).content == ["one", "b", {"x": 1}, ANA.id]


async def test_a_tool_that_a_person_may_not_use_is_neither_shown_nor_called_nor_named(
    store: Store, tmp_path: Path
) -> None:
    source = Source("one", "open", "closed", private=["closed"])
    assert len((await offer(store, tmp_path, ToolContext(GROUP, ANA), source)).shown) == 2
    found = await offer(store, tmp_path, ToolContext(GROUP, BOB), source)
    assert [tool.name for tool in found.shown] == ["open"]
    with pytest.raises(ToolError, match=r"no tool named closed. The tools are: open\."):
        await found.call("closed", {})


def nested(depth: int) -> JSON:
    value: JSON = "x"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


async def test_what_is_nested_too_deep_is_an_error_for_the_model(store: Store, tmp_path: Path) -> None:
    sources = [Source("one", "fits", content=nested(DEEPEST)), Source("two", "deep", content=nested(DEEPEST + 1))]
    found = await offer(store, tmp_path, ToolContext(ROOM, ANA), *sources)
    assert (await found.call("fits", {})).content == nested(DEEPEST)
    with pytest.raises(ToolError, match="deep gave is nested too deep"):
        await found.call("deep", {})


@given(st.integers(0, 2 * DEEPEST))
def test_depth_is_counted(depth: int) -> None:
    assert too_deep([1, nested(depth), {}]) == (depth + 1 > DEEPEST)


@given(st.text() | st.recursive(st.none() | st.text(), lambda inner: st.lists(inner), max_leaves=3).map(str))
def test_arguments_are_an_object_or_an_error(text: str) -> None:
    with suppress(ToolError):
        assert isinstance(parsed(text), dict)


@pytest.mark.parametrize(
    ("text", "value"), [("", {}), ("{}", {}), (' {"a": [1]}\n', {"a": [1]}), ('{"a": "é"}', {"a": "é"})]
)
def test_arguments_are_read(text: str, value: JSON) -> None:
    assert parsed(text) == value


def test_arguments_nested_too_deep_are_an_error() -> None:
    with pytest.raises(ToolError, match="too deep"):
        parsed('{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1))
