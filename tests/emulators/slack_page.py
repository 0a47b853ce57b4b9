"""A place as a web page, as one person sees it, to be looked at."""

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape

from markdown_it import MarkdownIt

from bot.domain.json import JSON
from tests.emulators.slack_blocks import pressables
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Member, Message, Place
from tests.emulators.slack_views import View

_STYLE = """
body { font: 15px/1.45 Lato, sans-serif; max-width: 46em; margin: 1em auto; color: #1d1c1d; }
article { padding: .4em .8em; margin: .2em 0; } article.bot > b::after { content: " APP"; font-size: 60%; color: #777; }
article.reply { margin-left: 2.5em; border-left: 3px solid #ddd; } article.ephemeral { background: #fdf8ec; }
p { margin: .2em 0; white-space: pre-wrap; overflow-wrap: anywhere; } small, .context, .status { color: #616061; }
.context { font-size: 85%; } .markdown p { white-space: normal; } a { color: #1264a3; }
button { font: inherit; font-weight: bold; border: 1px solid #bbb; border-radius: 4px; background: #fff;
  padding: .2em .7em; margin: .2em .3em .2em 0; }
button.primary { background: #007a5a; color: #fff; } button.danger { background: #e01e5a; color: #fff; }
pre, code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; font: 13px monospace; }
pre { padding: .5em; white-space: pre-wrap; } blockquote { border-left: 4px solid #ddd; margin: 0; padding-left: .8em; }
table { border-collapse: collapse; } td, th { border: 1px solid #ddd; padding: .2em .6em; }
.reactions span { background: #f0f0f0; border-radius: 12px; padding: .1em .5em; font-size: 85%; }
.task { border: 1px solid #ddd; border-radius: 6px; padding: .2em .6em; margin: .2em 0; }
dialog { position: static; display: block; border: 1px solid #999; border-radius: 8px; width: 32em; }
.mention { background: #e8f5fa; color: #1264a3; }
"""
_WHOLE = re.compile(r"```(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|<(?P<tag>[^<>]+)>", re.DOTALL)
_STYLES = (
    (r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"<b>\1</b>"),
    (r"(?<![\w_])_([^_\n]+)_(?![\w_])", r"<i>\1</i>"),
    (r"(?<![\w~])~([^~\n]+)~(?![\w~])", r"<s>\1</s>"),
    (r"(?m)^&gt; ?(.*)$", r"<blockquote>\1</blockquote>"),
)
_MARKS = str.maketrans("", "", "\ue000\ue001")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_RICH_STYLES = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}
_TASKS = {"pending": "○", "in_progress": "◐", "complete": "✓", "error": "✗"}
_SIGNS = {"thumbsup": "👍", "+1": "👍", "thumbsdown": "👎", "-1": "👎", "eyes": "👀", "white_check_mark": "✅"}


def page(place: Place, viewer: Person, users: Mapping[str, Member], status: Callable[[str], str]) -> str:
    """The messages as they stand now, replies below their threads; the viewer's modals at the end.

    `status` gives a thread's status.
    """
    shown = "".join(_thread(place, viewer, status)) + _prompts(place, "")
    dialogs = "".join(_view(view) for view in viewer.views)
    home = f"<h2>Home</h2>{_blocks(viewer.home.blocks)}" if viewer.home and place is viewer.direct else ""
    title = escape(place.name if place.kind == "im" else f"#{place.name}")
    body = _named(shown + home + dialogs, users)
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>{body}"


def _thread(place: Place, viewer: Member, status: Callable[[str], str]) -> Iterator[str]:
    seen = place.seen_by(viewer)
    ids = {message.ts for message in seen}
    for root in (message for message in seen if message.thread_ts not in ids):
        yield _message(root, place.titles.get(root.ts, ""))
        for reply in seen:
            if reply.thread_ts == root.ts:
                yield _message(reply)
        if said := status(root.ts):
            yield f"<p class=status>Apprentice {escape(said)}</p>"
        yield _prompts(place, root.ts)


def _prompts(place: Place, thread: str) -> str:
    return "".join(f"<button>{escape(prompt['title'])}</button>" for prompt in place.prompts.get(thread, []))


def _message(message: Message, title: str = "") -> str:
    kinds = ["bot" if message.sender.bot_id else "person"]
    kinds += ["reply"] * bool(message.thread_ts) + ["ephemeral"] * bool(message.only_for)
    notes = "(edited) " * message.edited + "… still writing" * bool(message.stream)
    notes += "Only visible to you" * bool(message.only_for)
    files = "".join(f"<p>📎 {escape(file['name'])} ({file['size']} bytes)</p>" for file in message.files)
    reactions = "".join(
        f"<span>{_SIGNS.get(name, f':{escape(name)}:')} {len(users)}</span> "
        for name, users in message.reactions.items()
    )
    body = "".join((_said(message), files, f"<div class=reactions>{reactions}</div>" if reactions else ""))
    head = f"<b>{escape(message.sender.name)}</b> <small>{notes}</small>{f'<h3>{escape(title)}</h3>' if title else ''}"
    return f'<article class="{" ".join(kinds)}">{head}{body}</article>'


def _said(message: Message) -> str:
    """Blocks where there are some, else the text; while it is written, blocks, tasks and text so far."""
    if not message.stream:
        return _blocks(message.blocks) if message.blocks else f"<p>{mrkdwn(message.text)}</p>"
    tasks = "".join(map(_task, message.tasks.values()))
    plan = f"<p><b>{escape(message.plan)}</b></p>" if message.plan else ""
    return f"<div>{_blocks(message.blocks)}</div>{plan}{tasks}{_markdown(message.text)}"


