"""`search_documents`: full text over folders of the operator's, and the index that follows what happens in them."""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath

import structlog
from pydantic import Field

from bot.domain.json import JSON
from bot.domain.text import clean, free, shorten
from bot.domain.tool import Tool, ToolResult
from bot.errors import StoreError, ToolError
from bot.ports import Clock, Embedder, ToolContext
from bot.settings import Settings
from bot.store.documents import DocumentIndex, Passage, Read, State
from bot.tools.arguments import Arguments, schema_of, validated
from bot.tools.document_meaning import DocumentMeaning, fused
from bot.tools.html import HtmlReader
from bot.tools.passages import on_pages, pieces, under_headings
from bot.tools.pdf import pdf_text
from bot.tools.reading import in_utf8
from bot.tools.workspace import Workspace

log = structlog.get_logger()
SECONDS = 60.0
"""Between two looks at the folders; a search looks, too."""
KEEPING = 0.5
"""Seconds after which what was read is kept."""
PATIENCE = 3.0
"""Seconds that a search waits for what has changed to be read."""
MOST = 8
"""Passages that a search gives."""
CONSIDERED = 50
"""Passages of each ranking that are looked at."""
MOST_FILES = 20_000
LARGEST = 20_000_000
"""Bytes of a document."""
LONGEST_TITLE = 200
SETTLED = 2 * 10**9
"""Nanoseconds after which a file's time tells: what is written again in the same tick of the clock looks unchanged."""


class _Query(Arguments):
    query: str = Field(min_length=1)


