"""What a terminal shows: Markdown as chats show it, and nothing that would steer it."""

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.segment import Segment

HARMLESS = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"},
    **dict.fromkeys([*range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A)], 0xFFFD),
}
"""What could steer a terminal or turn the order of letters, as a picture of itself or a replacement character."""

_parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


class Harmless:
    """Content none of whose characters steers the terminal, whatever entities and escapes stood for them."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._content, options):
            yield segment if segment.control else Segment(segment.text.translate(HARMLESS), segment.style)


def markdown(text: str) -> Markdown:
    """Markdown as chats show it: line breaks are kept, HTML is text, a link shows where it leads."""
    shown = Markdown("", code_theme="ansi_dark", hyperlinks=False)
    shown.parsed = _parser.parse(text)
    for token in shown.parsed:
        for child in token.children or ():
            if child.type == "softbreak":
                child.type = "hardbreak"
    return shown
