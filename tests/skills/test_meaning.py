"""Ranking by meaning through the real client: one call a turn, vectors kept, and nothing lost with the server."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.clients.embedding import OpenAIEmbedder
from bot.skills.meaning import AT_ONCE, REST, Meaning
from bot.skills.rank import MOST
from bot.skills.relevance import Relevance
from bot.store.fulltext import Page
from bot.store.store import Store
from tests.emulators.embeddings_server import EmbeddingsServer
from tests.engine.made import HandClock
from tests.skills.test_relevance import HERE, Shop

ASKED = "automobile gone"


@pytest.fixture
async def server() -> AsyncIterator[EmbeddingsServer]:
    async with EmbeddingsServer({"automobile": "car", "gone": "stolen"}) as server:
        yield server


@pytest.fixture
async def embedder(server: EmbeddingsServer) -> AsyncIterator[OpenAIEmbedder]:
    async with OpenAIEmbedder("e", base_url=server.base_url) as embedder:
        yield embedder


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def shop(store: Store, tmp_path: Path, clock: HandClock, embedder: OpenAIEmbedder) -> Shop:
    """More skills than are shown, one of them about a stolen car."""
    shop = Shop(store, tmp_path / "skills")
    shop.relevance = Relevance(shop.library, store, Meaning(store, clock, embedder))
    for number in range(MOST):
        await shop.add(f"b{number}", f"Counts b{number}.")
    await shop.add("stolen-car", "Reports stolen car.", "stolen", "car")
    return shop


async def test_other_words_of_the_same_meaning_find_a_skill(shop: Shop, server: EmbeddingsServer) -> None:
    assert (await shop.order(ASKED))[0] == "stolen-car"
    [request] = server.requests
    assert len(request["input"]) == 1 + MOST + 1
    assert request["input"][0] == ASKED


async def test_vectors_are_kept_over_a_start_and_of_this_version_and_model(
    shop: Shop, server: EmbeddingsServer, embedder: OpenAIEmbedder, clock: HandClock
) -> None:
    await shop.order(ASKED)
    await shop.add("stolen-car", "Reports a stolen car!", "stolen", "car")
    assert (await shop.order(ASKED))[0] == "stolen-car"
    shop.relevance = Relevance(shop.library, shop.store, Meaning(shop.store, clock, embedder))
    assert (await shop.order(ASKED))[0] == "stolen-car"
    assert [len(request["input"]) for request in server.requests] == [1 + MOST + 1, 2, 1]
    async with OpenAIEmbedder("other", base_url=server.base_url) as other:
        shop.relevance = Relevance(shop.library, shop.store, Meaning(shop.store, clock, other))
        assert (await shop.order(ASKED))[0] == "stolen-car"
    assert len(server.requests[-1]["input"]) == 1 + MOST + 1


async def test_where_all_are_shown_nobody_is_asked(shop: Shop, server: EmbeddingsServer) -> None:
    (shop.root / "b0").rename(shop.root / ".b0")
    assert len(await shop.order(ASKED)) == MOST
    assert server.requests == []


async def test_of_another_scope_nothing_is_sent_and_nothing_found(shop: Shop, server: EmbeddingsServer) -> None:
    await shop.add("theirs", "Reports stolen car.", scope="telegram:8")
    assert "theirs" not in await shop.order(ASKED)
    assert await shop.order(ASKED, "telegram:8") != await shop.order(ASKED, HERE)
    assert [len(request["input"]) for request in server.requests] == [1 + MOST + 1, 2, 1]


async def test_a_server_that_fails_costs_the_meaning_and_one_line(
    shop: Shop, server: EmbeddingsServer, clock: HandClock
) -> None:
    server.fault = (500, {})
    with capture_logs() as logs:
        assert (await shop.order("Count b7"))[0] == "b7"
        assert (await shop.order(ASKED))[0] == "b0"
        await clock.sleep((REST - timedelta(seconds=0.001)).total_seconds())
        assert (await shop.order(ASKED))[0] == "b0"
        assert len(server.requests) == 1
        server.fault = None
        await clock.sleep(0.001)
        assert (await shop.order(ASKED))[0] == "stolen-car"
    [line] = logs
    assert (line["event"], line["log_level"]) == ("meaning.rests", "warning")
    assert "status 500" in line["error"]


async def test_a_call_takes_no_more_than_so_many_texts(
    store: Store, clock: HandClock, embedder: OpenAIEmbedder, server: EmbeddingsServer
) -> None:
    meaning = Meaning(store, clock, embedder)
    pages = {str(number): Page(f"p{number}", "", "x" * 5000, "", "", "") for number in range(2 * AT_ONCE)}
    for _ in range(4):
        await meaning.near("x" * 5000, pages)
    assert [len(request["input"]) for request in server.requests] == [AT_ONCE, AT_ONCE, 3, 1]
    assert max(len(text) for request in server.requests for text in request["input"]) == 2000


async def test_vectors_of_another_length_are_not_compared(
    store: Store, clock: HandClock, embedder: OpenAIEmbedder, server: EmbeddingsServer
) -> None:
    meaning, pages = Meaning(store, clock, embedder), {"d": Page("car", "", "car", "", "", "")}
    assert await meaning.near("car", pages) == {"car": pytest.approx(1.0)}
    server.fault = (200, {"data": [{"index": 0, "embedding": [1.0, 0.0]}]})
    assert await meaning.near("car", pages) == {}
    server.fault = (200, {"data": [{"index": 0, "embedding": [0.0] * 64}]})
    assert await meaning.near("car", pages) == {}
