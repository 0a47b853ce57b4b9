"""The protocol's reference servers, as others have them from npm: what our own test servers could get wrong with us."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clients.mcp import ServerTools
from bot.mcp_json import Server
from tests.clients.test_mcp import CONTEXT, call, here, opened, until

PLACE = Path(__file__).parent / "reference_servers"
BIN = PLACE / "node_modules" / ".bin"


pytestmark = pytest.mark.skipif(
    not BIN.is_dir(), reason="not installed: npm install --no-package-lock --prefix tests/clients/reference_servers"
)


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[ServerTools]:
    """`files` sees the folder `shared`; `memory` keeps a graph in a file."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "notes.txt").write_text("Ana ordered 12 chairs.\n")
    files = Server(command=str(BIN / "mcp-server-filesystem"), args=(str(tmp_path / "shared"),))
    graph = {"MEMORY_FILE_PATH": str(tmp_path / "graph.json")}
    memory = Server(command=str(BIN / "mcp-server-memory"), env=graph)
    async with opened({"files": files, "memory": memory}) as source:
        yield source


async def test_hints_tell_what_reads_and_what_is_asked_about(servers: ServerTools) -> None:
    tools = {tool.name: (tool.reads, tool.outside) for tool in await servers.tools(CONTEXT)}
    assert tools["files__read_text_file"] == tools["memory__search_nodes"] == (True, False)
    assert tools["files__write_file"] == tools["memory__delete_entities"] == (False, True)


async def test_files_are_read_written_and_refused(servers: ServerTools, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    read = await call(servers, "files__read_text_file", path=str(shared / "notes.txt"))
    assert (read.content, read.failed) == ({"content": "Ana ordered 12 chairs.\n"}, False)
    await call(servers, "files__write_file", path=str(shared / "sum.txt"), content="12")
    assert (shared / "sum.txt").read_text() == "12"
    refused = await call(servers, "files__read_text_file", path=str(tmp_path / "graph.json"))
    assert refused.failed
    assert "outside allowed directories" in refused.content


async def test_one_that_is_killed_comes_back_with_what_it_kept(servers: ServerTools) -> None:
    ana = {"name": "Ana", "entityType": "person", "observations": ["ordered 12 chairs"]}
    await call(servers, "memory__create_entities", entities=[ana])
    os.kill(process("mcp-server-memory"), signal.SIGKILL)
    await until(servers, lambda tools: any(tool.away for tool in tools if tool.name.startswith("memory")))
    assert not any(tool.away for tool in await servers.tools(CONTEXT) if tool.name.startswith("files"))
    await until(servers, here("memory__search_nodes"))
    found = await call(servers, "memory__search_nodes", query="chairs")
    assert found.content["entities"] == [ana]


def process(name: str) -> int:
    """The child of this process whose command names this program."""
    children = [int(id) for each in Path("/proc/self/task").glob("*/children") for id in each.read_text().split()]
    [found] = [id for id in children if name.encode() in Path(f"/proc/{id}/cmdline").read_bytes()]
    return found
