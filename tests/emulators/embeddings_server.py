"""A server on loopback that speaks OpenAI's embeddings: words that it was told to mean the same point the same way."""

import asyncio
import re
import zlib
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from aiohttp import web

from adapters.serving import Site
from bot.domain.json import JSON

LENGTH = 64
"""Numbers of a vector."""


class EmbeddingsServer:
    """`meanings` maps a word to the one that stands for it. `fault` is given back instead: a status and a body.

    `requests` are the bodies that came in.
    """

    def __init__(self, meanings: Mapping[str, str] | None = None) -> None:
        self.meanings = dict(meanings or {})
        self.fault: tuple[int, JSON] | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.requests: list[JSON] = []
        self.keys: list[str] = []
        application = web.Application(client_max_size=2**24)
        application.router.add_post("/v1/embeddings", self._embeddings)
        self._runner = web.AppRunner(application, shutdown_timeout=0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = Site(self._runner, "127.0.0.1", 0)
        await site.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answers.set()
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """For `OPENAI_BASE_URL`."""
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    def vector(self, text: str) -> list[float]:
        """The directions of its words, added up."""
        vector = [0.0] * LENGTH
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(self.meanings.get(word, word).encode()) % LENGTH] += 1.0
        return vector

    async def _embeddings(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        await self.answers.wait()
        if self.fault is not None:
            status, answer = self.fault
            return web.json_response(answer, status=status)
        data = [
            {"object": "embedding", "index": index, "embedding": self.vector(text)}
            for index, text in enumerate(body["input"])
        ]
        # The order of a list is nothing that the protocol promises: `index` is.
        return web.json_response({"object": "list", "model": body["model"], "data": data[::-1], "usage": {}})
