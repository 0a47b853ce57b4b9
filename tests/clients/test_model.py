"""The model client against a scripted server on loopback: requests, replies, tries again, failures."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.clients.model import PATIENCE, OpenAIModel
from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolCall
from bot.errors import ConfigError, ContextTooLong, ModelError, ModelRefused, ModelUnavailable
from bot.ports import ModelReply, ModelRequest
from tests.emulators.openai_server import (
    OpenAIServer,
    Reply,
    Script,
    calls,
    completion,
    cut,
    dropped,
    error,
    html,
    in_turn,
    message,
    raw,
    raw_calls,
    text,
    without_usage,
)
from tests.ports import kept_port

KEY = "sk-very-secret-0123456789"
HI = ModelRequest(messages=[{"role": "user", "content": "hi"}])
READ = Tool("read_file", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}}, reads=True)


@dataclass
class StillClock:
    """Time stands; waits are noted and over at once."""

    waits: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@dataclass
class Pair:
    """A client and the server it talks to."""

    server: OpenAIServer
    model: OpenAIModel
    clock: StillClock
    streamed: bool = False
    heard: list[str] = field(default_factory=list)

    async def ask(self, script: Script | Reply, request: ModelRequest = HI) -> ModelReply:
        self.server.script = (lambda _: script) if isinstance(script, Reply) else script
        return await self.model.complete(request, self.heard.append if self.streamed else None)


@asynccontextmanager
async def open_pair(limit: float = 30, latency: float = 0, *, streamed: bool = False) -> AsyncIterator[Pair]:
    clock = StillClock()
    async with (
        OpenAIServer(key=KEY, latency=latency) as server,
        OpenAIModel("small", clock, api_key=KEY, base_url=server.base_url, limit=limit) as model,
    ):
        yield Pair(server, model, clock, streamed)


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    async with open_pair(streamed=request.param) as opened:
        yield opened


async def test_an_answer_in_words_comes_with_its_cost(pair: Pair) -> None:
    reply = await pair.ask(text("Hello."))
    [request] = pair.server.requests
    assert (reply.text, reply.calls) == ("Hello.", ())
    assert (reply.tokens_in, reply.estimated, reply.model) == (100, False, "small")
    assert reply.bytes_out == len(request.body)
    stream = {"stream": True, "stream_options": {"include_usage": True}} if pair.streamed else {}
    assert request.json == {"model": "small", "messages": [{"role": "user", "content": "hi"}], **stream}


async def test_tools_go_as_function_definitions_and_calls_come_back_as_text(pair: Pair) -> None:
    request = ModelRequest(messages=HI.messages, tools=[READ], max_tokens=50)
    reply = await pair.ask(calls(("read_file", {"path": "a"}), ("read_file", {"path": "b"})), request)
    assert reply.calls == (
        ToolCall("call_0", "read_file", '{"path": "a"}'),
        ToolCall("call_1", "read_file", '{"path": "b"}'),
    )
    assert reply.text == ""
    [asked] = pair.server.asked
    assert asked["max_tokens"] == 50
    assert asked["tools"] == [
        {
            "type": "function",
            "function": {"name": "read_file", "description": "Read a file.", "parameters": READ.schema},
        }
    ]


async def test_uncounted_tokens_are_estimated_at_four_bytes_each(pair: Pair) -> None:
    reply = await pair.ask(without_usage(text("Hello there.")))
    assert reply.estimated
    assert reply.tokens_in == -(-reply.bytes_out // 4)
    assert reply.tokens_out == 3


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": None}, {"prompt_tokens": 0, "completion_tokens": 0}, "many", [1]]
)
async def test_a_usage_that_counts_nothing_is_none(pair: Pair, usage: JSON) -> None:
    reply = await pair.ask(completion(choices=[{"message": {"content": "Hello."}}], usage=usage))
    assert reply.estimated
    assert reply.tokens_in > 0


async def test_missing_and_repeated_ids_become_unique_and_stay_the_same_each_time(pair: Pair) -> None:
    function = {"name": "read_file", "arguments": "{}"}
    wishes = raw_calls(
        {"function": function},
        {"id": "x", "function": function},
        {"id": "x_3", "function": function},
        {"id": "x", "function": function},
        {"id": None, "function": function},
        {"id": 7, "function": function},
    )
    reply = await pair.ask(wishes)
    ids = [call.id for call in reply.calls]
    assert len(set(ids)) == 6
    assert ids[:2] == ["call_0", "x"]
    assert [call.id for call in (await pair.ask(wishes)).calls] == ids


@pytest.mark.parametrize(
    ("sent", "arguments"),
    [
        ('{"path": "a', '{"path": "a'),
        ({"path": "ä"}, '{"path": "ä"}'),
        (None, "{}"),
        ("", "{}"),
        ("\ud83d", "?"),
    ],
)
async def test_arguments_are_handed_on_as_text_however_broken(pair: Pair, sent: JSON, arguments: str) -> None:
    reply = await pair.ask(raw_calls({"id": "a", "function": {"name": "read_file", "arguments": sent}}))
    assert reply.calls == (ToolCall("a", "read_file", arguments),)


@pytest.mark.parametrize(
    ("assistant", "expected"),
    [
        ({"content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo."}, {"type": "image"}]}, "Hello."),
        ({"content": None, "refusal": "I will not."}, "I will not."),
        ({"content": "<think>\nShe greets.\n</think>\n\nHello."}, "Hello."),
        ({"content": "<think>I never come to an"}, ""),
        ({"content": "The tag <think>x</think> is kept."}, "The tag <think>x</think> is kept."),
        ({"content": "half a pair \ud83d and NUL \0", "tool_calls": []}, "half a pair ? and NUL "),
    ],
)
async def test_words_are_found_where_servers_put_them(pair: Pair, assistant: JSON, expected: str) -> None:
    assert (await pair.ask(message(assistant))).text == expected


async def test_text_that_no_encoder_takes_is_sent_all_the_same(pair: Pair) -> None:
    await pair.ask(text("Hello."), ModelRequest(messages=[{"role": "user", "content": "a\udcffb"}]))
    assert pair.server.asked[0]["messages"][0]["content"] == "a?b"


async def test_an_empty_answer_is_asked_for_once_more(pair: Pair) -> None:
    reply = await pair.ask(in_turn(text(" \n"), text("Hello.")))
    assert reply.text == "Hello."
    assert reply.tokens_in == 200
    assert reply.bytes_out == sum(len(request.body) for request in pair.server.requests)


async def test_an_answer_that_stays_empty_is_returned_empty(pair: Pair) -> None:
    reply = await pair.ask(text(None))
    assert (reply.text, reply.calls) == ("", ())
    assert len(pair.server.requests) == 2


@pytest.mark.parametrize(
    "broken",
    [
        error(500),
        error(503),
        error(429),
        error(408),
        dropped(),
        cut(text("Hello, this is a long answer.")),
        raw('{"choices": [{"mess'),
        raw(""),
        raw("null"),
        raw("[" * 100_000),
        completion(choices=None),
        completion(choices=[]),
        completion(choices=[{"message": None}]),
        completion(error={"message": "upstream is busy", "code": 429}),
    ],
)
async def test_what_may_pass_is_tried_again_at_most_twice(pair: Pair, broken: Reply) -> None:
    assert (await pair.ask(in_turn(broken, broken, text("Hello.")))).text == "Hello."
    assert len(pair.server.requests) == 3
    assert len({request.body for request in pair.server.requests}) == 1
    first, second = pair.clock.waits
    assert 0.5 <= first <= 0.75
    assert 2 <= second <= 3
    with pytest.raises(ModelUnavailable):
        await pair.ask(broken)
    assert len(pair.server.requests) == 6


async def test_the_waits_of_many_clients_differ(pair: Pair) -> None:
    for _ in range(5):
        await pair.ask(in_turn(error(500), text("Hello.")))
    assert len(set(pair.clock.waits)) == 5


@pytest.mark.parametrize(("asked", "seconds"), [("7", 7), ("Thu, 01 Jan 2026 00:00:09 GMT", 9)])
async def test_the_server_says_how_long_to_wait(pair: Pair, asked: str, seconds: float) -> None:
    await pair.ask(in_turn(error(429, retry_after=asked), text("Hello.")))
    [waited] = pair.clock.waits
    assert seconds <= waited <= seconds * 1.5


async def test_a_long_wait_is_the_callers(pair: Pair) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        await pair.ask(error(429, retry_after=str(PATIENCE + 40)))
    assert caught.value.after == PATIENCE + 40
    assert pair.clock.waits == []
    assert len(pair.server.requests) == 1


@pytest.mark.parametrize("asked", ["soon", "-3", "inf", "nan", "1e9", "Thu, 01 Jan 1026 00:00:09 GMT"])
async def test_nonsense_in_retry_after_is_passed_over(pair: Pair, asked: str) -> None:
    await pair.ask(in_turn(error(429, retry_after=asked), text("Hello.")))
    assert pair.clock.waits[0] <= 0.75


async def test_a_web_page_is_not_quoted(pair: Pair) -> None:
    for status in (200, 404, 502):
        with pytest.raises(ModelError) as caught:
            await pair.ask(html(status))
        assert "<" not in str(caught.value)


async def test_a_whole_call_has_a_time_limit() -> None:
    async with open_pair(limit=0.3, latency=30) as pair:
        with pytest.raises(ModelUnavailable, match=r"did not answer within 0\.3 s"):
            await pair.ask(text("Hello."))


async def test_a_callers_own_time_limit_stays_the_callers() -> None:
    async with open_pair(latency=30) as pair:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pair.ask(text("Hello.")), 0.3)


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        (error(401), "OPENAI_API_KEY"),
        (error(403), "OPENAI_API_KEY"),
        (error(404, "The model `small` does not exist"), "APPRENTICE_MODEL"),
        (error(404), "OPENAI_BASE_URL"),
        (error(405), "OPENAI_BASE_URL"),
        (error(402), "OPENAI_API_KEY"),
        (error(429, "You exceeded your quota", code="insufficient_quota"), "OPENAI_API_KEY"),
        (html(), "OPENAI_BASE_URL"),
        (html(404), "OPENAI_BASE_URL"),
    ],
)
async def test_what_will_not_pass_is_refused_at_once_and_says_what_to_set(pair: Pair, reply: Reply, named: str) -> None:
    with pytest.raises(ModelRefused, match=named):
        await pair.ask(reply)
    assert len(pair.server.requests) == 1


async def test_a_request_of_another_form_may_do(pair: Pair) -> None:
    with pytest.raises(ModelRefused, match="APPRENTICE_MODEL"):
        await pair.ask(error(400, "small is not a chat model"))
    assert ["stream" in asked for asked in pair.server.asked] == ([True, False] if pair.streamed else [False])


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        "the request exceeds the available context size, try increasing it",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "The input token count (40000) exceeds the maximum number of tokens allowed (32768).",
        "Please reduce the length of the messages or completion.",
        "Your input exceeds the context window of this model.",
        "Trying to keep the first 5000 tokens when the number is greater than the context length",
        "Requested tokens (5000) exceed context window of 4096",
        "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
        "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    ],
)
@pytest.mark.parametrize("status", [400, 500])
async def test_a_request_that_is_too_long_is_told_apart(pair: Pair, said: str, status: int) -> None:
    with pytest.raises(ContextTooLong, match="too long"):
        await pair.ask(error(status, said))
    assert len(pair.server.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "no", code="context_length_exceeded"),
        error(413, "Payload Too Large"),
        error(429, "Request too large for small on tokens per min (TPM): Limit 30000, Requested 40000."),
        Reply(b'{"error": "context length exceeded"}', 400, {"Content-Type": "application/json"}),
        Reply(b'{"error": {"type": "exceed_context_size_error"}}', 400, {"Content-Type": "application/json"}),
        Reply(b'{"detail": "maximum context length"}', 422, {"Content-Type": "application/json"}),
        Reply(b"the context window is full", 400, {"Content-Type": "text/plain"}),
        completion(error={"message": "maximum context length is 4096 tokens", "code": 400}),
    ],
)
async def test_a_request_that_is_too_long_is_told_apart_in_other_shapes(pair: Pair, reply: Reply) -> None:
    with pytest.raises(ContextTooLong):
        await pair.ask(reply)


@pytest.mark.parametrize("said", ["Rate limit reached: too many tokens per minute, wait 3 s", "Slow down"])
async def test_a_rate_limit_in_tokens_is_no_long_context(pair: Pair, said: str) -> None:
    with pytest.raises(ModelUnavailable):
        await pair.ask(error(429, said))


@pytest.mark.parametrize(
    "said",
    [
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        'Failed to parse messages: Unsupported content part type: "image_url"; messages = [ …',
        "Image input detected, but the loaded model is not configured with a mmproj module.",
    ],
)
async def test_a_server_that_takes_no_pictures_is_not_broken(pair: Pair, said: str) -> None:
    """llama.cpp says so with a status of 500 (its issues 12947 and 15377)."""
    with pytest.raises(ModelRefused):
        await pair.ask(error(500, said))
    assert pair.clock.waits == []


async def test_the_key_never_shows(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server_key = f"{KEY}-other"
    async with (
        OpenAIServer(key=server_key) as server,
        OpenAIModel("small", StillClock(), api_key=KEY, base_url=server.base_url) as model,
    ):
        with pytest.raises(ModelRefused, match=r"Incorrect API key provided: \[key\]") as refused:
            await model.complete(HI)
        server._key = KEY
        server.script = in_turn(error(500, f"key {KEY}"))
        with pytest.raises(ModelUnavailable) as unavailable:
            await model.complete(HI)
        assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    told = [repr(model), repr(vars(model)["_server"]), caplog.text]
    for caught in (refused, unavailable):
        told += traceback.format_exception(caught.value)
        assert caught.value.__context__ is None
    assert KEY not in "".join(told)


async def test_a_server_at_home_needs_no_key() -> None:
    async with (
        OpenAIServer() as server,
        OpenAIModel("small", StillClock(), base_url=server.base_url) as model,
    ):
        assert (await model.complete(HI)).text == "hi"


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with kept_port() as port:
        async with OpenAIModel("small", StillClock(), base_url=f"http://127.0.0.1:{port}/v1") as model:
            with pytest.raises(ModelUnavailable, match=f"127.0.0.1:{port}.*OPENAI_BASE_URL"):
                await model.complete(HI)


async def test_a_server_that_speaks_no_http_is_unavailable() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        async with OpenAIModel("small", StillClock(), base_url=f"http://127.0.0.1:{port}/v1") as model:
            with pytest.raises(ModelUnavailable):
                await model.complete(HI)


@pytest.mark.parametrize(
    "base_url", ["127.0.0.1:8080/v1", "ftp://host/v1", "http://", "http://host:port/v1", "https://me:pw@host/v1", "x"]
)
def test_an_address_that_is_none_stops_the_start(base_url: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL"):
        OpenAIModel("small", StillClock(), base_url=base_url)


@pytest.mark.parametrize("key", ["sk-ä", "sk-1\n", "sk\0"])
def test_a_key_that_is_none_stops_the_start(key: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        OpenAIModel("small", StillClock(), api_key=key)
    assert key not in str(caught.value)


async def test_a_server_that_counts_completion_tokens_is_asked_its_way(pair: Pair) -> None:
    def script(request: JSON) -> Reply:
        if "max_tokens" in request:
            return error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return text("Hello.")

    request = ModelRequest(messages=HI.messages, max_tokens=9)
    assert (await pair.ask(script, request)).text == "Hello."
    assert (await pair.ask(script, request)).text == "Hello."
    assert [asked.get("max_completion_tokens") for asked in pair.server.asked] == [None, 9, 9]


async def test_a_hundred_conversations_at_once_share_the_client() -> None:
    async with open_pair(latency=0.01) as pair:
        echo: Callable[[JSON], Reply] = lambda request: text(request["messages"][0]["content"])  # noqa: E731  a script
        requests = [ModelRequest(messages=[{"role": "user", "content": f"I am {i}"}]) for i in range(100)]
        replies = await asyncio.gather(*(pair.ask(echo, request) for request in requests))
    assert [reply.text for reply in replies] == [f"I am {i}" for i in range(100)]


async def test_every_failure_is_a_model_error(pair: Pair) -> None:
    for status in [*range(400, 452), *range(500, 530)]:
        for body in (
            b"",
            b"{}",
            b"[]",
            b"null",
            b'"no"',
            b'{"error": null}',
            b"\xff\xfe",
            b'{"error": {"message": 1}}',
        ):
            with pytest.raises(ModelError):
                await pair.ask(Reply(body, status, {"Content-Type": "application/json"}))
