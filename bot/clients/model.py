"""The working model, behind any server that speaks OpenAI's chat completions."""

import asyncio
import json
import random
from collections.abc import Callable, Set
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from bot.clients.model_failure import RequestNotTaken, Server, blamed, failure, wait_asked
from bot.clients.model_reply import read_reply
from bot.clients.model_schema import fitting, instructed, response_format
from bot.clients.model_stream import Pieces
from bot.domain.json import JSON
from bot.domain.tool import Tool
from bot.errors import ConfigError, ModelError, ModelRefused, ModelUnavailable
from bot.ports import Clock, ModelReply, ModelRequest

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

Heard = Callable[[str], None] | None
"""What is given the answer as far as it has come; None: the answer is asked for whole."""

PAUSES = (0.5, 2.0)
"""Seconds before the second and the third try, at least."""
PATIENCE = 20.0
"""The longest `Retry-After`, in seconds, that is waited for here; the caller can wait longer and hold nothing."""
CONNECT = 10.0
"""Seconds for a connection to come about."""


class OpenAIModel:
    """Port ModelClient through the `openai` package.

    Requests go as ready bytes through the SDK's `post`: its typed `chat.completions.create` spends five times as long
    on a call (4.3 ms against 0.8), most of it on converting messages that are JSON already. The SDK is imported at the
    first call, in a thread: that takes a second.
    """

    def __init__(self, model: str, clock: Clock, *, api_key: str = "", base_url: str = "", limit: float = 300) -> None:
        """`limit` bounds a call with all its tries, in seconds; `base_url` empty means OpenAI's own server.

        Raises ConfigError for a key or an address that cannot be one.
        """
        self._base_url = base_url or "https://api.openai.com/v1"
        self._server = Server(host=_host(self._base_url), model=model, key=api_key)
        if not (api_key.isascii() and api_key.isprintable()):
            raise ConfigError("OPENAI_API_KEY holds characters that no key has: copy it again.")
        self._clock = clock
        self._limit = limit
        self._sdk: AsyncOpenAI | None = None
        self._opening = asyncio.Lock()
        self._refused: frozenset[str] = frozenset()
        """Fields of a request that the server does not take."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sdk is not None:
            await self._sdk.close()

    async def complete(self, request: ModelRequest, heard: Heard = None) -> ModelReply:
        """One answer. An empty one, or one that misses the schema, is asked for once more; the costs are added up.

        After a stream that broke off `heard` is given the next try from its beginning. Raises ModelUnavailable also
        when the answer misses the schema twice.
        """
        try:
            async with asyncio.timeout(self._limit):
                return await self._complete(request, heard)
        except TimeoutError:
            pass
        raise ModelUnavailable(
            "The model server at {host} did not answer within {seconds:g} s.",
            host=self._server.host,
            seconds=self._limit,
        )

    async def _complete(self, request: ModelRequest, heard: Heard) -> ModelReply:
        first = await self._ask(request, "", heard)
        try:
            return _fit(first, request.schema)
        except ValueError as error:
            mistake = str(error)
        second = _added(first, await self._ask(request, mistake, heard))
        try:
            return _fit(second, request.schema)
        except ValueError as error:
            if request.schema is None:
                return second
            mistake = str(error)
        raise ModelUnavailable(
            "{model} did not answer in the form asked for, twice: {mistake}",
            model=self._server.model,
            mistake=mistake,
        )

    async def _ask(self, request: ModelRequest, mistake: str, heard: Heard) -> ModelReply:
        """The answer, in a form of request that the server takes; which one that is, is remembered."""
        refused = self._refused
        while True:
            body = self._body(request, mistake, refused, streamed=heard is not None)
            try:
                reply = await self._tried(body, heard if "stream" in body else None)
            except RequestNotTaken as refusal:
                field = blamed(body, str(refusal))
                if field is None:
                    raise
                refused |= {field}
            else:
                self._refused |= refused
                return reply

    def _body(self, request: ModelRequest, mistake: str, refused: Set[str], *, streamed: bool) -> dict[str, JSON]:
        body: dict[str, JSON] = {"model": self._server.model, "messages": [*request.messages]}
        takes_schemas = "response_format" not in refused
        if request.schema is not None and takes_schemas:
            body["response_format"] = response_format(request.schema)
        if request.schema is not None and (mistake or not takes_schemas):
            body["messages"] = instructed(request.messages, request.schema, mistake)
        if request.tools:
            body["tools"] = [_definition(tool) for tool in request.tools]
        if request.max_tokens is not None:
            body["max_completion_tokens" if "max_tokens" in refused else "max_tokens"] = request.max_tokens
        if streamed and "stream" not in refused:
            body["stream"] = True
            if "stream_options" not in refused:
                body["stream_options"] = {"include_usage": True}
        return body

    async def _tried(self, body: JSON, heard: Heard) -> ModelReply:
        """The answer after at most three tries."""
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        for pause in PAUSES:
            try:
                return await self._post(content, heard)
            except ModelUnavailable as error:
                if (error.after or 0) > PATIENCE:
                    raise
                wait = max(pause, error.after or 0)
            await self._clock.sleep(wait * random.uniform(1, 1.5))  # noqa: S311  apart from each other, not secret
        return await self._post(content, heard)

    async def _post(self, content: bytes, heard: Heard) -> ModelReply:
        sdk = await self._opened()
        import aiohttp
        import httpx2
        import openai

        problem: ModelError
        try:
            if heard is None:
                answer = await sdk.post("/chat/completions", cast_to=bytes, content=content)
            else:
                response = await sdk.post("/chat/completions", cast_to=httpx2.Response, content=content, stream=True)
                answer = await _listened(response, heard)
        except openai.APIStatusError as error:
            asked = wait_asked(error.response.headers, self._clock.now())
            problem = failure(self._server, error.status_code, error.body, asked)
        except (openai.APIConnectionError, aiohttp.ClientError, httpx2.HTTPError):
            problem = ModelUnavailable(
                "The model server at {host} cannot be reached or broke off: check that it runs, and OPENAI_BASE_URL.",
                host=self._server.host,
            )
        else:
            return self._read(answer, len(content))
        # Raised out here, without a context: the SDK's errors carry the request and so the key.
        raise problem

    def _read(self, answer: bytes, bytes_out: int) -> ModelReply:
        try:
            body = json.loads(answer)
            if isinstance(body, dict) and body.get("error"):
                raise failure(self._server, 502, body)
            return replace(read_reply(body, bytes_out), model=self._server.model)
        except (ValueError, RecursionError):
            if answer.lstrip().startswith(b"<"):
                raise ModelRefused(
                    "The server at {host} answers with a web page: check OPENAI_BASE_URL, which mostly ends in /v1.",
                    host=self._server.host,
                ) from None
            raise ModelUnavailable(
                "The model server at {host} sent an answer that is none.", host=self._server.host
            ) from None

    async def _opened(self) -> "AsyncOpenAI":
        async with self._opening:
            if self._sdk is None:
                self._sdk = await asyncio.to_thread(self._open)
        return self._sdk

    def _open(self) -> "AsyncOpenAI":
        import openai

        return openai.AsyncOpenAI(
            api_key=self._server.key or "none",  # servers at home want no key, but the SDK does
            base_url=self._base_url,
            max_retries=0,
            timeout=openai.Timeout(self._limit, connect=CONNECT),
            http_client=openai.DefaultAioHttpClient(),
        )


def _host(base_url: str) -> str:
    """Host and port for people. Raises ConfigError unless it is an http(s) address without a user's name in it."""
    try:
        parts = urlsplit(base_url)
        host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    except ValueError:
        host = None
    if not host or not parts.hostname or parts.scheme not in ("http", "https") or parts.username is not None:
        raise ConfigError("OPENAI_BASE_URL must be an address like http://127.0.0.1:8080/v1, without a user's name.")
    return host


async def _listened(response: "httpx2.Response", heard: Callable[[str], None]) -> bytes:
    """A streamed answer as the bytes that it would have been whole; none if it broke off or cannot be read."""
    pieces = Pieces(heard)
    try:
        async for data in response.aiter_bytes():
            pieces.feed(data)
        return pieces.whole()
    except (ValueError, RecursionError):
        return b""
    finally:
        await response.aclose()


def _definition(tool: Tool) -> JSON:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema},
    }


def _fit(reply: ModelReply, schema: JSON | None) -> ModelReply:
    """The reply, its text cut down to the JSON asked for. Raises ValueError with what is wrong."""
    if reply.calls:
        return reply
    if schema is not None:
        return replace(reply, text=fitting(reply.text, schema))
    if not reply.text.strip():
        raise ValueError("it was empty.")
    return reply


def _added(first: ModelReply, second: ModelReply) -> ModelReply:
    """The second reply with the cost of both."""
    return replace(
        second,
        tokens_in=first.tokens_in + second.tokens_in,
        tokens_out=first.tokens_out + second.tokens_out,
        estimated=first.estimated or second.estimated,
        bytes_out=first.bytes_out + second.bytes_out,
    )
