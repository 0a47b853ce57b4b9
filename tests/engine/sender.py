"""A person who sends files, and the bot that works on them."""

import os
from dataclasses import replace

from bot.domain.chat import Attachment, Conversation
from bot.domain.json import JSON
from tests.engine.desk import Desk
from tests.engine.made import ROOM, said

PNG = b"\x89PNG\r\n\x1a\n" + b"the picture"


class Sender:
    """A person who sends files, and the bot that works on them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.folder = desk.path / "workspace" / "files"

    def file(self, name: str, content: bytes, media: str = "application/octet-stream", size: int = 0) -> Attachment:
        """A file that the chat hands out."""
        id = f"f{len(self.desk.chat.files)}"
        self.desk.chat.files[id] = content
        return Attachment(id, name, media, size)

    async def hear(self, text: str, *files: Attachment, conversation: Conversation = ROOM) -> None:
        """Take a message in, and no more."""
        message = said(text, next(self.desk.numbers), conversation)
        await self.desk.intake.accept(replace(message, attachments=files))

    async def send(self, text: str, *files: Attachment, conversation: Conversation = ROOM) -> list[str]:
        """Send files and wait; the texts that come back."""
        before = len(self.desk.chat.sent)
        await self.hear(text, *files, conversation=conversation)
        await self.desk.work()
        return [message.text for message in self.desk.chat.sent[before:]]

    def read(self, request: int = -1) -> JSON:
        """What the model has read last of the person's message."""
        return self.desk.model.requests[request].messages[-1]["content"]

    def kept(self, conversation: str = "telegram_7") -> dict[str, bytes]:
        """The conversation's files."""
        folder = self.folder / conversation
        return {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder))} if folder.exists() else {}
