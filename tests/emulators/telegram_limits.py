"""What the Bot API refuses: texts, entities and keyboards against the limits of its documentation."""

import re
from collections.abc import Sequence

from bot.domain.json import JSON

_ENTITY_TYPES = {
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic", "underline",
    "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention",
    "custom_emoji",
}  # fmt: skip


_EMPTY = re.compile(r"[\s\0-\x08\u180e\u200b-\u200f\u202a-\u202e\u2800\ufeff\ufffc]*")
"""strip_empty_characters in td/telegram/misc.cpp of github.com/tdlib/td."""


class Refusal(Exception):
    """The answer to a call that is not done: HTTP status, description, and `parameters` for machines."""

    def __init__(self, status: int, description: str, **parameters: JSON) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def json(self) -> JSON:
        """The envelope."""
        answer = {"ok": False, "error_code": self.status, "description": self.description}
        return {**answer, "parameters": self.parameters} if self.parameters else answer


def bad(description: str) -> Refusal:
    """A 400."""
    return Refusal(400, f"Bad Request: {description}")


def checked_text(text: JSON) -> str:
    """1 to 4,096 UTF-16 units that are not all blank."""
    if not isinstance(text, str) or _EMPTY.fullmatch(text):
        raise bad("message text is empty")
    return _short(text, 4096, "message is too long")


def checked_draft(text: JSON) -> str:
    """0 to 4,096 UTF-16 units."""
    return _short(text, 4096, "message is too long")


def checked_caption(text: JSON) -> str:
    """0 to 1,024 UTF-16 units."""
    return _short(text, 1024, "message caption is too long")


def _short(text: JSON, units: int, refusal: str) -> str:
    if not isinstance(text, str) or len(text.encode("utf-16-le", "surrogatepass")) // 2 > units:
        raise bad(refusal)
    return text


def checked_entities(text: str, entities: JSON) -> list[JSON]:
    """At most 100 of known types, each within the text and not through the middle of a character."""
    if not isinstance(entities, list) or len(entities) > 100:
        raise bad("can't parse entities: a list of at most 100 is expected")
    starts = _character_starts(text)
    for entity in entities:
        start, length = entity.get("offset"), entity.get("length")
        if entity.get("type") not in _ENTITY_TYPES or not isinstance(start, int) or not isinstance(length, int):
            raise bad(f"can't parse entities: unsupported entity {entity}")
        if length < 1 or start not in starts or start + length not in starts:
            raise bad(f"can't parse entities: the bounds of {entity} are wrong")
        if entity["type"] == "text_link" and ":" not in entity.get("url", ""):
            raise bad("Wrong message entity: URL host is empty")
    return entities


def checked_keyboard(markup: JSON) -> list[list[JSON]]:
    """An inline keyboard of at most 100 buttons, 8 a row, each with a label and 1 to 64 bytes of data or a URL."""
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("can't parse reply keyboard markup JSON object")
    if sum(map(len, rows)) > 100 or any(len(row) > 8 for row in rows):
        raise bad("reply markup is too long")
    for button in (button for row in rows for button in row):
        _check_button(button)
    return [row for row in rows if row]


def _check_button(button: JSON) -> None:
    if not isinstance(button, dict) or not button.get("text"):
        raise bad('can\'t parse inline keyboard button: Field "text" must be a non-empty String')
    if not 1 <= len(str(button.get("callback_data", button.get("url", ""))).encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")


def _character_starts(text: str) -> Sequence[int] | set[int]:
    """The UTF-16 offsets at which characters start, and the end."""
    if text.isascii():
        return range(len(text) + 1)
    offsets = [0]
    for char in text:
        offsets.append(offsets[-1] + (2 if ord(char) > 0xFFFF else 1))
    return set(offsets)
