"""The embedding model, behind any server that speaks OpenAI's embeddings."""

import asyncio
import json
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from bot.errors import ModelUnavailable

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class _Embedding(BaseModel):
    index: int
    embedding: list[FiniteFloat] = Field(min_length=1)


class _Answer(BaseModel):
    data: list[_Embedding]


class OpenAIEmbedder:
    """Port Embedder through the `openai` package, which is imported at the first call, in a thread."""

    def __init__(self, model: str, *, api_key: str = "", base_url: str = "", limit: float = 3.0) -> None:
        """`limit` bounds a call, in seconds: a turn waits for it. `base_url` empty means OpenAI's own server."""
        self.model = model
        self._key = api_key
        self._base_url = base_url or None
        self._limit = limit
        self._sdk: AsyncOpenAI | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sdk is not None:
            await self._sdk.close()

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector a text. Raises ModelUnavailable."""
        async with self._opening:
            if self._sdk is None:
                self._sdk = await asyncio.to_thread(self._open)
        try:
            async with asyncio.timeout(self._limit):
                return await self._asked(self._sdk, texts)
        except TimeoutError:
            why = f"no answer within {self._limit:g} s"
        except ValueError as error:
            why = str(error)
        # Raised out here, without a context: the SDK's errors carry the request and so the key.
        raise ModelUnavailable(
            f"No embeddings by {self.model} ({why}): check APPRENTICE_EMBEDDING_MODEL and OPENAI_BASE_URL."
        )

    async def _asked(self, sdk: "AsyncOpenAI", texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Raises ValueError with what is wrong."""
        import aiohttp
        import openai

        body = {"model": self.model, "input": [*texts], "encoding_format": "float"}
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        try:
            answer = _Answer.model_validate_json(await sdk.post("/embeddings", cast_to=bytes, content=content))
        except openai.APIStatusError as error:
            raise ValueError(f"status {error.status_code}") from None
        except (openai.APIConnectionError, aiohttp.ClientError):
            raise ValueError("the server cannot be reached or broke off") from None
        except ValidationError:
            raise ValueError("the answer holds no embeddings") from None
        vectors = [each.embedding for each in sorted(answer.data, key=lambda each: each.index)]
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
            raise ValueError("the answer holds other embeddings than were asked for")
        return vectors

    def _open(self) -> "AsyncOpenAI":
        import openai

        return openai.AsyncOpenAI(
            api_key=self._key or "none",  # servers at home want no key, but the SDK does
            base_url=self._base_url,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(),
        )
