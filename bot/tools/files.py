"""The file tools: `list_files`, `read_file`, `write_file`, `search_files`."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from bot.domain.json import JSON
from bot.domain.text import shorten
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.tools.arguments import Arguments, schema_of, validated
from bot.tools.workspace import MOST_FILES, MOST_SCANNED, Workspace

MOST_MATCHES = 100
"""Matches of a search."""
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
    """Files in the workspace folder `root`, which must exist."""

    def __init__(self, root: Path) -> None:
        self._workspace = Workspace(root)

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """All four, for everybody."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Do it in a thread. Raises ToolError."""
        work = {
            "list_files": self._list,
            "read_file": self._read,
            "write_file": self._write,
            "search_files": self._search,
        }
        return ToolResult(await asyncio.to_thread(work[name], arguments))

    def _list(self, arguments: dict[str, JSON]) -> JSON:
        found = list(itertools.islice(self._workspace.files(validated(_Folder, arguments).path), MOST_FILES + 1))
        files = [{"path": file.path, "size": file.size} for file in found[:MOST_FILES]]
        return {"files": files, "truncated": len(found) > MOST_FILES}

    def _read(self, arguments: dict[str, JSON]) -> JSON:
        """Text, or JSON for a JSON file."""
        path = validated(_File, arguments).path
        text = _text(self._workspace.read(path))
        if text is None:
            raise ToolError(f"{path} is no text.")
        if not path.lower().endswith(".json"):
            return text
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text

    def _write(self, arguments: dict[str, JSON]) -> JSON:
        given = validated(_Content, arguments)
        content = given.content.encode("utf-8", "replace")
        self._workspace.write(given.path, content)
        return {"path": given.path, "bytes": len(content)}

    def _search(self, arguments: dict[str, JSON]) -> JSON:
        given = validated(_Query, arguments)
        query, left = given.query.casefold(), MOST_SCANNED
        matches: list[JSON] = []
        for file in itertools.islice(self._workspace.files(given.path), 100 * MOST_FILES):
            content = self._workspace.scan(file.path, left)
            left -= len(content)
            for number, line in enumerate((_text(content) or "").splitlines(), 1):
                if query in line.casefold():
                    matches.append({"path": file.path, "line": number, "text": shorten(line.strip(), LINE)})
            if len(matches) > MOST_MATCHES or left <= 0:
                return {"matches": matches[:MOST_MATCHES], "truncated": True}
        return {"matches": matches, "truncated": False}


def _text(content: bytes) -> str | None:
    """UTF-8, its byte-order mark taken off; None for what is no text."""
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
