"""The embedding client against a server on loopback."""

from collections.abc import AsyncIterator

import pytest

from bot.clients.embedding import OpenAIEmbedder
from bot.domain.json import JSON
from bot.errors import ModelUnavailable
from tests.emulators.embeddings_server import EmbeddingsServer

KEY = "sk-secret"


@pytest.fixture
async def server() -> AsyncIterator[EmbeddingsServer]:
    async with EmbeddingsServer() as server:
        yield server


@pytest.fixture
async def embedder(server: EmbeddingsServer) -> AsyncIterator[OpenAIEmbedder]:
    async with OpenAIEmbedder("e", api_key=KEY, base_url=server.base_url) as embedder:
        yield embedder


async def test_a_vector_a_text_in_their_order(server: EmbeddingsServer, embedder: OpenAIEmbedder) -> None:
    texts = ["one", "two two", "drei — ☃"]
    assert await embedder.embed(texts) == [server.vector(text) for text in texts]
    [request] = server.requests
    assert (request["model"], request["input"]) == ("e", texts)
    assert server.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, {"error": {"message": "broken"}}, "status 500"),
        (401, {"error": {"message": f"wrong key {KEY}"}}, "status 401"),
        (200, {"data": []}, "other embeddings"),
        (200, {"data": [{"index": 0, "embedding": []}]}, "no embeddings"),
        (200, {"data": [{"index": 0, "embedding": [1.0]}] * 2}, "other embeddings"),
        (200, {"oops": 1}, "no embeddings"),
        (200, "text", "no embeddings"),
        (200, None, "no embeddings"),
        (200, {"data": [{"index": 0, "embedding": "text"}]}, "no embeddings"),
        (200, {"data": [{"index": 0, "embedding": [None]}]}, "no embeddings"),
        (200, {"data": [{"index": 0, "embedding": [[1.0]]}]}, "no embeddings"),
    ],
)
async def test_what_a_server_does_wrong_is_one_sentence_without_the_key(
    server: EmbeddingsServer, embedder: OpenAIEmbedder, status: int, body: JSON, why: str
) -> None:
    server.fault = (status, body)
    with pytest.raises(ModelUnavailable, match=why) as raised:
        await embedder.embed(["one"])
    assert "APPRENTICE_EMBEDDING_MODEL" in str(raised.value)
    assert KEY not in str(raised.getrepr(style="long"))
    assert len(server.requests) == 1


async def test_a_server_that_does_not_answer_is_not_waited_for(server: EmbeddingsServer) -> None:
    server.answers.clear()
    async with OpenAIEmbedder("e", base_url=server.base_url, limit=0.1) as embedder:
        with pytest.raises(ModelUnavailable, match=r"no answer within 0\.1 s"):
            await embedder.embed(["one"])


async def test_a_server_that_is_not_there() -> None:
    async with OpenAIEmbedder("e", base_url="http://127.0.0.1:9/v1") as embedder:
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            await embedder.embed(["one"])
