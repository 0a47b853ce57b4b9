"""Files on Telegram's side: what people and the bot have sent, and how a bot gets at it (getFile).

A message of a person carries one as further fields: `ann.say("look", caption=True, **telegram.files.photo(data))`.
"""

from dataclasses import dataclass
from itertools import count
from pathlib import PurePath

from aiohttp.web import FileField

from bot.domain.json import JSON
from tests.emulators.telegram_limits import Refusal, bad

DOWNLOAD_BYTES, UPLOAD_BYTES = 20 << 20, 50 << 20


@dataclass(frozen=True)
class File:
    """A file. `size` is what Telegram says of it."""

    id: str
    name: str
    media: str
    content: bytes
    size: int

    @property
    def path(self) -> str:
        """Where a bot downloads it, below `/file/bot<token>/`."""
        return f"documents/{self.id}{PurePath(self.name).suffix}"

    def json(self, **fields: JSON) -> JSON:
        """What all kinds of files have in the Bot API, and further fields."""
        shown = {"file_id": self.id, "file_unique_id": f"u{self.id}", "file_size": self.size}
        return {**shown, **fields}


class Files:
    """All files, by their ids."""

    def __init__(self) -> None:
        self.known: dict[str, File] = {}
        self._ids = count(1)

    def add(self, name: str, media: str, content: bytes, size: int | None = None) -> File:
        """A new file; `size` pretends one."""
        file = File(f"file_{next(self._ids)}", name, media, content, len(content) if size is None else size)
        self.known[file.id] = file
        return file

    def document(
        self, name: str, content: bytes, media: str = "text/plain", size: int | None = None
    ) -> dict[str, JSON]:
        """The fields of a message with a document."""
        file = self.add(name, media, content, size)
        return {"document": file.json(file_name=name, mime_type=media)}

    def photo(self, content: bytes) -> dict[str, JSON]:
        """A photo in three sizes, of which the last has this content."""
        sizes = [(90, b"s"), (320, b"m"), (1280, content)]
        return {"photo": [self.add("a.jpg", "", data).json(width=side, height=side) for side, data in sizes]}

    def voice(self, content: bytes) -> dict[str, JSON]:
        """A voice message."""
        return {"voice": self.add("a.oga", "audio/ogg", content).json(duration=3, mime_type="audio/ogg")}

    def audio(self, content: bytes, name: str = "") -> dict[str, JSON]:
        """Music."""
        named = {"file_name": name} if name else {}
        return {"audio": self.add(name, "audio/mpeg", content).json(duration=3, mime_type="audio/mpeg", **named)}

    def video(self, content: bytes) -> dict[str, JSON]:
        """A video."""
        return {"video": self.add("a.mp4", "video/mp4", content).json(width=9, height=9, duration=3)}

    def video_note(self, content: bytes) -> dict[str, JSON]:
        """A round video message."""
        return {"video_note": self.add("a.mp4", "", content).json(length=9, duration=3)}

    def animation(self, content: bytes) -> dict[str, JSON]:
        """A GIF, which is a document too, for bots that know no better."""
        shown = self.add("a.mp4", "video/mp4", content).json(width=9, height=9, duration=3, mime_type="video/mp4")
        return {"animation": shown, "document": shown}

    def sticker(self, emoji: str = "👋") -> dict[str, JSON]:
        """A sticker."""
        kind = {"type": "regular", "width": 9, "height": 9, "is_animated": False, "is_video": False}
        return {"sticker": self.add("a.webp", "", b"webp").json(emoji=emoji, **kind)}

    def found(self, file_id: str) -> JSON:
        """A File of the Bot API, as getFile gives it."""
        file = self.known.get(file_id)
        if file is None:
            raise bad("invalid file_id")
        if file.size > DOWNLOAD_BYTES:
            raise bad("file is too big")
        return file.json(file_path=file.path)

    def uploaded(self, given: JSON) -> File:
        """What a bot sends: an upload, or the id of a file that is there."""
        if isinstance(given, FileField):
            content = given.file.read()
            if len(content) > UPLOAD_BYTES:
                raise Refusal(413, "Request Entity Too Large")
            if not content:
                raise bad("file must be non-empty")
            return self.add(given.filename, given.content_type, content)
        if given not in self.known:
            raise bad("wrong remote file identifier specified: Wrong string length")
        return self.known[given]
