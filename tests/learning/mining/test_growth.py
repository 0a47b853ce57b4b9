"""Input of any shape is mined in the time that its size takes."""

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from bot.domain.trace import Trace
from bot.learning.mining import contribute, mine
from bot.learning.traces import Reader, as_line
from tests.growth import TIMES, grows_with_its_size
from tests.learning.workplaces import Desk, everyday, token, traces_of


def one_turn(calls: int) -> list[Trace]:
    """All calls of a task in one turn, each after the other."""

    def work(desk: Desk, random: Random) -> None:
        desk.say("Go on.")
        for number in range(calls):
            desk.call(f"get_{number % 17}", {"n": number, "next": token(random)}, n=number)

    return traces_of(work, Random(1), 2)


def parallel(calls: int) -> list[Trace]:
    """A list, and a call for each of its elements in one message."""

    def work(desk: Desk, random: Random) -> None:
        ids = [token(random) for _ in range(calls)]
        desk.say("Read them all.")
        desk.call("list_all", {"ids": ids}, team=token(random))
        desk.together([("get_one", {"id": id}, {"id": id, "owner": token(random)}) for id in ids])

    return traces_of(work, Random(1), 5)


def large_results(rows: int) -> list[Trace]:
    """Results of megabytes, in which one value matters."""

    def work(desk: Desk, random: Random) -> None:
        key, value = token(random), token(random)
        desk.say(f"Look at {key}.")
        listed = [{"id": number, "text": "Übergröße 🤖 " * 4} for number in range(rows)]
        desk.call("get_first", {"rows": listed, "box": value}, key=key)
        desk.call("get_second", "ж" * 100 * rows, box=value)
        desk.call("get_third", {"ok": True}, path=f"boxes/{value}.json")

    return traces_of(work, Random(1), 4)


def many_tools(count: int) -> list[Trace]:
    """Thousands of tools, each with its definition in each trace, and calls of any."""
    tools = tuple({"type": "function", "function": {"name": f"get_{n}", "parameters": {}}} for n in range(count))

    def work(desk: Desk, random: Random) -> None:
        desk.say("Go on.")
        for _ in range(8):
            desk.call(f"get_{random.randrange(count)}", {"id": token(random)}, id=token(random))

    return [replace(trace, tools=tools) for trace in traces_of(work, Random(1), 20)]


def many_arguments(count: int) -> list[Trace]:
    def work(desk: Desk, random: Random) -> None:
        given = {f"field_{number}": token(random) for number in range(count)}
        desk.say("Fill it in.")
        desk.call("get_first", {"out": given}, key=token(random))
        desk.call("get_second", {"ok": 1}, **given)

    return traces_of(work, Random(1), 4)


def long_talk(messages: int) -> list[Trace]:
    def work(desk: Desk, random: Random) -> None:
        key = token(random)
        for _ in range(messages):
            desk.say("and then " * 20 + token(random))
        desk.say(key)
        desk.call("get_first", {"box": token(random)}, key=key)
        desk.call("get_second", {"ok": 1}, key=key)

    return traces_of(work, Random(1), 5)


def deep(levels: int) -> list[Trace]:
    """Results nested deeper than any encoder goes."""

    def work(desk: Desk, random: Random) -> None:
        key = token(random)
        desk.say("Go on.")
        for _ in range(5):
            desk.call("get_first", '{"a":[' * levels + json.dumps(key) + "]}" * levels, key=token(random))
            desk.call("get_second", "[" * levels, key=key)

    return traces_of(work, Random(1), 4)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        (one_turn, 1_000),
        (parallel, 200),
        (large_results, 3_000),
        (many_tools, 1_000),
        (many_arguments, 50),
        (long_talk, 300),
        (deep, 5_000),
        (lambda count: everyday(Random(1), count), 120),
    ],
)
def test_larger_input_costs_its_size(shape: Callable[[int], list[Trace]], size: int) -> None:
    small, large = shape(size), shape(size * TIMES)
    mine(shape(2))  # what is imported and compiled once is no part of it
    assert grows_with_its_size(lambda: mine(small), lambda: mine(large))


def test_one_trace_of_ten_thousand_calls() -> None:
    """Every call holds a value of the one before and one that all share."""

    def work(desk: Desk, random: Random, calls: int) -> None:
        desk.say("Go on.")
        cursor = token(random)
        for _ in range(calls):
            following = token(random)
            desk.call("get_page", {"next": following, "items": [token(random) for _ in range(3)]}, cursor=cursor)
            cursor = following

    few = traces_of(lambda desk, random: work(desk, random, 2_500), Random(1), 1)
    many = traces_of(lambda desk, random: work(desk, random, 10_000), Random(1), 1)
    assert grows_with_its_size(lambda: mine(few), lambda: mine(many))


def test_thousands_of_calls_in_one_message_are_indexed_in_time() -> None:
    few, many = parallel(2_000)[0], parallel(2_000 * TIMES)[0]
    assert grows_with_its_size(lambda: contribute(few), lambda: contribute(many))


def test_broken_lines_cost_no_more_than_good_ones() -> None:
    good = [as_line(trace) for trace in everyday(Random(1), 240)]
    for broken in ([line[: len(line) // 2] for line in good], ["[" * 5_000] * len(good), good[:1] * len(good)):
        reader = Reader(broken)
        list(reader)
        assert len(reader.problems) >= len(good) - 1
        assert grows_with_its_size(lambda: list(Reader(good)), lambda broken=broken: list(Reader(broken)))
