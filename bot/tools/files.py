"""The file tools: `list_files`, `read_file`, `write_file`, `search_files`."""

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from bot.domain.json import JSON
from bot.domain.text import shorten
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.tools.arguments import Arguments, schema_of, validated
from bot.tools.names import folder_of
from bot.tools.workspace import MOST_FILES, Workspace

MOST_MATCHES = 100
"""Matches of a search."""
MOST_SCANNED = 32 * 1024 * 1024
"""Bytes that one search reads; a file counts as a block of LEAST at least."""
MOST_OF_ONE = 4 * 1024 * 1024
"""Bytes of one file that a search reads."""
LEAST = 512
LINE = 300
"""Characters of a line that a match shows."""


class _Folder(Arguments):
    path: str = ""


class _File(Arguments):
    path: str


class _Content(Arguments):
    path: str
    content: str


class _Query(Arguments):
    query: str = Field(min_length=1)
    path: str = ""


_TOOLS = (
    Tool("list_files", "Files in the workspace, or in one of its folders", schema_of(_Folder), reads=True),
    Tool("read_file", "A text or JSON file of the workspace", schema_of(_File), reads=True),
    Tool("write_file", "Replace or create a text file of the workspace", schema_of(_Content)),
    Tool("search_files", "Lines that contain a text, in any file or below path", schema_of(_Query), reads=True),
)


class FileTools:
    """Files in the workspace folder `root`, which must exist; of what people sent, that of the conversation alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """All four, for everybody."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Do it in a thread. Raises ToolError."""
        work = {"list_files": _list, "read_file": _read, "write_file": _write, "search_files": _search}
        workspace = Workspace(self._root, folder_of(context.conversation))
        return ToolResult(await asyncio.to_thread(work[name], workspace, arguments))


def _list(workspace: Workspace, arguments: dict[str, JSON]) -> JSON:
    found = list(itertools.islice(workspace.files(validated(_Folder, arguments).path), MOST_FILES + 1))
    files = [{"path": file.path, "size": file.size} for file in found[:MOST_FILES]]
    return {"files": files, "truncated": len(found) > MOST_FILES}


def _read(workspace: Workspace, arguments: dict[str, JSON]) -> JSON:
    path = validated(_File, arguments).path
    text = _text(workspace.read(path))
    if text is None:
        raise ToolError(f"{path} is no UTF-8 text, so it cannot be read here.")
    return parsed(text) if path.lower().endswith(".json") else text


def _write(workspace: Workspace, arguments: dict[str, JSON]) -> JSON:
    given = validated(_Content, arguments)
    content = given.content.encode("utf-8", "replace")
    workspace.write(given.path, content)
    return {"path": given.path, "bytes": len(content)}


def _search(workspace: Workspace, arguments: dict[str, JSON]) -> JSON:
    given = validated(_Query, arguments)
    found = list(itertools.islice(_matches(workspace, given.query.casefold(), given.path), MOST_MATCHES + 1))
    matches = [match for match in found if match is not None]
    return {"matches": matches[:MOST_MATCHES], "truncated": len(found) > len(matches) or len(found) > MOST_MATCHES}


def _matches(workspace: Workspace, query: str, path: str) -> Iterator[JSON]:
    """The matches, and None at the end if not everything was looked at."""
    left, all_seen = MOST_SCANNED, True
    for file in workspace.files(path):
        content = workspace.scan(file.path, min(left, MOST_OF_ONE))
        left -= max(len(content), LEAST)
        if 0 < len(content) < file.size:
            content, all_seen = content[: content.rfind(b"\n") + 1], False
        for number, line in enumerate((_text(content) or "").split("\n"), 1):
            if (at := line.casefold().find(query)) >= 0:
                yield {"path": file.path, "line": number, "text": _around(line, at)}
        if left <= 0:
            all_seen = False
            break
    if not all_seen:
        yield None


def _around(line: str, at: int) -> str:
    """The part of a line that shows what stands at this place."""
    start = max(0, at - LINE // 2) if len(line) > LINE else 0
    return shorten(line[start:].strip(), LINE)


def parsed(text: str) -> JSON:
    """The JSON value, or the text itself if it is no JSON or holds what cannot be written down again."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return text
    return value


def _text(content: bytes) -> str | None:
    """UTF-8, its byte-order mark taken off; None for what is no text."""
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
