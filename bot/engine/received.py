"""Files that people send: fetched before the model is asked, kept in their conversation's folder, told in the message.

What came of each stands in the turn's journal at `file:0`, `file:1`, …; `transcript.text_of` tells it to the model.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.domain.chat import Attachment, Conversation
from bot.domain.json import JSON
from bot.domain.text import plain
from bot.domain.tool import ToolResult
from bot.engine.journal import Journal
from bot.errors import ContextTooLong, DeliverLater, ModelRefused, Refused, ToolError, Undeliverable
from bot.ports import ChatAdapter, ModelReply
from bot.store import transcript
from bot.store.journal import Entry
from bot.tools.names import file_name, folder_of
from bot.tools.reading import LARGEST_PICTURE, Kept, keep
from bot.tools.workspace import Workspace
from bot.words import Sentence

MEGABYTE = 2**20
MOST = 20 * MEGABYTE
"""Bytes of a file: what Telegram hands out."""
MOST_KEPT = 200 * MEGABYTE
"""Bytes of a conversation's folder."""
MOST_AT_ONCE = 10
"""Files of one message."""
MOST_PICTURED = 10_000_000
"""Bytes of a message's pictures together: each request of its turn carries them."""
FETCHES = 5
"""Tries of a turn while the platform hands nothing out: half a minute."""
READ_AT_ONCE = 2
"""Files that are looked into at the same time, of all conversations: a PDF takes up to a gigabyte."""
UNHEARD = {
    "audio": Sentence("I do not understand voice messages and other recordings: please write it."),
    "video": Sentence("I do not understand videos: please write what it is about."),
    "sticker": Sentence("I do not understand stickers."),
}
UNSEEN = Sentence("My model takes no pictures: I have not looked at them.")


class Received:
    """A message with what came with it: `text` for the model, `pictures` as content parts for one that sees.

    `notes` are for the person; `usable` says whether there is anything for a model.
    """

    def __init__(self, text: str, notes: Sequence[Sentence], pictures: Sequence[JSON], *, usable: bool) -> None:
        self._text = text
        self._notes = list(dict.fromkeys(notes))
        self._pictures = pictures
        self._usable = usable

    def reply(self, language: str) -> ModelReply | None:
        """The whole answer where there is nothing for a model: it costs nothing."""
        return None if self._usable else ModelReply(self._told(language), (), 0, 0, True, 0)

    def answer(self, text: str, language: str) -> str:
        """The answer, with what the person has to know of what they sent."""
        told = self._told(language)
        return text if told in text else f"{text}\n\n{told}"

    @property
    def message(self) -> JSON:
        """What a model reads."""
        content = [{"type": "text", "text": self._text}, *self._pictures] if self._pictures else self._text
        return {"role": "user", "content": content}

    async def asked(self, ask: Callable[[], Awaitable[ModelReply]]) -> ModelReply:
        """What `ask` gives, which sends `message` to a model; once more without the pictures if that refuses.

        Raises ModelError.
        """
        try:
            return await ask()
        except (ModelRefused, ContextTooLong):
            if not self._pictures:
                raise
        self._pictures, self._text = (), f"{self._text}\n({UNSEEN})"
        reply = await ask()
        self._notes.append(UNSEEN)
        return reply

    def _told(self, language: str) -> str:
        return "\n".join(note.told(language) for note in self._notes)


@dataclass(frozen=True, slots=True)
class _Come:
    """A file that came. `room`: bytes of pictures that may still be shown."""

    attachment: Attachment
    workspace: Workspace
    room: int
    too_many: bool

    def check(self, size: int) -> None:
        """Raises Refused for a file that is not taken."""
        if self.too_many:
            raise Refused("I take {count} files at once; send the others again.", count=MOST_AT_ONCE)
        if unheard := UNHEARD.get(self.attachment.media.partition("/")[0]):
            raise Refused(unheard.template)
        name = plain(file_name(self.attachment.name))
        if size > MOST:
            raise Refused("{name} is larger than {limit} MB: I have not taken it.", name=name, limit=MOST // MEGABYTE)
        if self.workspace.kept() + size > MOST_KEPT:
            raise Refused(
                "There is no room for {name}: what is sent here may take {limit} MB, and /forget makes room.",
                name=name,
                limit=MOST_KEPT // MEGABYTE,
            )


class Receiving:
    """Takes the files of messages into the workspace `folder`."""

    def __init__(self, folder: Path, adapters: Mapping[str, ChatAdapter]) -> None:
        self._folder = folder
        self._adapters = adapters
        self._free = asyncio.Semaphore(READ_AT_ONCE)

    async def take(self, log: Journal, conversation: Conversation) -> Received:
        """Fetch and keep what came with a turn's message, or find what was kept before. Raises DeliverLater."""
        workspace = Workspace(self._folder, folder_of(conversation))
        fetch = partial(self._fetched, conversation.platform, last=log.turn.failures + 1 >= FETCHES)
        taken: list[JSON] = []
        for number, given in enumerate(log.turn.payload.get("attachments", ())):
            room = MOST_PICTURED - sum(result["bytes"] for result in taken if result.get("shown"))
            come = _Come(Attachment(**given), workspace, room, too_many=number >= MOST_AT_ONCE)
            make = partial(self._result, come, fetch)
            taken.append((await log.call(Entry(f"file:{number}", "", given, once=False), make)).result)
        problems = [result["problem"] for result in taken if "problem" in result]
        notes = [Sentence.of(problem) for problem in problems]
        parts = [await asyncio.to_thread(_part, workspace, result) for result in taken if result.get("shown")]
        text = transcript.text_of(log.turn.payload, log.known.values())
        usable = log.turn.payload["text"].strip() != "" or len(problems) < len(taken) or not taken
        return Received(text, notes, [part for part in parts if part], usable=usable)

    async def _result(self, come: _Come, fetch: Callable[[Attachment], Awaitable[bytes]]) -> ToolResult:
        """What came of a file, as JSON. Raises DeliverLater."""
        try:
            await asyncio.to_thread(come.check, come.attachment.size)
            content = await fetch(come.attachment)
            await asyncio.to_thread(come.check, len(content))
            async with self._free:
                return ToolResult(_told(await keep(come.workspace, come.attachment, content, come.room)))
        except (Refused, Undeliverable, ToolError) as error:
            named = {"name": file_name(come.attachment.name), "type": come.attachment.media}
            return ToolResult({**named, "problem": error.sentence.kept()})

    async def _fetched(self, platform: str, attachment: Attachment, *, last: bool) -> bytes:
        adapter = self._adapters.get(platform)
        try:
            if adapter is not None:
                return await adapter.fetch(attachment, MOST)
        except DeliverLater:
            if not last:
                raise
        raise Undeliverable("{name} could not be fetched: send it again.", name=plain(file_name(attachment.name)))


def _told(kept: Kept) -> JSON:
    told = {"path": kept.path, "type": kept.media, "bytes": kept.size, "pages": kept.pages, "text": kept.text}
    problem = {"problem": kept.problem.kept()} if kept.problem else {}
    return {**{name: value for name, value in told.items() if value != ""}, "shown": kept.shown, **problem}


def _part(workspace: Workspace, result: Mapping[str, JSON]) -> JSON:
    """A picture as a part of a message; None if it was deleted since."""
    try:
        content = workspace.read(result["path"], LARGEST_PICTURE)
    except ToolError:
        return None
    address = f"data:{result['type']};base64,{b64encode(content).decode()}"
    return {"type": "image_url", "image_url": {"url": address}}
