"""Markdown as models write it becomes what Slack shows: `markdown` blocks, in parts that fit."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from adapters.slack.ids import user
from bot.domain.chat import Button, Outgoing
from bot.domain.json import JSON
from bot.domain.text import clean, shorten
from bot.words import say

PART_CHARACTERS = 11_000
"""A part's longest text. Slack takes 12,000 in a message's markdown blocks (docs.slack.dev/reference/block-kit/blocks/
markdown-block) and about 13,200 in all blocks together, buttons included."""
NOTICE_CHARACTERS = 4_000
"""How much of a part its notification says; chat.update takes no more (docs.slack.dev/reference/methods)."""
OUTLINED_CHARACTERS = 40_000
"""Longer texts are cut between lines, whatever these are part of: the outline of some takes a second at this length."""
SECTION_CHARACTERS = 3_000
FORM = "form:"
"""Begins the action_id of a button that opens a form: the click has to be known for one before its meaning is."""
LABEL_CHARACTERS, VALUE_CHARACTERS = 75, 2_000
THUMBS = ("👍", "👎")
"""The labels of a row that asks what an answer was worth."""
MOST_PARTS = 6
"""A text of more parts is attached: nobody reads it in a chat."""
WHOLE = "answer.md"
NOTHING = "…"
"""Stands for a text with nothing to show: Slack refuses empty messages."""

_outline = MarkdownIt("commonmark").enable("table").disable("inline")
_parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What would call people, link a channel or show a date if a document or a model says it.
_CALLS = re.compile(r"<(?=[@#][A-Z0-9]|!(?:channel|here|everyone|subteam|date)\b)")
_CALLED = re.compile(r"&lt;(@[A-Z0-9]+)&gt;")
"""A call that is left in a part is the bot's own."""
_WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Part:
    """One message of Slack's: a text with rows of buttons, and beside it a `file` by its path or a text `attached`."""

    text: str
    rows: Sequence[Sequence[Button]] = ()
    file: str = ""
    attached: str = ""


def cut(message: Outgoing) -> Sequence[Part]:
    """The messages that one message takes, at least one; buttons stand under the last. A pure function."""
    texts = split(message.text)
    if message.mention:
        texts = (f"<@{user(message.mention)}> {texts[0]}", *texts[1:])
    if message.file:
        return [Part(texts[0] if message.text.strip() else "", message.buttons, message.file)]
    if len(texts) > MOST_PARTS:
        begins = say(message.conversation.language, "This is how it begins; all of it is in the attached file.")
        return [Part(f"{texts[0]}\n\n{begins}"), Part("", message.buttons, attached=clean(message.text))]
    return [*map(Part, texts[:-1]), Part(texts[-1], message.buttons)]


@lru_cache(maxsize=4)
def split(markdown: str) -> tuple[str, ...]:
    """The parts of a message in order, at least one, each at most PART_CHARACTERS of Markdown that stands alone.

    Cut between blocks where that is possible. A code block or table that is longer than a part is cut between its
    lines; its fence or its head stands in each part. A pure function, remembered because each part is asked for on
    its own.
    """
    text = without_calls(markdown)
    if len(text) <= PART_CHARACTERS:
        return (text if text.strip() else NOTHING,)
    parts = [""]
    for piece in _pieces(text):
        joined = f"{parts[-1]}\n{piece}" if parts[-1] else piece
        if len(joined) <= PART_CHARACTERS:
            parts[-1] = joined
        else:
            parts.append(piece)
    return tuple(part for part in parts if part.strip()) or (NOTHING,)


def without_calls(markdown: str) -> str:
    """The text, fit to send, with nothing that would call people if a document or a model says it."""
    return _CALLS.sub(f"<{_WORD_JOINER}", clean(markdown)).replace("\r\n", "\n").replace("\r", "\n")


def notice(part: str) -> str:
    """A part as plain text, for notifications and screen readers, with nothing that Slack would read as markup."""
    lines: list[str] = []
    for token in _parser.parse(part[:NOTICE_CHARACTERS]):
        if token.type == "inline":
            lines.append("".join(map(_words, token.children or ())))
        elif token.type in ("fence", "code_block", "html_block"):
            lines.append(token.content.rstrip("\n"))
    text = "\n".join(lines) if any(map(str.strip, lines)) else NOTHING
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return shorten(_CALLED.sub(r"<\1>", escaped), NOTICE_CHARACTERS)


