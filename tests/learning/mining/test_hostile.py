"""Input of any kind the format allows, and worse: nothing of it stops the miner or slows it beyond its size."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.learning.mining import mine
from bot.learning.mining.canonical import canonical
from tests.learning import workplaces
from tests.learning.workplaces import VERIFIED, Desk, token, traces_of

names = st.sampled_from(["get_a", "get_b", "put_c", "", "ä_ß", "get-\ud800", "x" * 300])
odd = st.sampled_from(["\ud800", "${x}", "$", "1e999"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from(["id", "a b", "}", "q"]), values).map(json.dumps)
functions = st.fixed_dictionaries({}, optional={"name": names | values, "arguments": values | objects | st.text()})
calls = st.fixed_dictionaries({"id": st.sampled_from(["1", "2", None])}, optional={"function": functions})
messages = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "assistant", "tool", "system"]) | values,
        "content": values | values.map(json.dumps),
        "tool_calls": st.lists(calls | values, max_size=3) | values,
        "tool_call_id": st.sampled_from(["1", "2", None]) | values,
        "is_error": values,
    },
)


@settings(max_examples=60)
@given(st.lists(st.lists(messages, max_size=12), max_size=4), st.lists(values, max_size=3))
def test_no_message_breaks_the_miner(found: list[list[JSON]], tools: list[JSON]) -> None:
    # Three tasks each say the same, so that whatever repeats is looked at closely.
    traces = [
        Trace(f"{n}-{copy}", f"{n}-{copy}", "local", tuple(said), tuple(tools), VERIFIED)
        for n, said in enumerate(found)
        for copy in range(3)
    ]
    assert mine(traces).traces == len(traces)


WEIRD = ["ключ", "a.b", 'say "x"', "a}b", "${x}", "\u202e", "-", "orders[]", "🤖", "\n", "`", "null"]


@pytest.mark.parametrize("key", WEIRD)
def test_a_field_of_any_name_is_referred_to_or_left_alone(key: str) -> None:
    def work(desk: Desk, random: Random) -> None:
        name, value = token(random), token(random)
        desk.say(f"Look at {name}.")
        desk.call("get_first", {key: value}, name=name)
        desk.call("get_second", {"ok": True}, **{key: value})

    for skill in mine(traces_of(work, Random(3), 8)).skills:
        assert skill.replay.exact == 1


@pytest.mark.parametrize("name", ["получить_заказ", "get_🤖", "a" * 200, "get-x.y/z", "GetOrderById", "__", "get"])
def test_tools_of_any_name_give_valid_skills(name: str) -> None:
    def work(desk: Desk, random: Random) -> None:
        key, value = token(random), token(random)
        desk.say(f"Look at {key}.")
        desk.call("get_first", {"box": value}, key=key)
        desk.call(name, {"ok": True}, box=value)

    (skill,) = mine(traces_of(work, Random(3), 8)).skills
    assert len(skill.name) <= 58


def test_parallel_calls_answered_in_any_order_and_reused_ids() -> None:
    traces = []
    for trace in traces_of(workplaces.shop, Random(4), 8):
        said = [json.loads(json.dumps(message).replace("call_", "x")) for message in trace.messages]
        for message in said:
            for call in message.get("tool_calls", []):
                call["id"] = "call_1"
            if "tool_call_id" in message:
                message["tool_call_id"] = "call_1"
        traces.append(replace(trace, messages=tuple(said)))
    assert len(mine(traces).skills) == 1
    desk = Desk("p")
    desk.say("Both, please.")
    desk.together([("get_a", {"k": 1}, "one"), ("get_b", {"k": 2}, "two")])
    desk.messages[2:] = reversed(desk.messages[2:])
    (segment,) = canonical(desk.trace()).segments
    assert [(call.tool, call.content) for call in segment.calls] == [("get_a", "one"), ("get_b", "two")]


def test_results_of_megabytes() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, value = token(random), token(random)
        desk.say(f"Look at {key}.")
        rows = [{"id": number, "text": "lorem ipsum " * 5} for number in range(12_000)]
        desk.call("get_first", {"rows": rows, "box": value}, key=key)
        desk.call("get_second", "x" * 10**6, box=value)

    traces = traces_of(work, Random(3), 6)
    assert len(mine(traces).skills) == 1


def test_thousands_of_tools() -> None:
    tools = tuple(
        {"type": "function", "function": {"name": f"get_{n}", "parameters": {"type": "object"}}} for n in range(5_000)
    )
    traces = [replace(trace, tools=tools) for trace in traces_of(workplaces.shop, Random(4), 50)]
    assert len(mine(traces).skills) == 1


def test_deep_results_and_odd_numbers() -> None:
    def work(desk: Desk, random: Random) -> None:
        key = token(random)
        desk.say(f"Look at {key}.")
        desk.call("get_first", "[" * 50_000, key=key)
        desk.call("get_second", '{"n": NaN, "m": 1e999, "s": "\\ud800"}', key=key)
        desk.call("get_third", '{"a":' * 900 + "1" + "}" * 900, key=key)
        desk.call("get_fourth", "9" * 5_000, key=key)

    assert mine(traces_of(work, Random(3), 5)).traces == 5


def test_a_task_whose_name_no_file_may_hold_teaches_and_is_not_named() -> None:
    first, *rest = traces_of(workplaces.shop, Random(1), 6)
    [skill] = mine([replace(first, id="e\u202evil\0", task="e\u202evil\0"), *rest]).skills
    assert (skill.tasks, len(skill.support)) == (6, 6)
    assert skill.procedure.provenance.tasks == tuple(sorted(trace.task for trace in rest))
