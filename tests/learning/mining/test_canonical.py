"""What a trace is to the miner: succeeded calls, without repeats, cut at the person's messages."""

import json

import pytest

from bot.domain.json import JSON
from bot.domain.trace import Outcome, Trace
from bot.learning.mining.canonical import Run, canonical
from tests.learning.workplaces import Desk


def tools_by_segment(run: Run) -> list[list[str]]:
    return [[call.tool for call in segment.calls] for segment in run.segments]


def one_call(**message: JSON) -> Run:
    """A task with one call and that tool message."""
    function = {"name": "get_x", "arguments": message.pop("arguments", "{}")}
    call = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}]}
    answer = [{"role": "tool", "tool_call_id": "1", **message}] if message else []
    return canonical(Trace("a", "a", "local", ({"role": "user", "content": "Hi"}, call, *answer)))


def test_the_persons_messages_cut_and_may_follow_one_another() -> None:
    desk = Desk("a")
    desk.call("get_a", "1")
    desk.say("One.")
    desk.say("Two.")
    desk.call("get_b", "2")
    desk.call("get_c", "3")
    desk.say("Three.")
    run = canonical(desk.trace())
    assert tools_by_segment(run) == [["get_a"], ["get_b", "get_c"]]
    assert [segment.said for segment in run.segments] == [0, 2]
    assert run.said == ("One.", "Two.", "Three.")


def test_a_repeat_is_dropped_unless_something_changed() -> None:
    desk = Desk("a")
    for tool in ("get_a", "get_a", "get_b", "get_a", "set_a", "get_a"):
        desk.call(tool, "x", id=1)
    assert tools_by_segment(canonical(desk.trace())) == [["get_a", "get_b", "set_a", "get_a"]]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"content": "fine", "is_error": True},
        {"content": "Error: no such order"},
        {"content": '{"error": "no"}'},
        {"content": {"error": "no"}},
        {"content": '{"result": "Error: no"}'},
        {"content": "fine", "arguments": "{"},
        {"content": "fine", "arguments": "[1]"},
        {"content": "fine", "arguments": "[" * 10_000},
    ],
)
def test_failed_calls_are_dropped(message: dict[str, JSON]) -> None:
    assert one_call(**message).segments == ()


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ("19122", "19122"),
        ('{"error": null, "ok": 1}', {"error": None, "ok": 1}),
        ('{"result": "{\\"a\\": 1}"}', {"a": 1}),
        ([{"type": "text", "text": "[1]"}], [1]),
        ({"a": 1}, {"a": 1}),
        (None, ""),
        ("no Error here", "no Error here"),
    ],
)
def test_outputs_are_what_a_step_would_get(content: JSON, output: JSON) -> None:
    ((call,),) = (segment.calls for segment in one_call(content=content).segments)
    assert call.output == output


def test_arguments_may_be_an_object_already() -> None:
    ((call,),) = (segment.calls for segment in one_call(content="x", arguments={"id": 1}).segments)
    assert call.arguments == {"id": 1}


def test_a_segment_knows_where_calls_failed() -> None:
    desk = Desk("a")
    desk.say("One.")
    desk.call("get_a", "no", failed=True)
    desk.call("get_a", "yes", id=1)
    desk.call("get_a", "yes", id=2)
    desk.call("get_a", "no", failed=True)
    desk.call("get_a", "yes", id=3)
    desk.say("Two.")
    desk.call("get_a", "yes", id=2)
    one, two = canonical(desk.trace()).segments
    assert (one.failures, two.failures) == ((0, 2), ())
    assert [one.clean(0, 1), one.clean(1, 2), one.clean(2, 2), two.clean(0, 0)] == [True, False, True, True]


@pytest.mark.parametrize(
    ("outcome", "verified"),
    [
        (Outcome("success", "verifier"), True),
        (Outcome("success", "feedback"), True),
        (Outcome("success", "judge"), False),
        (Outcome("success", "behaviour"), False),
        (Outcome("success"), False),
        (Outcome("failure", "verifier"), False),
    ],
)
def test_only_a_verifier_or_feedback_confirms(outcome: Outcome, verified: bool) -> None:
    assert canonical(Trace("a", "a", "local", (), (), outcome)).verified is verified


@pytest.mark.parametrize(
    ("name", "hint", "reads"),
    [
        ("get_order", None, True),
        ("shop__listOrders", None, True),
        ("order_get", None, False),
        ("getaway", None, False),
        ("get_order", False, False),
        ("order_pizza", True, True),
    ],
)
def test_a_tool_reads_by_annotation_else_by_name(name: str, hint: bool | None, reads: bool) -> None:
    desk = Desk("a")
    if hint is not None:
        desk.tools = ({"type": "function", "function": {"name": name}, "annotations": {"readOnlyHint": hint}},)
    desk.call(name, "x")
    assert canonical(desk.trace()).segments[0].calls[0].reads is reads


def test_results_go_to_the_latest_call_with_their_id() -> None:
    desk = Desk("a")
    desk.call("get_a", "first")
    desk.call("get_b", "second")
    text = json.dumps(desk.messages).replace("call_0_0", "c").replace("call_2_0", "c")
    run = canonical(Trace("a", "a", "local", tuple(json.loads(text))))
    assert [call.content for call in run.segments[0].calls] == ["first", "second"]
    unanswered = [message for message in json.loads(text) if message.get("content") != "first"]
    run = canonical(Trace("a", "a", "local", tuple(unanswered)))
    assert [(call.tool, call.content) for call in run.segments[0].calls] == [("get_b", "second")]
