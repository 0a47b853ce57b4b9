"""Answers that fit a JSON Schema, from servers that know schemas and from those that do not."""

import json
import socket
from collections.abc import AsyncIterator

import pytest

from bot.clients.model_schema import fitting, instructed, response_format
from bot.domain.json import JSON
from bot.errors import ModelRefused, ModelUnavailable
from bot.ports import ModelRequest
from tests.clients.test_model import Pair, open_pair
from tests.emulators.openai_server import Reply, calls, error, in_turn, text

CLOSED = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
ASK = ModelRequest(messages=[{"role": "user", "content": "Are they open?"}], schema=CLOSED)
FITS = '{"answer": "yes"}'


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with open_pair() as opened:
        yield opened


def knows_no_schemas(request: JSON) -> Reply:
    if "response_format" in request:
        return error(400, "This response_format type is unavailable now")
    return text(FITS)


async def test_the_schema_goes_as_response_format(pair: Pair) -> None:
    assert (await pair.ask(text(FITS), ASK)).text == FITS
    [asked] = pair.server.asked
    assert asked["response_format"]["json_schema"] == {"name": "answer", "schema": CLOSED, "strict": True}
    assert asked["messages"] == list(ASK.messages)


@pytest.mark.parametrize("status", [400, 422, 500])
async def test_a_server_without_schemas_gets_an_instruction_and_is_remembered(pair: Pair, status: int) -> None:
    def script(request: JSON) -> Reply:
        return error(status, "response_format: no") if "response_format" in request else text(FITS)

    assert (await pair.ask(script, ASK)).text == FITS
    assert (await pair.ask(script, ASK)).text == FITS
    first, second, third = pair.server.asked
    assert "response_format" in first
    assert "response_format" not in second
    assert second == third
    [told] = second["messages"]
    assert told["content"].startswith("Are they open?")
    assert json.dumps(CLOSED) in told["content"]


async def test_a_request_that_is_wrong_anyway_teaches_nothing(pair: Pair) -> None:
    with pytest.raises(ModelRefused):
        await pair.ask(error(400, "wrong anyway"), ASK)
    await pair.ask(text(FITS), ASK)
    assert "response_format" in pair.server.asked[-1]


@pytest.mark.parametrize("said", [f"```json\n{FITS}\n```", f"Here it is: {FITS} Good luck!", f"  {FITS}\n"])
async def test_the_json_is_cut_out_of_what_stands_around_it(pair: Pair, said: str) -> None:
    assert (await pair.ask(text(said), ASK)).text == FITS


@pytest.mark.parametrize(
    "said", ["yes", "", '{"answer": 5}', '{"answer": "yes", "more": 1}', "{}", "[]", '{"a":' * 9999 + "}" * 9999]
)
async def test_an_answer_that_misses_the_schema_is_asked_for_once_more(pair: Pair, said: str) -> None:
    reply = await pair.ask(in_turn(text(said), text(FITS)), ASK)
    assert reply.text == FITS
    assert reply.tokens_in == 200
    assert "did not fit" in pair.server.asked[1]["messages"][-1]["content"]
    with pytest.raises(ModelUnavailable, match="form asked for"):
        await pair.ask(text(said), ASK)


async def test_a_call_is_an_answer_too(pair: Pair) -> None:
    assert (await pair.ask(calls(("read_file", {})), ASK)).calls[0].name == "read_file"
    assert len(pair.server.requests) == 1


def test_the_instruction_stands_alone_where_the_last_message_is_not_the_persons() -> None:
    history: list[JSON] = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]
    assert [message["role"] for message in instructed(history, CLOSED)] == ["user", "assistant", "user"]
    assert [message["role"] for message in instructed(history[:1], CLOSED)] == ["user"]
    assert [message["role"] for message in instructed([], CLOSED)] == ["user"]
    parts: list[JSON] = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    assert instructed(parts, CLOSED)[:1] == parts


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {**CLOSED, "required": []},
        {**CLOSED, "additionalProperties": True},
        {**CLOSED, "properties": {"answer": {"type": "object"}}},
        {**CLOSED, "properties": {"answer": {"type": "array", "items": {"type": "object"}}}},
        {**CLOSED, "properties": {"answer": {"anyOf": [{"type": "object"}]}}},
        {**CLOSED, "properties": {"answer": {"type": "string", "minLength": 1}}},
        {**CLOSED, "properties": {"answer": True}},
    ],
)
def test_strict_is_not_claimed_for_schemas_that_strict_mode_refuses(schema: JSON) -> None:
    assert response_format(schema)["json_schema"]["strict"] is False


def test_a_pattern_cannot_take_for_ever() -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string", "pattern": "^(a+)+$"}}}
    assert fitting('{"answer": "' + "a" * 50 + '!"}', schema)


def test_a_schema_is_never_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        with pytest.raises(ValueError, match="cannot be checked"):
            fitting("{}", {"$ref": f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"})
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_schema_that_refers_to_nothing_says_so() -> None:
    with pytest.raises(ValueError, match="cannot be checked"):
        fitting("{}", {"$ref": "#/$defs/gone"})
