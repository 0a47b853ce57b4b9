"""A chat as a web page, to be looked at."""

from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise

from bot.domain.json import JSON
from tests.emulators.telegram_state import Chat, Draft, Message, utf16

KINDS = ("document", "photo", "voice", "audio", "video", "video_note", "sticker")
_STYLE = """
body { font: 15px/1.4 sans-serif; background: #d6e4ee; max-width: 40em; margin: 1em auto; }
article { background: #fff; border-radius: 12px; padding: .5em .8em; margin: .4em 4em .4em 0; }
article.bot { background: #e7ffd9; margin: .4em 0 .4em 4em; }
p { white-space: pre-wrap; margin: .2em 0; overflow-wrap: anywhere; }
small, blockquote { color: #678; } nav { display: flex; gap: .3em; margin-top: .3em; }
nav span { flex: 1; text-align: center; background: #cfe0ea; border-radius: 8px; padding: .3em; }
.bold { font-weight: bold; } .italic { font-style: italic; } .underline { text-decoration: underline; }
.strikethrough { text-decoration: line-through; } .code, .pre { font-family: monospace; background: #eef2f4; }
article.draft { background: #f3fbe9; border: 1px dashed #9b8; margin: .4em 0 .4em 4em; }
.file { background: #eef2f4; border-radius: 8px; padding: .3em .6em; display: inline-block; }
.text_link, .mention, .bot_command { color: #27c; } .blockquote, .expandable_blockquote { color: #576; }
"""


def page(chat: Chat, drafts: Mapping[int, Draft]) -> str:
    """The chat's messages as they stand now, and below them what the bot is writing."""
    title = escape(chat.title)
    shown = "".join(map(_message, chat.messages)) + "".join(map(_draft, drafts.values()))
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>{shown}"


def _message(message: Message) -> str:
    kind = "bot" if message.sender.is_bot else "person"
    edited = " · edited" if message.edits else ""
    quoted = f"<small>↳ {escape(message.reply_to.text[:80])}</small>" if message.reply_to else ""
    text = "".join(_styled(message.text, message.entities))
    file = "".join(f"<p class=file>📎 {escape(_file(message, kind))}</p>" for kind in KINDS if kind in message.extra)
    rows = "".join(f"<nav>{''.join(f'<span>{escape(label)}</span>' for label in row)}</nav>" for row in message.buttons)
    name, seen = escape(message.sender.name), " ".join(map(escape, message.reactions))
    said = f"{quoted}{file}<p>{text}</p>{seen}{rows}"
    return f"<article class={kind}><b>{name}</b><small>{edited}</small> {said}</article>"


def _draft(draft: Draft) -> str:
    text = "".join(_styled(draft.text, draft.entities)) or "Thinking…"
    return f"<article class=draft><small>is writing · shown {draft.shows} times</small><p>{text}</p></article>"


def _file(message: Message, kind: str) -> str:
    shown = message.extra[kind][-1] if kind == "photo" else message.extra[kind]
    return f"{kind} {shown.get('file_name', '')} ({shown['file_size']} bytes)"


def _styled(text: str, entities: list[JSON]) -> Iterator[str]:
    """The text cut where any entity begins or ends, each piece with the classes of those that cover it."""
    units = text.encode("utf-16-le", "surrogatepass")
    spans = [(mark["offset"], mark["offset"] + mark["length"], mark["type"]) for mark in entities]
    cuts = sorted({0, utf16(text), *(edge for start, end, _ in spans for edge in (start, end))})
    for begin, end in pairwise(cuts):
        classes = " ".join(sorted({kind for start, stop, kind in spans if start <= begin and end <= stop}))
        piece = escape(units[2 * begin : 2 * end].decode("utf-16-le", "replace"))
        yield f'<span class="{classes}">{piece}</span>' if classes else piece
