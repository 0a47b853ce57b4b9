"""The demo's model as a server: the OpenAI protocol on loopback, so that the bot's real client talks to it."""

import json
from types import TracebackType
from typing import Self

from aiohttp import web

from adapters.serving import Site
from bot.demo.replies import reply
from bot.domain.json import JSON


class DemoModel:
    """Serves chat completions on a free port of 127.0.0.1 while the context is open.

    Deterministic, without streaming. Tokens are counted as a quarter of the bytes.
    """

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", _complete)
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await Site(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """What `OPENAI_BASE_URL` must be; any key will do."""
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}/v1"


async def _complete(request: web.Request) -> web.Response:
    body = await request.read()
    asked = json.loads(body)
    message = _message(asked["messages"], asked.get("tools") or [])
    tokens_in, tokens_out = len(body) // 4, len(json.dumps(message)) // 4
    return web.json_response(
        {
            "id": "chatcmpl-demo",
            "object": "chat.completion",
            "created": 0,
            "model": asked["model"],
            "choices": [
                {"index": 0, "message": message, "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}
            ],
            "usage": {
                "prompt_tokens": tokens_in,
                "completion_tokens": tokens_out,
                "total_tokens": tokens_in + tokens_out,
            },
        }
    )


def _message(messages: list[JSON], tools: list[JSON]) -> dict[str, JSON]:
    """The reply as an assistant's message. A call's id is its place in the conversation, so none comes twice."""
    answer = reply(messages, tools)
    if isinstance(answer, str):
        return {"role": "assistant", "content": answer}
    function = {"name": answer.tool, "arguments": json.dumps(answer.arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": f"call_{len(messages)}", "type": "function", "function": function}],
    }
