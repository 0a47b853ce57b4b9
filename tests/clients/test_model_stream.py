"""Answers that are heard as they come: what is told of them, and servers that stream in their own ways."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.model_stream import Pieces
from bot.domain.json import JSON
from bot.domain.tool import ToolCall
from bot.errors import ContextTooLong, ModelRefused, ModelUnavailable
from bot.ports import ModelReply
from tests.clients.test_model import HI, Pair, open_pair
from tests.emulators.openai_server import (
    Reply,
    calls,
    cut,
    ended,
    error,
    in_turn,
    message,
    raw,
    slowly,
    text,
    whole,
    without_usage,
)
from tests.emulators.openai_stream import DONE, event, events

STORY = "Once upon a time there was a bot."


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with open_pair(streamed=True) as opened:
        yield opened


def stream(*chunks: JSON, done: bytes = DONE) -> Reply:
    """A stream of these chunks."""
    return raw(b"".join(map(event, chunks)) + done, "text/event-stream")


def deltas(*given: JSON, finish: str | None = "stop") -> Reply:
    """A stream of these deltas."""
    chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in given]
    return stream(*chunks, {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})


def wishes(*pieces: JSON) -> Reply:
    """A stream of pieces of calls, one a chunk."""
    return deltas(*({"tool_calls": [piece]} for piece in pieces))


async def heard_first(pair: Pair, reply: Reply) -> asyncio.Task[ModelReply]:
    """The call, of whose answer something was heard."""
    first = asyncio.Event()
    pair.server.script = lambda _: reply
    asking = asyncio.create_task(pair.model.complete(HI, lambda _: first.set()))
    await first.wait()
    return asking


async def test_each_time_the_text_so_far_is_heard(pair: Pair) -> None:
    reply = await pair.ask(slowly(text(STORY), 0.005))
    assert reply.text == STORY
    assert (reply.tokens_in, reply.estimated) == (100, False)
    assert pair.heard[-1] == STORY
    assert len(pair.heard) > 2
    assert all(later.startswith(earlier) for earlier, later in pairwise(pair.heard))


async def test_it_is_heard_before_it_ends(pair: Pair) -> None:
    asking = await heard_first(pair, slowly(text(STORY), 0.02))
    assert not asking.done()
    assert (await asking).text == STORY


async def test_a_stream_that_breaks_off_is_heard_anew(pair: Pair) -> None:
    reply = await pair.ask(in_turn(cut(slowly(text("I never say this to the end."), 0.005)), text(STORY)))
    assert reply.text == STORY
    assert pair.heard[0].startswith("I")
    assert pair.heard[-1] == STORY
    assert len(pair.clock.waits) == 1


@pytest.mark.parametrize(
    "broken",
    [
        cut(text(STORY)),
        ended(text(STORY)),
        ended(calls(("read_file", {"path": "a long path to a file"}))),
        raw(b"data: {no json\n\n", "text/event-stream"),
        raw(b"data: [\n\n", "text/event-stream"),
        raw(b"data: 1\n\n", "text/event-stream"),
        raw(b": ping\n\n", "text/event-stream"),
        raw(b"data: " + b'{"choices":' * 100_000 + b"\n\n", "text/event-stream"),
        stream({"choices": [{"delta": {"content": 5}}]}),
        stream({"choices": {"delta": "x"}}),
        stream({"error": {"message": "The server is overloaded."}}),
    ],
)
async def test_a_stream_without_an_end_or_a_sense_is_tried_again(pair: Pair, broken: Reply) -> None:
    assert (await pair.ask(in_turn(broken, broken, text(STORY)))).text == STORY
    assert len(pair.clock.waits) == 2
    with pytest.raises(ModelUnavailable):
        await pair.ask(broken)


async def test_a_stream_of_nothing_is_an_empty_answer(pair: Pair) -> None:
    assert (await pair.ask(in_turn(stream(), text(STORY)))).text == STORY
    assert pair.clock.waits == []


async def test_an_error_within_the_stream_is_the_servers_word(pair: Pair) -> None:
    begun = {"choices": [{"delta": {"content": "Once"}}]}
    with pytest.raises(ModelUnavailable, match="it says: overloaded"):
        await pair.ask(stream(begun, {"error": {"message": "overloaded"}}, done=b""))
    with pytest.raises(ContextTooLong):
        await pair.ask(stream({"error": {"message": "maximum context length is 4096 tokens", "code": 400}}))


async def test_an_answer_in_one_piece_is_read_as_such(pair: Pair) -> None:
    assert (await pair.ask(whole(text(STORY)))).text == STORY
    assert pair.heard == []
    assert len((await pair.ask(whole(calls(("read_file", {}))))).calls) == 1


async def test_uncounted_tokens_are_estimated(pair: Pair) -> None:
    reply = await pair.ask(without_usage(text(STORY)))
    assert reply.estimated
    assert reply.tokens_in > 0


async def test_the_last_count_is_the_streams(pair: Pair) -> None:
    def counted(tokens: int, words: str) -> JSON:
        usage = {"prompt_tokens": 9, "completion_tokens": tokens}
        return {"choices": [{"delta": {"content": words}}], "usage": usage}

    uncounted = {"choices": [{"delta": {"content": " Then."}}], "usage": None}
    reply = await pair.ask(stream(counted(1, "Once "), counted(2, "upon."), uncounted))
    assert (reply.text, reply.tokens_out, reply.estimated) == ("Once upon. Then.", 2, False)


@pytest.mark.parametrize(("finish", "done"), [("stop", b""), (None, DONE), (None, b"data: [DONE]")])
async def test_either_sign_of_the_end_will_do(pair: Pair, finish: str | None, done: bytes) -> None:
    said = stream({"choices": [{"delta": {"content": STORY}, "finish_reason": finish}]}, done=done)
    assert (await pair.ask(said)).text == STORY


async def test_other_lines_and_line_ends_are_passed_over(pair: Pair) -> None:
    chunk = json.dumps({"choices": [{"delta": {"content": STORY}, "finish_reason": "stop"}]})
    body = f": hello\r\n\r\nevent: message\r\nid: 1\r\ndata:{chunk}\r\n\r\nretry: 5\r\n\r\ndata:\r\n\r\n"
    assert (await pair.ask(raw(body, "text/event-stream"))).text == STORY


@pytest.mark.parametrize(
    ("said", "answer", "heard"),
    [
        ("<think>She greets me.</think>\n\nHello there.", "Hello there.", "Hello there."),
        ("<thinking>She greets me.</thinking> Hello.", "Hello.", "Hello."),
        ("< 5 is small.", "< 5 is small.", "< 5 is small."),
    ],
)
async def test_a_thought_is_not_heard(said: str, answer: str, heard: str) -> None:
    told: list[str] = []
    pieces = Pieces(told.append)
    for letter in said:
        pieces.feed(event({"choices": [{"delta": {"content": letter}}]}))
    assert all(heard.startswith(words) for words in told)
    assert told[-1] == heard


async def test_an_answer_that_is_all_thought_is_not_heard(pair: Pair) -> None:
    await pair.ask(text("<think>I never come to an"))
    assert pair.heard == []


async def test_a_refusal_is_heard_as_the_answer(pair: Pair) -> None:
    reply = await pair.ask(message({"role": "assistant", "content": None, "refusal": "I will not."}))
    assert (reply.text, pair.heard[-1]) == ("I will not.", "I will not.")


async def test_parts_of_a_content_are_its_text(pair: Pair) -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "thinking", "thinking": []}, {"type": "text", "text": "lo."}]
    reply = await pair.ask(message({"role": "assistant", "content": parts}))
    assert (reply.text, pair.heard[-1]) == ("Hello.", "Hello.")


async def test_a_character_in_two_pieces_is_whole(pair: Pair) -> None:
    reply = await pair.ask(deltas({"content": "a \ud83d"}, {"content": "\ude00 b \ud83d"}))
    assert (reply.text, pair.heard[-1]) == ("a 😀 b ?", "a 😀 b ?")


READ = ToolCall("a", "read_file", '{"path": "x"}')
LIST = ToolCall("b", "list_files", "{}")


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param(
            [
                {"index": 0, "id": "a", "function": {"name": "read_file", "arguments": ""}},
                {"index": 0, "function": {"arguments": '{"path":'}},
                {"index": 1, "id": "b", "function": {"name": "list_files"}},
                {"index": 0, "function": {"arguments": ' "x"}'}},
                {"index": 1, "function": {"arguments": "{}"}},
            ],
            (READ, LIST),
            id="as OpenAI",
        ),
        pytest.param(
            [
                {"index": 0, "id": "a", "function": {"name": "read_file", "arguments": '{"path":'}},
                {"index": 0, "id": "a", "function": {"name": "read_file", "arguments": ' "x"}'}},
                {"index": 1, "id": "b", "function": {"name": "list_files", "arguments": "{}"}},
            ],
            (READ, LIST),
            id="name and id repeated",
        ),
        pytest.param(
            [
                {"index": 0, "id": "a", "function": {"name": "read_file", "arguments": '{"path":'}},
                {"index": 0, "id": "other", "function": {"name": None, "arguments": ' "x"}'}},
            ],
            (READ,),
            id="another id with each piece",
        ),
        pytest.param(
            [
                {"index": 0, "id": "a", "function": {"name": "read_file", "arguments": '{"path": "x"}'}},
                {"index": 0, "id": "b", "function": {"name": "list_files", "arguments": "{}"}},
            ],
            (READ, LIST),
            id="all of one index",
        ),
        pytest.param(
            [
                {"id": "a", "function": {"name": "read_file", "arguments": '{"path":'}},
                {"function": {"arguments": ' "x"}'}},
                {"id": "b", "function": {"name": "list_files", "arguments": "{}"}},
            ],
            (READ, LIST),
            id="without index",
        ),
        pytest.param(
            [
                {"function": {"name": "read_file", "arguments": {"path": "x"}}},
                {"function": {"name": "list_files", "arguments": {}}},
            ],
            (ToolCall("call_0", "read_file", '{"path": "x"}'), ToolCall("call_1", "list_files", "{}")),
            id="without index and id, whole and as objects",
        ),
        pytest.param([{"index": 5, "id": "a", "function": None}], (ToolCall("a", "", "{}"),), id="of nothing"),
    ],
)
async def test_calls_are_put_together_however_they_come(
    pair: Pair, pieces: Sequence[JSON], expected: Sequence[ToolCall]
) -> None:
    assert (await pair.ask(wishes(*pieces))).calls == tuple(expected)


async def test_whole_calls_in_one_chunk_without_index_are_apart(pair: Pair) -> None:
    both = [
        {"id": "a", "function": {"name": "read_file", "arguments": '{"path": "x"}'}},
        {"id": "b", "function": {"name": "list_files", "arguments": "{}"}},
    ]
    assert (await pair.ask(deltas({"content": "Let me look.", "tool_calls": both}))).calls == (READ, LIST)
    assert pair.heard == ["Let me look."]


@pytest.mark.parametrize("said", ["Streaming is not supported", "stream must be false", "Extra inputs: stream_options"])
@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_streams_is_asked_without_and_remembered(
    pair: Pair, said: str, status: int
) -> None:
    def script(request: JSON) -> Reply:
        return error(status, said) if "stream" in request else text(STORY)

    assert (await pair.ask(script)).text == STORY
    assert (await pair.ask(script)).text == STORY
    assert "stream" not in pair.server.asked[-1]
    assert "stream" not in pair.server.asked[-2]
    assert pair.heard == []
    assert pair.clock.waits == []


async def test_a_server_that_does_not_stream_may_say_so_with_any_status(pair: Pair) -> None:
    def script(request: JSON) -> Reply:
        return error(501, "This model does not support streaming.") if "stream" in request else text(STORY)

    assert (await pair.ask(script)).text == STORY
    assert len(pair.server.requests) == 2


@pytest.mark.parametrize("said", ["Unrecognized request argument: stream_options", "include_usage: extra field"])
async def test_a_server_without_stream_options_is_remembered_and_streams(pair: Pair, said: str) -> None:
    def script(request: JSON) -> Reply:
        return error(400, said) if "stream_options" in request else text(STORY)

    for _ in range(2):
        reply = await pair.ask(script)
        assert (reply.text, reply.estimated) == (STORY, True)
    assert [("stream" in asked, "stream_options" in asked) for asked in pair.server.asked] == [
        (True, True),
        (True, False),
        (True, False),
    ]
    assert pair.heard[-1] == STORY


async def test_a_request_that_is_wrong_anyway_teaches_nothing(pair: Pair) -> None:
    with pytest.raises(ModelRefused):
        await pair.ask(error(400, "wrong anyway"))
    await pair.ask(text(STORY))
    assert "stream" in pair.server.asked[-1]


async def test_what_nobody_listens_to_is_not_streamed(pair: Pair) -> None:
    pair.server.script = in_turn(text(STORY))
    await pair.model.complete(HI)
    assert "stream" not in pair.server.asked[0]


async def test_a_cancelled_call_ends_the_stream(pair: Pair) -> None:
    asking = await heard_first(pair, slowly(text(STORY * 100), 0.01))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(pair.server.given_up.wait(), 60)
    assert (await pair.ask(text(STORY))).text == STORY


COMPLETION = json.loads(calls(("read_file", {"path": "größer"}), ("list_files", {})).body)
COMPLETION["choices"][0]["message"]["content"] = "Ich schaue nach 👀."


@given(st.lists(st.integers(0, 2000), max_size=20))
def test_where_the_network_cuts_makes_no_difference(places: Sequence[int]) -> None:
    body = b"".join(events(COMPLETION, counted=True))
    ends = sorted({0, *(place for place in places if place < len(body)), len(body)})
    told: list[str] = []
    pieces = Pieces(told.append)
    for start, end in pairwise(ends):
        pieces.feed(body[start:end])
    given = json.loads(pieces.whole())
    expected = COMPLETION["choices"][0]["message"]
    [choice] = given["choices"]
    assert choice["message"]["content"] == told[-1] == expected["content"]
    assert [call["function"] for call in choice["message"]["tool_calls"]] == [
        call["function"] for call in expected["tool_calls"]
    ]
    assert given["usage"] == COMPLETION["usage"]