def _task(task: JSON) -> str:
    sign = _TASKS[task.get("status", "pending")]
    more = "".join(f"<br><small>{escape(task[name])}</small>" for name in ("details", "output") if task.get(name))
    return f"<div class=task>{sign} {escape(task['title'])}{more}</div>"


def mrkdwn(text: str) -> str:
    """Slack's own markup as HTML. Code and what is in angle brackets are set apart before the styles are found."""
    apart: list[str] = []

    def kept(found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        inside = found[kind]
        apart.append(_tag(inside) if kind == "tag" else f"<{kind}>{_plain(inside)}</{kind}>")
        return f"\ue000{len(apart) - 1}\ue001"

    html = _plain(_WHOLE.sub(kept, text.translate(_MARKS)))
    for pattern, into in _STYLES:
        html = re.sub(pattern, into, html)
    return re.sub("\ue000(\\d+)\ue001", lambda found: apart[int(found[1])], html)


def _plain(text: str) -> str:
    """Text in which &, < and > are entities already, or are not."""
    return re.sub(r"&amp;(amp|lt|gt);", r"&\1;", escape(text, quote=False))


def _tag(inside: str) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return f"<span class=mention>{escape(target)}</span>"
    if target.startswith(("#", "!")):
        return f"<span class=special>{escape(label or target)}</span>"
    return f'<a href="{escape(target)}">{escape(label or target)}</a>'


def _markdown(text: str) -> str:
    html = re.sub(r"&lt;(@[UW]\w+)&gt;", r"<span class=mention>\1</span>", _MARKDOWN.render(text))
    return f"<div class=markdown>{html}</div>"


def _named(html: str, users: Mapping[str, Member]) -> str:
    """Mentions by name."""

    def name(found: re.Match[str]) -> str:
        user = users.get(found[1])
        return f"<span class=mention>@{escape(user.name if user else found[1])}</span>"

    return re.sub(r"<span class=mention>@(\w+)</span>", name, html)


def _view(view: View) -> str:
    shown = view.given
    errors = "".join(f"<p>⚠ {escape(error)}</p>" for error in view.errors.values())
    submit = f"<button class=primary>{escape(shown['submit']['text'])}</button>" if "submit" in shown else ""
    return f"<dialog><h2>{escape(shown['title']['text'])}</h2>{_blocks(view.blocks)}{errors}{submit}</dialog>"


def _blocks(blocks: list[JSON]) -> str:
    return "".join(_DRAWN.get(block["type"], _other)(block) for block in blocks)


def _text(shown: JSON) -> str:
    return mrkdwn(shown["text"]) if shown["type"] == "mrkdwn" else escape(shown["text"])


def _section(block: JSON) -> str:
    texts = [block["text"]] if "text" in block else []
    return "".join(f"<p>{_text(shown)}</p>" for shown in texts + block.get("fields", [])) + _buttons(block)


def _context(block: JSON) -> str:
    shown = (_text(item) for item in block["elements"] if item["type"] != "image")
    return f"<p class=context>{' '.join(shown)}</p>"


def _buttons(block: JSON) -> str:
    return "".join(
        f'<button class="{pressable.action.get("style", "")}">{escape(pressable.label)}</button>'
        for pressable in pressables([block])
    )


def _input(block: JSON) -> str:
    value = escape(str(block["element"].get("initial_value", "")))
    return f'<p><b>{_text(block["label"])}</b><br><input value="{value}"></p>'


def _rich_text(block: JSON) -> str:
    return "".join(map(_rich_part, block["elements"]))


def _rich_part(part: JSON) -> str:
    if part["type"] == "rich_text_list":
        items = "".join(f"<li>{_rich_part(item)}</li>" for item in part["elements"])
        return f"<ol>{items}</ol>" if part["style"] == "ordered" else f"<ul>{items}</ul>"
    tag = {"rich_text_preformatted": "pre", "rich_text_quote": "blockquote"}.get(part["type"], "p")
    return f"<{tag}>{''.join(map(_part, part.get('elements', [])))}</{tag}>"


def _part(part: JSON) -> str:
    for style, tag in _RICH_STYLES.items():
        if part.get("style", {}).get(style):
            return f"<{tag}>{_part({**part, 'style': {**part['style'], style: False}})}</{tag}>"
    if part["type"] == "user":
        return _tag(f"@{part['user_id']}")
    return _tag(part["url"]) if part["type"] == "link" else escape(part.get("text", ""))


def _table(block: JSON) -> str:
    rows = ("".join(f"<td>{escape(str(cell.get('text', '')))}</td>" for cell in row) for row in block["rows"])
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _other(block: JSON) -> str:
    return f"<p class=context>[{escape(block['type'])}]</p>"


_DRAWN: dict[str, Callable[[JSON], str]] = {
    "section": _section,
    "header": lambda block: f"<h3>{_text(block['text'])}</h3>",
    "context": _context,
    "divider": lambda _: "<hr>",
    "actions": _buttons,
    "context_actions": _buttons,
    "input": _input,
    "markdown": lambda block: _markdown(block["text"]),
    "rich_text": _rich_text,
    "table": _table,
    "task_card": lambda block: _task(block),
}
