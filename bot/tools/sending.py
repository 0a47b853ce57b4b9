"""`send_file`."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from bot.domain.chat import Outgoing
from bot.domain.json import JSON
from bot.domain.text import clean
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import Clock, ToolContext
from bot.store.commits import Commit
from bot.store.deliveries import deliver, waiting_files
from bot.store.store import Connection, Store
from bot.tools.arguments import Arguments, schema_of, validated
from bot.tools.names import folder_of
from bot.tools.workspace import Workspace

MOST = 50 * 2**20
"""Bytes of a file: what Telegram takes."""
LONGEST = 500
"""Characters of the text beside it: Telegram takes 1,024 units of UTF-16 there."""


class _Sent(Arguments):
    path: str
    text: str = ""


_TOOLS = (Tool("send_file", "Post a file of the workspace in this chat, with a short text", schema_of(_Sent)),)


class SendingTool:
    """Sends what the conversation may see of the workspace `root`.

    A delivery may have to wait, and must bring the bytes that were named: a copy of them lies below `outgoing` until
    the conversation's next file is sent after it.
    """

    def __init__(self, root: Path, outgoing: Path, clock: Clock, store: Store) -> None:
        self._root = root
        self._outgoing = outgoing
        self._clock = clock
        self._store = store

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """The one tool."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Put a file on its way. Raises ToolError."""
        given = validated(_Sent, arguments)
        conversation, text = context.conversation, clean(given.text)
        if len(text) > LONGEST:
            raise ToolError(f"The text beside a file has at most {LONGEST} characters; the rest belongs in the answer.")
        copies = self._outgoing / folder_of(conversation)
        workspace = Workspace(self._root, folder_of(conversation))
        file = await asyncio.to_thread(_copied, workspace, given.path, copies)
        size = file.stat().st_size

        def work(connection: Connection) -> Collection[str]:
            message = Outgoing(conversation, text, file=str(file))
            deliver(connection, message, f"file:{file.parent.name}", self._clock.now().timestamp())
            return waiting_files(connection, conversation.out_lane)

        await asyncio.to_thread(tidy, copies, await self._store.write(Commit.FILE, work))
        return ToolResult({"path": given.path, "bytes": size, "status": "on its way"})


def _copied(workspace: Workspace, path: str, copies: Path) -> Path:
    content = workspace.read(path, MOST, "no chat takes that")
    if not content:
        raise ToolError(f"{path} is empty, and chats take no empty file.")
    return kept(copies, Path(path).name, content)


def kept(copies: Path, name: str, content: bytes) -> Path:
    """A file to be sent, below the conversation's folder until `tidy`."""
    folder = copies.resolve() / secrets.token_hex(8)
    folder.mkdir(parents=True)
    file = folder / name
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return file


def tidy(copies: Path, waiting: Collection[str]) -> None:
    """Delete the copies that no delivery waits for."""
    needed = {Path(file).parent for file in waiting}
    for folder in copies.resolve().iterdir():
        if folder not in needed:
            shutil.rmtree(folder, ignore_errors=True)
