"""Traces in and out: what is taken, what is refused, and that the others are taken all the same."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.json import JSON
from bot.domain.trace import Outcome, Trace
from bot.learning.traces import read, write


def line(**changes: JSON) -> str:
    return json.dumps({"id": "a", "messages": [{"role": "user", "content": "Hello"}], **changes})


def test_what_is_absent_has_its_default() -> None:
    found = read([line()])
    assert found.traces == (Trace("a", "a", "local", ({"role": "user", "content": "Hello"},)),)
    assert (found.scoped, found.problems) == (frozenset(), ())


def test_what_is_there_is_kept() -> None:
    tools = [{"type": "function", "function": {"name": "get_x"}, "annotations": {"readOnlyHint": True}}]
    outcome = {"status": "success", "source": "verifier", "detail": "exit 0"}
    text = line(task="t", scope="slack:T1/C9", tools=tools, outcome=outcome, person="slack:T1/U7")
    (trace,) = read([text]).traces
    assert (trace.task, trace.scope, trace.person) == ("t", "slack:T1/C9", "slack:T1/U7")
    assert trace.tools == tuple(tools)
    assert trace.outcome == Outcome("success", "verifier", "exit 0")


def test_the_commands_scope_is_for_traces_that_name_none() -> None:
    found = read([line(), line(id="b", scope="telegram:1")], scope="slack:T1")
    assert [trace.scope for trace in found.traces] == ["slack:T1", "telegram:1"]
    assert found.scoped == {"telegram:1"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "it is no JSON"),
        ("[]", "the line: input should be a valid dictionary"),
        (line(id=""), "id: string should have at least 1 character"),
        ('{"id": "x"}', "messages: field required"),
        (line(messages={"role": "user"}), "messages: input should be a valid list"),
        (line(messages=["hello"]), "messages.0: input should be a valid dictionary"),
        (line(outcome={"status": "great"}), "outcome.status: input should be"),
        ("[" * 100_000, "nested too deeply"),
        (line(), "the id 'a' stands in line 1 already"),
        ('{"id": "\\ud800", "messages": []}', "id: input should be a valid string"),
        (b'{"id": "\xff"}', "it is no JSON"),
    ],
)
def test_a_bad_line_is_refused_by_number_and_the_others_are_taken(bad: str | bytes, reason: str) -> None:
    found = read([line(), "", bad, line(id="z")])
    assert [trace.id for trace in found.traces] == ["a", "z"]
    (problem,) = found.problems
    assert problem.line == 3
    assert reason in problem.reason


def test_equal_tools_are_held_once() -> None:
    tools = [{"type": "function", "function": {"name": "get_x"}}]
    one, other = read([line(tools=tools), line(id="b", tools=tools)]).traces
    assert one.tools is other.tools


texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
outcomes = st.builds(
    Outcome,
    st.sampled_from(["success", "failure", "unknown"]),
    st.sampled_from(["verifier", "feedback", "behaviour", "judge", None]),
    texts,
)
objects = st.lists(st.dictionaries(texts, json_values, max_size=3), max_size=3).map(tuple)


ids = st.text(min_size=1, max_size=9)
any_traces = st.builds(Trace, ids, ids, ids, objects, objects, outcomes, texts)


@settings(max_examples=30)
@given(st.lists(any_traces, max_size=4, unique_by=lambda trace: trace.id))
def test_what_is_written_is_read_back(traces: list[Trace]) -> None:
    out = io.StringIO()
    write(traces, out)
    assert list(read(out.getvalue().splitlines()).traces) == traces


@settings(max_examples=50)
@given(st.lists(st.text() | json_values.map(json.dumps)))
def test_no_line_breaks_the_reading(lines: list[str]) -> None:
    found = read(lines)
    assert len(found.traces) + len(found.problems) == sum(bool(text.strip()) for text in lines)


@pytest.mark.parametrize(("command", "suspect"), [("pytest || true", True), ("pytest", False)])
def test_what_looks_like_a_hack_is_suspect(command: str, suspect: bool) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "bash", "arguments": json.dumps({"command": command})}}
    odd = [{"role": "assistant", "tool_calls": [None, {}, {"function": {"name": 3}}, {"function": {"name": "x"}}]}]
    messages = [{"role": "user", "content": "Test"}, {"role": "assistant", "tool_calls": [call]}, *odd]
    answer = {"role": "tool", "tool_call_id": "c", "content": "1 failed"}
    line = json.dumps({"id": "1", "messages": [*messages, answer, {"role": "tool", "content": None}]})
    assert [trace.suspect for trace in read([line]).traces] == [suspect]
