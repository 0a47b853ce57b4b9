"""Arguments found in earlier outputs: at which places, out of how many values, and whole lists told from elements."""

import pytest

from bot.domain.json import JSON
from bot.learning.mining.canonical import canonical
from bot.learning.mining.indexing import Indexed, Link, index
from bot.learning.mining.places import EACH
from bot.learning.mining.views import views
from tests.learning.workplaces import Desk


def indexed(*calls: tuple[str, JSON, dict[str, JSON]]) -> Indexed:
    desk = Desk("a")
    for tool, result, arguments in calls:
        desk.call(tool, result, **arguments)
    (segment,) = canonical(desk.trace()).segments
    return index(segment)


def links(output: JSON, argument: JSON) -> tuple[Link, ...]:
    part = indexed(("get_a", output, {}), ("get_b", "", {"x": argument}))
    return part.links[1].get(("x",), ())


@pytest.mark.parametrize(
    ("output", "argument", "found"),
    [
        ("abc", "abc", [Link(0, (), 1)]),
        ({"a": {"b": 7}}, 7, [Link(0, ("a", "b"), 1)]),
        ({"a": {"b": 7}}, "7", []),
        ({"a": True}, 1, []),
        ({"a": 1}, True, []),
        ({"a": None, "b": ""}, "", []),
        ({"a": ["p", "q"]}, "q", [Link(0, ("a", EACH), 2)]),
        ({"a": ["p", "q"]}, ["p", "q"], [Link(0, ("a",), 1), Link(0, ("a", EACH), 2, all_of_it=True)]),
        ({"a": ["p"]}, ["p"], [Link(0, ("a",), 1), Link(0, ("a", EACH), 1, all_of_it=True)]),
        ({"a": ["p", "q"]}, ["q"], []),
        ({"a": "p"}, ["p"], []),
        ([{"k": 1}, {"k": 2}], [1, 2], [Link(0, (EACH, "k"), 2, all_of_it=True)]),
        ({"a": {"b": 1, "c": 2}}, {"b": 1, "c": 2}, []),
        ({"a}b": "x1", "ok": "x1"}, "x1", [Link(0, ("ok",), 1)]),
    ],
)
def test_links(output: JSON, argument: JSON, found: list[Link]) -> None:
    assert list(links(output, argument)) == found


def test_objects_are_entered() -> None:
    part = indexed(("get_a", {"b": "x1", "c": "x2"}, {}), ("get_b", "", {"f": {"b": "x1", "c": "x2"}}))
    assert part.links[1] == {("f", "b"): (Link(0, ("b",), 1),), ("f", "c"): (Link(0, ("c",), 1),)}


def test_leaves_count_what_could_have_agreed() -> None:
    part = indexed(("get_a", {"a": [1, 2, {"b": None}], "c": "x"}, {}), ("get_b", "", {}), ("get_c", "", {}))
    assert part.leaves == (4, 1, 0)


def test_a_telling_part_of_an_argument_is_needed_though_not_linked() -> None:
    part = indexed(("get_a", {"id": "4711"}, {}), ("get_b", "", {"path": "orders/4711.json"}))
    assert (part.links[1], part.needs) == ({}, (frozenset(), frozenset({0})))


def units(*calls: tuple[str, JSON, dict[str, JSON]]) -> list[tuple[tuple[int, ...], ...]]:
    return [view.units for view in views(indexed(*calls))]


def read(number: int, result: JSON = "") -> tuple[str, JSON, dict[str, JSON]]:
    return ("get_a", result, {"n": number})


def test_runs_of_reading_are_folded_and_writes_are_not() -> None:
    assert units(read(1), read(2), ("put_b", "", {"n": 1}), ("put_b", "", {"n": 2})) == [((0, 1), (2,), (3,))]


def test_a_chain_of_one_tool_is_cut_where_one_needs_another() -> None:
    assert units(read(1, {"n": 20001}), read(20001), read(3)) == [((0, 1, 2),), ((0,), (1, 2))]


def test_interleaved_chains_are_untangled_but_not_across_a_write() -> None:
    first = ("get_a", {"b": "b-1234"}, {})
    other = ("get_x", "", {"q": "hello"})
    then = ("get_b", "", {"b": "b-1234"})
    assert units(first, other, then) == [((0,), (1,), (2,)), ((0,), (2,), (1,))]
    assert units(first, ("put_x", "", {}), then) == [((0,), (1,), (2,))]
