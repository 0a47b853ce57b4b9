"""Markdown as models write it becomes what Telegram shows: plain text with entities, in parts that fit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from telegramify_markdown import MessageEntity, RenderConfig, convert, split_entities, utf16_len

from bot.domain.chat import Outgoing
from bot.domain.text import clean, plain

CAPTION_UNITS = 1024
"""A file's longest caption, in UTF-16 code units (core.telegram.org/bots/api#senddocument)."""
MESSAGE_UNITS = 4096
"""A message's longest text, in UTF-16 code units (core.telegram.org/bots/api#sendmessage)."""
MESSAGE_ENTITIES = 100
"""The most entities that one message may carry (core.telegram.org/bots/api#messageentity)."""
NOTHING = "…"
"""Stands for a text with nothing to show: Telegram refuses empty messages, and buttons need one to stand under."""

_KEPT_LITERAL = {"<": "\ufdd0", "$": "\ufdd1", "||": "\ufdd2|", "]:": "]\ufdd3"}
"""Marks that the converter would take away with text (tags, `$5 and 10$`, `a || b`, `[1]: https://…`) pass it as
noncharacters of the same length in UTF-16, so the entities' offsets hold."""
_RESTORED = str.maketrans({"\ufdd0": "<", "\ufdd1": "$", "\ufdd2": "|", "\ufdd3": ":"})
_SEEN = re.compile(r"[^\s\x00-\x08\u180e\u200b-\u200f\u202a-\u202e\u2800\ufeff\ufffc]")
"""What Telegram does not take for empty (strip_empty_characters in td/telegram/misc.cpp of github.com/tdlib/td)."""
_LINKS = ("http://", "https://", "tg://", "mailto:", "tel:")
_FORMATTED_CHARACTERS = 40_000
"""Longer texts go out as they are: the converter takes more than linear time on some, 0.5 s at this length."""
_COARSE_UNITS = 512
"""A part with too many entities is halved down to this; below it formatting is dropped, never text."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message's text: at most 4,096 UTF-16 units, blank in a caption alone, and at most 100 entities of it."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


@lru_cache(maxsize=4)
def split(markdown: str, units: int = MESSAGE_UNITS) -> tuple[Part, ...]:
    """The parts of a message in order, at least one; their texts joined are all that it shows but blank stretches.

    A pure function, remembered because each part of a long message is asked for on its own.
    """
    source = clean(markdown)
    formatted = _convert(source) if len(source) <= _FORMATTED_CHARACTERS else (source, [])
    return _seen(_fit(*formatted, units)) or _seen(_fit(source, [], units)) or (Part(NOTHING),)


def parts_of(message: Outgoing) -> tuple[Part, ...]:
    """A message's parts, at least one. The last one of a message with a file is its caption, empty if need be."""
    called = message.mention
    name = f"[{plain(called.name or called.id)}](tg://user?id={called.id.partition(':')[2]}): " if called else ""
    texts = split(f"{name}{message.text}")
    if not message.file:
        return texts
    if not message.text.strip():
        return (Part(""),)
    fits = len(texts) == 1 and utf16_len(texts[0].text) <= CAPTION_UNITS
    return texts if fits else (*texts, Part(""))


def cut(text: str, units: int) -> str:
    """The first `units` UTF-16 code units of a text, never half a character."""
    return clean(text).encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def _convert(text: str) -> tuple[str, list[MessageEntity]]:
    for mark, stand_in in _KEPT_LITERAL.items():
        text = text.replace(mark, stand_in)
    text, entities = convert(text, latex_escape=False, config=_plain_symbols())
    for entity in entities:
        entity.url = entity.url and entity.url.translate(_RESTORED)
        entity.language = entity.language and entity.language.translate(_RESTORED)
    # Telegram takes no relative links.
    links = [entity for entity in entities if entity.type != "text_link" or (entity.url or "").startswith(_LINKS)]
    return text.translate(_RESTORED), links


def _fit(text: str, entities: list[MessageEntity], units: int) -> Iterator[Part]:
    for chunk, marks in split_entities(_wrapped(text, units), entities, units):
        half = utf16_len(chunk) // 2
        if len(marks) > MESSAGE_ENTITIES and half > _COARSE_UNITS:
            yield from _fit(chunk, marks, half)
        else:
            yield Part(chunk, tuple(marks[:MESSAGE_ENTITIES]))


def _seen(parts: Iterator[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if _SEEN.search(part.text))


def _wrapped(text: str, units: int) -> str:
    """The text with no line too long for a part, as far as it has gaps: the converter cuts at the ends of lines only.

    A gap becomes the end of a line, so the entities' offsets hold.
    """
    lines = []
    for line in text.split("\n"):
        while utf16_len(line) > units and (gap := cut(line, units).rfind(" ")) > 0:
            lines.append(line[:gap])
            line = line[gap + 1 :]
        lines.append(line)
    return "\n".join(lines)


@lru_cache(maxsize=1)
def _plain_symbols() -> RenderConfig:
    config = RenderConfig.isolated()
    symbol = config.markdown_symbol
    symbol.heading_level_1 = symbol.heading_level_2 = symbol.heading_level_3 = symbol.heading_level_4 = ""
    symbol.unordered_list_item, symbol.task_completed, symbol.task_uncompleted = "•", "☑", "☐"
    return config
