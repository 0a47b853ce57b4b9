"""Markdown as `rich_text` and header blocks: a home takes no `markdown` block (docs.slack.dev/reference/block-kit).

What is text here stays text: nothing in it calls people, links or is read as markup.
"""

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.json import JSON
from bot.domain.text import clean, shorten

HEADER_CHARACTERS = 150
_parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}


def rich_text(markdown: str) -> list[JSON]:
    """The blocks of a text: a header for each heading, and one block for what stands between them."""
    blocks: list[JSON] = []
    for part in _parts(_parser.parse(clean(markdown))):
        if part["type"] == "header":
            blocks.append(part)
        elif blocks and blocks[-1]["type"] == "rich_text":
            _set_apart(blocks[-1]["elements"], part)
            blocks[-1]["elements"].append(part)
        else:
            blocks.append({"type": "rich_text", "elements": [part]})
    return blocks


def _parts(tokens: Sequence[Token]) -> Iterator[JSON]:
    """Headers, sections, lists and code, in order; the cells of a table are sections."""
    items: list[JSON] = []
    depth, heading = 0, False
    for token in tokens:
        depth += token.nesting if token.type.startswith(("bullet_list", "ordered_list")) else 0
        heading = token.type == "heading_open" or (heading and token.type != "heading_close")
        if token.type == "inline" and (elements := _styled(token.children or ())):
            if heading:
                text = shorten("".join(element["text"] for element in elements), HEADER_CHARACTERS)
                yield {"type": "header", "text": {"type": "plain_text", "text": text}}
            elif depth:
                items.append({"type": "rich_text_section", "elements": elements})
            else:
                yield {"type": "rich_text_section", "elements": elements}
        elif token.type in ("fence", "code_block", "html_block") and token.content.strip():
            yield {"type": "rich_text_preformatted", "elements": [_text(token.content.rstrip("\n"), {})]}
        if items and not depth:
            yield {"type": "rich_text_list", "style": "bullet", "elements": items}
            items = []


def _set_apart(before: list[JSON], part: JSON) -> None:
    """An empty line between two paragraphs: sections stand right below each other."""
    if before[-1]["type"] == part["type"] == "rich_text_section":
        before[-1]["elements"].append(_text("\n", {}))


def _styled(tokens: Sequence[Token]) -> list[JSON]:
    styles: dict[str, bool] = {}
    found: list[JSON] = []
    for token in tokens:
        name, _, end = token.type.rpartition("_")
        if name in _STYLES:
            styles = {**styles, _STYLES[name]: end == "open"}
        text = "\n" if token.type.endswith("break") else token.content
        if text:
            found.append(_text(text, {**styles, "code": token.type == "code_inline"}))
    return found


def _text(text: str, styles: dict[str, bool]) -> JSON:
    style = {name: True for name, wanted in styles.items() if wanted}
    return {"type": "text", "text": text, **({"style": style} if style else {})}