_TOOLS = (
    Tool(
        "search_documents",
        "Passages of the house's documents that share words with the query, the best first, each with its source",
        schema_of(_Query),
        reads=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A file in one of the folders: `path` has the folder's name before it, `inside` has not; what the disk says of it.

    `before`: what the index says of it, if anything.
    """

    path: str
    folder: Workspace
    inside: str
    size: int
    changed: int
    before: State | None

    @property
    def kind(self) -> str:
        """The ending of its name."""
        return PurePosixPath(self.path).suffix.lower()

    @property
    def is_known(self) -> bool:
        """Whether the index holds it as it is."""
        return self.before is not None and (self.size, self.changed) == (self.before.size, self.before.changed)


class DocumentTools:
    """Searches the folders by words and, with `meaning`, by that too; `look` brings the index up to date."""

    def __init__(self, folders: Sequence[Path], index: DocumentIndex, meaning: DocumentMeaning | None = None) -> None:
        self._folders: dict[str, Workspace] = {}
        for folder in folders:
            self._folders[free(folder.resolve().name, self._folders, "-")] = Workspace(folder, None)
        self._index = index
        self._meaning = meaning
        self._refreshing = asyncio.Lock()

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """The one tool, for everybody."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Search: a list of `{source, title, snippet}`. Raises ToolError."""
        query = validated(_Query, arguments).query
        try:
            behind = await self._behind()
            by_words = await asyncio.to_thread(self._index.search, query, CONSIDERED)
            by_meaning = await self._meaning.near(query, CONSIDERED) if self._meaning else []
            best = fused(by_words, by_meaning)[:MOST]
            found = await asyncio.to_thread(self._index.passages, best)
        except StoreError as error:
            raise ToolError(str(error)) from None
        if behind and not found:
            raise ToolError("Nothing is found so far, but the documents are still being read: ask again in a minute.")
        return ToolResult([asdict(passage) for passage in found])

    async def _behind(self) -> bool:
        """Bring the index up to date, if that is soon done; else whoever looks at the folders next goes on with it."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.refresh()
        except TimeoutError:
            return True
        return False

    async def look(self) -> None:
        """See what became of the folders. Raises StoreError."""
        await self.refresh()
        if self._meaning:
            await self._meaning.learn()

    async def refresh(self) -> None:
        """Read what is new or has changed, document by document, and leave out what is gone. Raises StoreError."""
        async with self._refreshing, HtmlReader() as reader:
            read: dict[str, Read] = {}
            since = time.monotonic()
            for document in await asyncio.to_thread(self._changed):
                read[document.path] = await _read(document, reader)
                if time.monotonic() - since > KEEPING:
                    await asyncio.to_thread(self._index.put, read)
                    read, since = {}, time.monotonic()
            await asyncio.to_thread(self._index.put, read)

    def _changed(self) -> list[Document]:
        known = self._index.known()
        here = {document.path: document for document in self._documents(known)}
        if gone := known.keys() - here.keys():
            self._index.drop(gone)
        return [document for document in here.values() if not document.is_known]

    def _documents(self, known: Mapping[str, State]) -> list[Document]:
        found: list[Document] = []
        for name, folder in self._folders.items():
            try:
                found += islice(self._in(name, folder, known), MOST_FILES + 1 - len(found))
            except ToolError as error:
                log.warning("documents.folder", folder=name, reason=str(error))
        if len(found) > MOST_FILES:
            log.warning("documents.many", read=MOST_FILES)
        return found[:MOST_FILES]

    def _in(self, name: str, folder: Workspace, known: Mapping[str, State]) -> Iterator[Document]:
        for file in folder.files(""):
            path = f"{name}/{file.path}"
            document = Document(path, folder, file.path, file.size, file.changed, known.get(path))
            if document.kind in _READERS:
                yield document


def document_tools(settings: Settings, clock: Clock, embedder: Embedder | None = None) -> Sequence[DocumentTools]:
    """The tool, where the operator has named folders."""
    if not settings.documents:
        return ()
    index = DocumentIndex(settings.documents_index)
    return (DocumentTools(settings.documents, index, DocumentMeaning(index, embedder, clock) if embedder else None),)


Parts = Sequence[tuple[str, str]]
"""Of a document: a place (a heading, a page, or none) and the text there."""


async def _read(document: Document, reader: HtmlReader) -> Read:
    """A document's passages; none, and a line in the log, of one that cannot be read."""
    settled = time.time_ns() - document.changed > SETTLED
    state = State(document.size, document.changed if settled else 0, "")
    try:
        content, digest = await asyncio.to_thread(_content, document)
        state = replace(state, digest=digest)
        if document.before is not None and document.before.digest == digest:
            return state, None
        title, parts = await _READERS[document.kind](document, content, reader)
        return state, await asyncio.to_thread(_passages, document.path, title, parts)
    except ToolError as error:
        log.warning("documents.skipped", path=document.path, reason=str(error))
        return state, []


def _content(document: Document) -> tuple[bytes, str]:
    content = document.folder.read(document.inside, LARGEST, "it is left out")
    return content, hashlib.sha256(content).hexdigest()


async def _pdf(document: Document, content: bytes, reader: HtmlReader) -> tuple[str, Parts]:
    found = await pdf_text(content, document.path)
    if found.problem is not None:
        raise ToolError(str(found.problem))
    return "", await asyncio.to_thread(on_pages, found.text)


async def _html(document: Document, content: bytes, reader: HtmlReader) -> tuple[str, Parts]:
    page = await reader.page(await asyncio.to_thread(_text, content))
    if page is None:
        raise ToolError("It is too large or too twisted to be read.")
    return page.title, [("", page.text)]


async def _markdown(document: Document, content: bytes, reader: HtmlReader) -> tuple[str, Parts]:
    parts = await asyncio.to_thread(lambda: under_headings(_text(content)))
    return next((heading for heading, _ in parts if heading), ""), parts


async def _plain(document: Document, content: bytes, reader: HtmlReader) -> tuple[str, Parts]:
    return "", [("", await asyncio.to_thread(_text, content))]


_READERS = {
    ".pdf": _pdf,
    **dict.fromkeys((".html", ".htm", ".xhtml"), _html),
    **dict.fromkeys((".md", ".markdown"), _markdown),
    **dict.fromkeys((".txt", ".text", ".rst", ".adoc", ".org", ".csv", ".tsv"), _plain),
}


def _text(content: bytes) -> str:
    found = in_utf8(content, likely=True)
    if found is None:
        raise ToolError("It is no text.")
    return found.decode("utf-8-sig")


def _passages(path: str, title: str, parts: Parts) -> list[Passage]:
    title = shorten(clean(title), LONGEST_TITLE) or PurePosixPath(path).stem
    return [
        Passage(f"{path}, {shorten(clean(place), LONGEST_TITLE)}" if place else path, title, piece)
        for place, text in parts
        for piece in pieces(clean(text))
    ]
