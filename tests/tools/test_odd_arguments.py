"""What a model writes into an argument, whatever it is, ends in a result or in a sentence."""

from collections.abc import Iterator
from pathlib import Path

from bot.apprentice_toml import Tables
from bot.clients.clock import SystemClock
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.tool import Tool
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.skills.library import Library
from bot.store.documents import DocumentIndex
from bot.store.store import Store
from bot.tools.builtin import builtin
from bot.tools.documents import DocumentTools
from tests.engine.made import ANA, ROOM

ODD: dict[str, list[JSON]] = {
    "string": ["", "\ud800", "a\0b", "x" * 5_000, "\u202e", "../..", '%*"', "1" * 400, "9999-12-31T23:59:59+14:00"],
    "integer": [-1, 0, 2**63, -(10**30), 10**400],
    "boolean": [True, False],
    "object": [{}, {"\ud800": "\ud800"}],
}
USUAL: dict[str, JSON] = {
    "path": "a.txt",
    "content": "x",
    "query": "hello",
    "url": "http://127.0.0.1/",
    "what": "tea",
    "name": "none",
    "fact": "f",
    "use": False,
    "number": 1,
    "in_minutes": 5,
}


def odd(tool: Tool) -> Iterator[dict[str, JSON]]:
    """Each argument in each odd form, the others as they need to be."""
    needed = {"in_minutes", *tool.schema.get("required", ())} & tool.schema["properties"].keys()
    for name, given in tool.schema["properties"].items():
        usual = {each: USUAL[each] for each in needed - ({"in_minutes"} if name in ("when", "every") else set())}
        yield from ({**usual, name: value} for value in ODD[given["type"]])


async def test_odd_arguments(store: Store, tmp_path: Path) -> None:
    for folder in ("workspace", "documents"):
        (tmp_path / folder).mkdir()
    clock = SystemClock()
    places = (tmp_path / "workspace", tmp_path / "outgoing")
    own = builtin(*places, clock, Library(tmp_path / "skills", store, clock), store, Privacy(), Tables())
    documents = DocumentTools([tmp_path / "documents"], DocumentIndex(tmp_path / "documents.db"))
    context, ended = ToolContext(ROOM, ANA), 0
    for source in (*own, documents):
        for tool in await source.tools(context):
            for arguments in odd(tool):
                try:
                    await source.call(tool.name, arguments, context)
                except ToolError:
                    ended += 1
                except Exception as error:
                    raise AssertionError(f"{tool.name}({arguments!r})") from error
    assert ended > 100
