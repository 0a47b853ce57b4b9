"""A server on loopback that speaks OpenAI's chat completions by a script, with the faults of real ones.

`python -m tests.emulators.openai_server --port 8080 --latency 0.2` echoes what the person said last.
"""

import argparse
import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Literal, Self

from aiohttp import web

from adapters.serving import Site
from bot.domain.json import JSON
from tests.emulators.openai_protocol import mistakes
from tests.emulators.openai_stream import events


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a status, headers and a body, whole, cut in its middle, or dropped with the connection.

    A completion is streamed if the request asks for it, with `pause` seconds between two events. `ended`: the stream
    comes to an orderly end in its middle. `whole`: it is sent as JSON all the same.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Literal["", "cut", "dropped", "ended", "whole"] = ""
    pause: float = 0


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    body: bytes
    json: JSON
    headers: Mapping[str, str]


Script = Callable[[JSON], Reply]
"""From the parsed request to the reply."""


def text(content: JSON) -> Reply:
    """An answer in words (or whatever else a server may put into `content`)."""
    return message({"role": "assistant", "content": content})


def calls(*wishes: tuple[str, JSON]) -> Reply:
    """Calls of tools: names with arguments, which are sent as JSON text."""
    return raw_calls(
        *(
            {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for place, (name, arguments) in enumerate(wishes)
        )
    )


def raw_calls(*tool_calls: JSON) -> Reply:
    """Calls as they stand, for servers that write them differently."""
    return message({"role": "assistant", "content": None, "tool_calls": [*tool_calls]})


def message(assistant: JSON) -> Reply:
    """A completion around an assistant's message, with a usage: 100 tokens in, a quarter of the bytes out."""
    answer = len(json.dumps(assistant)) // 4
    finish = "tool_calls" if assistant.get("tool_calls") else "stop"
    return completion(
        choices=[{"index": 0, "message": assistant, "finish_reason": finish}],
        usage={"prompt_tokens": 100, "completion_tokens": answer, "total_tokens": 100 + answer},
    )


def completion(**fields: JSON) -> Reply:
    """A completion's body out of its fields; leave out or break what a server would."""
    return raw(json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", **fields}))


def raw(body: str | bytes, content_type: str = "application/json") -> Reply:
    """Any body with status 200."""
    data = body.encode() if isinstance(body, str) else body
    return Reply(data, headers={"Content-Type": content_type})


def without_usage(reply: Reply) -> Reply:
    """The same, uncounted."""
    body = json.loads(reply.body)
    del body["usage"]
    return replace(reply, body=json.dumps(body).encode())


def html(status: int = 200) -> Reply:
    """A web page where JSON should be."""
    return replace(raw("<html><body><h1>Welcome</h1></body></html>", "text/html"), status=status)


def error(status: int, said: str = "no", *, code: str | None = None, retry_after: str | None = None) -> Reply:
    """A failure in OpenAI's shape."""
    body = {"error": {"message": said, "type": "invalid_request_error", "param": None, "code": code}}
    headers = {"Content-Type": "application/json"} | ({"Retry-After": retry_after} if retry_after else {})
    return Reply(json.dumps(body).encode(), status, headers)


def cut(reply: Reply) -> Reply:
    """The connection ends in the middle of the body."""
    return replace(reply, fault="cut")


def dropped() -> Reply:
    """The connection ends without an answer."""
    return Reply(b"", fault="dropped")


def ended(reply: Reply) -> Reply:
    """A stream that comes to an orderly end in its middle."""
    return replace(reply, fault="ended")


def whole(reply: Reply) -> Reply:
    """The answer in one piece, streamed or not."""
    return replace(reply, fault="whole")


def slowly(reply: Reply, pause: float) -> Reply:
    """A stream with so many seconds between two events."""
    return replace(reply, pause=pause)


def in_turn(*replies: Reply) -> Script:
    """One reply after the other; the last for ever."""
    waiting = list(replies)
    return lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def echo(request: JSON) -> Reply:
    """What the person said last."""
    said = [asked["content"] for asked in request["messages"] if asked["role"] == "user"]
    return text(said[-1] if said else "Hello.")


class OpenAIServer:
    """Serves `/v1/chat/completions` on 127.0.0.1 while the context is open; `script` may be exchanged meanwhile.

    Requests that break the protocol are refused as OpenAI refuses them, before the script sees them. `latency` is in
    seconds. With `key`, requests must carry it. `given_up` is set when a client goes away before its answer's end.
    """

    def __init__(self, script: Script = echo, *, latency: float = 0, key: str = "", port: int = 0) -> None:
        self.script = script
        self.latency = latency
        self.requests: list[Request] = []
        self.given_up = asyncio.Event()
        self._key = key
        self._port = port
        app = web.Application(client_max_size=2**30)
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await Site(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """What `OPENAI_BASE_URL` must be."""
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}/v1"

    @property
    def asked(self) -> list[JSON]:
        """The parsed requests, in the order of their coming."""
        return [request.json for request in self.requests]

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None
        self.requests.append(Request(body, parsed, dict(request.headers)))
        try:
            await asyncio.sleep(self.latency)
            reply = self._reply(request, parsed)
            events = _events(parsed, reply)
            return await (_streamed(request, reply, events) if events else _answered(request, reply))
        except (asyncio.CancelledError, ConnectionResetError):
            self.given_up.set()
            raise

    def _reply(self, request: web.Request, parsed: JSON) -> Reply:
        if self._key and request.headers.get("Authorization") != f"Bearer {self._key}":
            said = f"Incorrect API key provided: {request.headers.get('Authorization', '')[7:]}."
            return error(401, said, code="invalid_api_key")
        if mistake := next(mistakes(parsed), None):
            return error(400, mistake)
        return self.script(parsed)


def _events(asked: JSON, reply: Reply) -> Sequence[bytes]:
    """The events of the answer, if it is a completion and to be streamed."""
    if not isinstance(asked, dict) or not asked.get("stream") or reply.fault in ("dropped", "whole"):
        return ()
    try:
        completion = json.loads(reply.body)
        counted = asked.get("stream_options", {}).get("include_usage", False)
        return events(completion, counted=counted) if completion["choices"][0]["message"] else ()
    except (ValueError, RecursionError, LookupError, TypeError):
        return ()


async def _streamed(request: web.Request, reply: Reply, events: Sequence[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for place, event in enumerate(events):
        if place == len(events) // 2 and reply.fault:
            if reply.fault == "cut" and request.transport is not None:
                request.transport.close()
            return response
        await response.write(event)
        if reply.pause:
            await asyncio.sleep(reply.pause)
    return response


async def _answered(request: web.Request, reply: Reply) -> web.StreamResponse:
    if reply.fault not in ("cut", "dropped"):
        return web.Response(body=reply.body, status=reply.status, headers=reply.headers)
    response = web.StreamResponse(headers={**reply.headers, "Content-Length": str(len(reply.body))})
    if reply.fault == "cut":
        await response.prepare(request)
        await response.write(reply.body[: len(reply.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _serve(port: int, latency: float) -> None:
    async with OpenAIServer(latency=latency, port=port) as server:
        print(f"OPENAI_BASE_URL={server.base_url}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8080)
    options.add_argument("--latency", type=float, default=0, help="seconds")
    chosen = options.parse_args()
    asyncio.run(_serve(chosen.port, chosen.latency))
