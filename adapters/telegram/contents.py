"""What a message holds beside its text: files, and places, contacts, polls, lists and dice told in words."""

from collections.abc import Sequence

from telegram import (
    Animation,
    Audio,
    Document,
    Message,
    PaidMediaInfo,
    PhotoSize,
    Sticker,
    Story,
    Video,
    VideoNote,
    Voice,
)

from bot.domain.chat import Attachment
from bot.domain.text import clean

DOWNLOAD_BYTES = 20 * 1024 * 1024
"""The largest file that Telegram hands out to a bot (core.telegram.org/bots/api#getfile)."""

_KINDS = {
    Document: ("file", "application/octet-stream"),
    Audio: ("audio.mp3", "audio/mpeg"),
    Voice: ("voice.ogg", "audio/ogg"),
    Video: ("video.mp4", "video/mp4"),
    VideoNote: ("video.mp4", "video/mp4"),
    Animation: ("animation.mp4", "video/mp4"),
}
"""What a file is called and its media type, where the message does not say it."""


def attached(message: Message) -> tuple[Attachment, ...]:
    """The message's file, if it has one; of a photo the largest size that Telegram hands out."""
    match message.effective_attachment:
        case Sticker() as sticker:
            return (Attachment(sticker.file_id, "sticker.webp", "sticker", sticker.file_size or 0),)
        case Story() | PaidMediaInfo():  # which no bot can fetch
            return (Attachment("", "video.mp4", "video/mp4"),)
        case Document() | Audio() | Voice() | Video() | VideoNote() | Animation() as file:
            usual_name, usual_media = _KINDS[type(file)]
            name = getattr(file, "file_name", None) or usual_name
            media = getattr(file, "mime_type", None) or usual_media
            return (Attachment(file.file_id, clean(name), clean(media), file.file_size or 0),)
        case [PhotoSize(), *_] as sizes:
            return (_photo(sizes),)
    return ()


def _photo(sizes: Sequence[PhotoSize]) -> Attachment:
    fitting = [size for size in sizes if (size.file_size or 0) <= DOWNLOAD_BYTES] or sizes
    largest = max(fitting, key=lambda size: size.width * size.height)
    return Attachment(largest.file_id, "photo.jpg", "image/jpeg", largest.file_size or 0)


def told(message: Message) -> str:
    """A place, a contact, a poll, a list or dice as text, empty for any other message."""
    if venue := message.venue:
        return clean(f"{venue.title}, {venue.address} ({venue.location.latitude}, {venue.location.longitude})")
    if place := message.location:
        return f"{place.latitude}, {place.longitude}"
    if contact := message.contact:
        return clean(f"{contact.first_name} {contact.last_name or ''}".strip() + f", {contact.phone_number}")
    if poll := message.poll:
        return clean("\n- ".join((poll.question, *(option.text for option in poll.options))))
    if listed := message.checklist:
        return clean("\n- ".join((listed.title, *(task.text for task in listed.tasks))))
    if dice := message.dice:
        return f"{dice.emoji} {dice.value}"
    return ""
