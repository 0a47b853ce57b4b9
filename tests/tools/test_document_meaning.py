"""`search_documents` by meaning too, through the real client: what it adds, what it costs, and that words stay."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.clients.embedding import OpenAIEmbedder
from bot.skills.meaning import REST
from bot.store import documents
from bot.store.documents import DocumentIndex
from bot.tools.document_meaning import AT_ONCE, DocumentMeaning, fused
from bot.tools.documents import DocumentTools
from tests.emulators.embeddings_server import EmbeddingsServer
from tests.engine.made import HandClock
from tests.tools.test_documents import HERE


class Library:
    """Documents, one of them about a stolen car, and the tool, to which an automobile is a car."""

    def __init__(self, above: Path, server: EmbeddingsServer, embedder: OpenAIEmbedder) -> None:
        self.root = above / "docs"
        self.root.mkdir()
        self.server, self.clock = server, HandClock()
        self.index = DocumentIndex(above / "documents.db")
        self.put("theft.txt", "report stolen car")
        self.put("tea.txt", "green tea")
        self.tools = DocumentTools([self.root], self.index, DocumentMeaning(self.index, embedder, self.clock))

    def put(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    async def found(self, query: str) -> list[str]:
        content = (await self.tools.call("search_documents", {"query": query}, HERE)).content
        return [each["source"].removeprefix("docs/") for each in content]

    def embedded(self) -> list[str]:
        """What the server was asked for, queries too."""
        return [text for request in self.server.requests for text in request["input"]]


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    async with (
        EmbeddingsServer({"automobile": "car", "gone": "stolen"}) as server,
        OpenAIEmbedder("e", base_url=server.base_url) as embedder,
    ):
        yield Library(tmp_path, server, embedder)


async def test_other_words_of_the_same_meaning_find_a_passage(library: Library) -> None:
    await library.tools.look()
    assert (await library.found("automobile gone"))[0] == "theft.txt"


async def test_words_and_meaning_go_together(library: Library) -> None:
    library.put("sale.txt", "automobile for sale")
    library.put("both.txt", "automobile gone, stolen car")
    await library.tools.look()
    assert (await library.found("automobile gone"))[0] == "both.txt"


async def test_each_passage_is_embedded_once(library: Library) -> None:
    for number in range(AT_ONCE + 5):
        library.put(f"{number}.txt", f"case {number}")
    await library.tools.look()
    assert len(library.embedded()) == AT_ONCE + 5 + 2
    assert max(len(request["input"]) for request in library.server.requests) == AT_ONCE
    library.server.requests.clear()
    await library.tools.look()
    assert library.embedded() == []
    library.put("7.txt", "changed")
    (library.root / "8.txt").unlink()
    await library.tools.look()
    assert library.embedded() == ["7\nchanged"]
    assert len(library.index.vectors("e")) == AT_ONCE + 4 + 2


async def test_a_search_asks_for_its_query_alone(library: Library) -> None:
    assert "tea.txt" in await library.found("tea")
    assert library.embedded() == ["tea"]


async def test_without_the_server_words_are_enough(library: Library) -> None:
    await library.tools.look()
    library.server.fault = (500, {})
    library.server.requests.clear()
    with capture_logs() as logs:
        assert await library.found("stolen automobile") == ["theft.txt"]
        assert await library.found("tea") == ["tea.txt"]
        await library.tools.look()
    assert [entry["event"] for entry in logs] == ["documents.meaning_rests"]
    assert len(library.server.requests) == 1
    library.server.fault = None
    library.clock.time += REST
    assert (await library.found("automobile gone"))[0] == "theft.txt"


async def test_vectors_of_another_length_are_of_no_use(library: Library) -> None:
    await library.tools.look()
    library.index.learn("e", dict.fromkeys(library.index.vectors("e"), b"\0" * 12))
    assert await library.found("automobile gone") == []


async def test_there_is_an_end_of_vectors(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_VECTORS", 1)
    await library.tools.look()
    await library.tools.look()
    assert len(library.index.vectors("e")) == 1


RANKING = st.lists(st.integers(0, 20), unique=True)


@given(RANKING)
def test_one_ranking_stays_as_it_is(ranking: list[int]) -> None:
    assert fused(ranking) == fused(ranking, []) == fused(ranking, ranking) == ranking


@given(RANKING, RANKING)
def test_what_two_rankings_put_first_is_first(one: list[int], other: list[int]) -> None:
    both = fused(one, other)
    assert set(both) == {*one, *other}
    assert len(both) == len({*one, *other})
    assert fused([99, *one], [99, *other])[0] == 99


def test_a_place_counts_the_less_the_farther_it_is() -> None:
    assert fused([1, 2, 3], [3, 2, 1]) == [1, 3, 2]
