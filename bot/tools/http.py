"""`http_get`."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import TYPE_CHECKING

from bot.domain.json import JSON
from bot.domain.network import Opening
from bot.domain.text import LARGEST, clean, cut, shorten
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.tools.arguments import Arguments, schema_of, validated
from bot.tools.files import parsed
from bot.tools.html import HtmlReader
from bot.tools.reading import in_utf8

if TYPE_CHECKING:
    from bot.clients.web import Answer, Web

SHOWN = 500
"""Characters of what a server says beside a refusal."""
_HTML = ("text/html", "application/xhtml+xml")
_TEXT = ("text/", "application/json", "application/xml", "application/yaml", "application/javascript")
_TEXTS = ("+json", "+xml", "+yaml")
_UNKNOWN = "application/octet-stream"
"""What servers say of files that they know nothing about."""
_CHARSETS = frozenset([*aliases, *aliases.values()])


class _Page(Arguments):
    url: str


_TOOLS = (
    Tool("http_get", "A page or file of the public web: HTML as text, JSON as JSON", schema_of(_Page), reads=True),
)


class HttpTool:
    """Gets what can be read as text; `opened` is what may be reached beside public addresses."""

    def __init__(self, opened: Sequence[Opening] = (), web: "Web | None" = None) -> None:
        self._opened = opened
        self._web = web

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """The one tool."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Get a page. Raises ToolError."""
        url = validated(_Page, arguments).url
        if self._web is None:
            self._web = await asyncio.to_thread(_web, self._opened)
        answer = await self._web.fetch(url, _readable)
        if not answer.good:
            return ToolResult(await _refusal(answer), failed=True)
        text = await _text(answer)
        names_json = answer.media.endswith(("/json", "+json")) or answer.path.endswith(".json")
        return ToolResult(parsed(text) if names_json and len(text) <= LARGEST else cut(text))


def _web(opened: Sequence[Opening]) -> "Web":
    from bot.clients.web import Web  # here: its libraries take megabytes, and not every bot needs them

    return Web(opened)


def _readable(media: str) -> bool:
    return media.startswith(_TEXT) or media.endswith(_TEXTS) or media == _UNKNOWN


async def _text(answer: "Answer") -> str:
    """What people read of it. Raises ToolError."""
    text = None if answer.body is None else await asyncio.to_thread(_decoded, answer.body, answer)
    if text is None:
        media = shorten(answer.media, 100)
        raise ToolError(f"{answer.host} gives {media} there; only text, HTML and JSON can be read.")
    if answer.media not in _HTML:
        return clean(text)
    async with HtmlReader() as reader:
        page = await reader.page(text, answer.url)
    if page is None:
        raise ToolError(f"The page of {answer.host} is too large or too twisted to be read.")
    return clean(f"{page.title}\n\n{page.text}".strip())


async def _refusal(answer: "Answer") -> str:
    try:
        said = shorten(await _text(answer), SHOWN)
    except ToolError:
        said = ""
    return f"{answer.host} answered with status {answer.status}{f': {said}' if said else '.'}"


def _decoded(body: bytes, answer: "Answer") -> str | None:
    """The text by the encoding that the server names, else by a guess; None if it is no text."""
    if normalize_encoding(answer.charset).lower() in _CHARSETS:
        with suppress(UnicodeError, LookupError):
            return body.decode(answer.charset)
    found = in_utf8(body, likely=answer.media != _UNKNOWN)
    return None if found is None else found.decode("utf-8-sig")