def _words(token: Token) -> str:
    return "\n" if token.type.endswith("break") else token.content


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as Slack shows it: its notification, its blocks, and those to take if it refuses them."""

    notice: str
    formatted: list[JSON]
    plain: list[JSON]
    has_buttons: bool = False


def shown(part: str, rows: Sequence[Sequence[Button]]) -> Shown:
    """A part and the buttons below it. Raises ValueError for a button that Slack cannot carry."""
    return Shown(notice(part), blocks(part, rows), unformatted(part, rows), bool(rows))


def blocks(part: str, rows: Sequence[Sequence[Button]]) -> list[JSON]:
    """A part and the buttons below it; thumbs are Slack's own."""
    text = [{"type": "markdown", "text": part}] if part else []
    return [*text, *(_thumbs(row) if _are_thumbs(row) else buttons(row) for row in rows)]


def unformatted(part: str, rows: Sequence[Sequence[Button]]) -> list[JSON]:
    """The same with the Markdown as it is written."""
    starts = range(0, len(part), SECTION_CHARACTERS)
    texts = [part[start : start + SECTION_CHARACTERS] for start in starts]
    sections = [{"type": "section", "text": {"type": "plain_text", "text": text}} for text in texts if text.strip()]
    return [*sections, *map(buttons, rows)]


def buttons(row: Sequence[Button]) -> JSON:
    """A row of buttons. Raises ValueError for one that Slack cannot carry."""
    elements = [
        {"type": "button", **_pressed(button), "action_id": f"{FORM if button.form else ''}{button.id}"}
        for button in row
    ]
    return {"type": "actions", "elements": elements}


def _are_thumbs(row: Sequence[Button]) -> bool:
    return tuple(button.label for button in row) == THUMBS


def _thumbs(row: Sequence[Button]) -> JSON:
    """The row as a person's word about an answer (docs.slack.dev/reference/block-kit/block-elements/
    feedback-buttons-element)."""
    up, down = map(_pressed, row)
    element = {"type": "feedback_buttons", "action_id": row[0].id, "positive_button": up, "negative_button": down}
    return {"type": "context_actions", "elements": [element]}


def _pressed(button: Button) -> dict[str, JSON]:
    """What a button reads, and what a click on it says."""
    if not 1 <= len(button.id) <= VALUE_CHARACTERS:
        raise ValueError(f"The id of button {button.label!r} must have 1 to {VALUE_CHARACTERS} characters")
    label = {"type": "plain_text", "text": shorten(button.label, LABEL_CHARACTERS), "emoji": True}
    return {"text": label, "value": button.id}


def _pieces(text: str) -> Iterator[str]:
    """The blocks of a text in order, those that are too long in pieces."""
    if len(text) > OUTLINED_CHARACTERS:
        yield from _chunks(text, PART_CHARACTERS)
        return
    lines = text.split("\n")
    tops = [token for token in _outline.parse(text) if token.level == 0 and token.map and token.nesting >= 0]
    starts = [0, *(token.map[0] for token in tops[1:] if token.map), len(lines)]
    kinds = [token.type for token in tops] or [""]
    for kind, start, end in zip(kinds, starts, starts[1:], strict=False):
        block = "\n".join(lines[start:end])
        yield from [block] if len(block) <= PART_CHARACTERS else _cut(kind, block)


def _cut(kind: str, block: str) -> Iterator[str]:
    head = foot = ""
    lines = block.strip("\n").split("\n")
    if kind == "fence":
        fence = lines[0].lstrip()
        fence = fence[: len(fence) - len(fence.lstrip(fence[0]))]
        head, foot = f"{lines[0]}\n", f"\n{fence}"
        closed = lines[-1].strip().startswith(fence) and not lines[-1].strip(f" {fence[0]}")
        lines = lines[1:-1] if closed else lines[1:]
    elif kind == "table_open":
        head, lines = "\n".join(lines[:2]) + "\n", lines[2:]
    if len(head) > PART_CHARACTERS // 2:
        head, foot, lines = "", "", block.split("\n")
    for chunk in _chunks("\n".join(lines), PART_CHARACTERS - len(head) - len(foot)):
        yield f"{head}{chunk}{foot}"


def _chunks(text: str, most: int) -> Iterator[str]:
    """Cut at the ends of lines, else of words, else anywhere."""
    while len(text) > most:
        at = max(text.rfind("\n", 1, most + 1), 0) or max(text.rfind(" ", 1, most + 1), 0)
        yield text[: at or most]
        text = text[at + 1 :] if at else text[most:]
    yield text
