"""Anti-unification: what each argument is taken for, and why it is not taken for something else."""

import json
from random import Random

import pytest

from bot.domain.json import JSON
from bot.learning.mining.building import build
from bot.learning.mining.corpus import corpus
from bot.learning.mining.explanation import Explained, Rigour
from bot.learning.mining.gates import proof, structure
from bot.learning.mining.induce import Induced, induce
from bot.learning.mining.matches import Replay
from bot.learning.mining.pattern import Composed, Constant, Item, Origin, Parameter, Reference
from bot.learning.mining.places import EACH
from bot.learning.mining.proving import Proof
from bot.learning.mining.sequences import by_task, frequent
from bot.learning.mining.weighing import NAMED
from tests.learning.workplaces import Desk, Work, token, traces_of


def induced(work: Work, count: int = 10) -> Induced:
    """What the longest sequence of the work is generalised to, by the units as recorded."""
    whole = corpus(traces_of(work, Random(5), count))
    standing = {
        tools: [place for places in by_task(there) for place in places] for tools, there in frequent(whole, 1).items()
    }
    tools, places = max(standing.items(), key=lambda pair: (len(pair[0]), len(pair[1])))
    recorded = [views[0] for part in whole.parts.values() for _, segments in part.views for views in segments]
    found = induce(whole, [place for place in places if place.view in recorded], len(tools), Rigour(3))
    assert found is not None
    return found


def last(work: Work, slot: str, count: int = 10) -> Explained:
    """The explanation of an argument of the last step."""
    found = induced(work, count)
    return next(e for e in found.explained if e.step == len(found.pattern) - 1 and e.argument.slot[-1] == slot)


def doubts(explained: Explained) -> list[tuple[str, str]]:
    return [(type(idea.origin).__name__, str(idea.doubt)) for idea in explained.dropped]


def filled(value: JSON, tokens: list[str]) -> JSON:
    """The value with `{1}` in its texts exchanged for the task's token number 1."""
    if isinstance(value, str):
        return value.format(*tokens)
    if isinstance(value, list):
        return [filled(inner, tokens) for inner in value]
    return {key: filled(inner, tokens) for key, inner in value.items()} if isinstance(value, dict) else value


def two(result: JSON, said: str = "About {0}.", **arguments: JSON) -> Work:
    """`get_first(key="{0}")` with that result, then `get_second(**arguments)`."""

    def work(desk: Desk, random: Random) -> None:
        tokens = [token(random) for _ in range(4)]
        desk.say(said.format(*tokens))
        desk.call("get_first", filled(result, tokens), key=tokens[0])
        desk.call("get_second", "ok", **{name: filled(value, tokens) for name, value in arguments.items()})

    return work


def test_a_reference_is_the_same_place_everywhere() -> None:
    found = last(two({"box": {"id": "{1}"}}, box_id="{1}"), "box_id")
    assert (found.argument.origin, found.supports, found.dropped) == (Reference(0, ("box", "id")), 10, ())


def test_of_equal_references_the_one_of_the_same_name_is_taken() -> None:
    found = last(two({"box": "{1}", "a": {"box_id": "{1}"}}, box_id="{1}"), "box_id")
    assert found.argument.origin == Reference(0, ("a", "box_id"))


def test_one_of_several_values_is_a_decision() -> None:
    found = last(two({"boxes": ["{1}", "{2}"]}, box="{1}"), "box")
    assert found.argument.origin == Parameter(1)
    assert doubts(found) == [("Reference", "it is one of several values there: which one is a decision")]


def test_a_whole_list_is_a_reference() -> None:
    found = last(two({"boxes": ["{1}", "{2}"]}, boxes=["{1}", "{2}"]), "boxes")
    assert found.argument.origin == Reference(0, ("boxes",))
    found = last(two({"boxes": [{"id": "{1}"}, {"id": "{2}"}]}, box_ids=["{1}", "{2}"]), "box_ids")
    assert found.argument.origin == Reference(0, ("boxes", EACH, "id"))


def test_what_holds_too_rarely_is_told() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, box = token(random), token(random)
        desk.say(f"About {key}.")
        desk.call("get_first", {"box": box}, key=key)
        desk.call("get_second", "ok", box=box if random.random() < 0.6 else token(random))

    assert doubts(last(work, "box", 20))[0][1].endswith("of 20 places only")


@pytest.mark.parametrize(
    ("result", "argument", "doubt"),
    [
        ({"colour": "{1}"}, "{1}", "the names do not speak of the same thing"),
        ({"box": "{digit}"}, "{digit}", "so few and so plain values agree by accident"),
        ({"box": "always"}, "always", "the value is the same in all tasks"),
    ],
)
def test_accidents_are_no_references(result: JSON, argument: str, doubt: str) -> None:
    def work(desk: Desk, random: Random) -> None:
        digit, tokens = str(random.randrange(3)), [token(random), token(random)]
        desk.say(f"About {tokens[0]}.")
        made = {key: value.format(*tokens, digit=digit) for key, value in result.items()}
        desk.call("get_first", made, key=tokens[0])
        desk.call("get_second", "ok", box=argument.format(*tokens, digit=digit))

    assert ("Reference", doubt) in doubts(last(work, "box", 6))


def test_a_parameter_is_shared_unless_by_accident() -> None:
    assert last(two({}, key="{0}"), "key").argument.origin == Parameter(0)

    def work(desk: Desk, random: Random) -> None:
        size = random.randrange(3)
        desk.say(f"About {size}.")
        desk.call("get_first", {}, size=size)
        desk.call("get_second", "ok", size=size)

    found = last(work, "size", 6)
    assert found.argument.origin == Parameter(1)
    assert ("Parameter", "so few and so plain values agree by accident") in doubts(found)


def test_what_the_person_named_each_time_is_a_parameter_though_an_output_held_it_too() -> None:
    lucky = last(two({"box": "{1}"}, said="About {0} in {1}.", box="{1}"), "box")
    assert isinstance(lucky.argument.origin, Parameter)
    assert doubts(lucky)[0] == ("Reference", NAMED)
    given = last(two({"key": "{0}"}, said="About {0}.", key="{0}"), "key")
    assert isinstance(given.argument.origin, Reference), "an echo of what the caller gives is no luck"


def test_composed_texts() -> None:
    origin = last(two({"id": "{1}"}, path="boxes/{1}.json"), "path").argument.origin
    assert origin == Parameter(1)  # neither `path` nor `boxes` speaks of the first tool's id
    origin = last(two({"box": "{1}"}, path="boxes/{1}.json"), "path").argument.origin
    assert origin == Composed("boxes/", Reference(0, ("box",)), ".json")
    origin = last(two({}, path="boxes/{0}.json"), "path").argument.origin
    assert origin == Composed("boxes/", Parameter(0), ".json")


def test_a_composed_parameter_must_have_been_said_and_its_whole_not() -> None:
    unsaid = last(two({}, path="boxes/{3}.json"), "path")
    assert unsaid.argument.origin == Parameter(1)
    assert ("Composed", "the person said what would stand in it in 0 of 10 places only") in doubts(unsaid)
    said = last(two({}, said="About {0}, see boxes/{3}.json", path="boxes/{3}.json"), "path")
    assert ("Composed", "the person says the whole of it") in doubts(said)


@pytest.mark.parametrize(
    ("fixed", "kept"), [("v2/2031", True), ("localhost:8080", True), ("4-82-13", False), ("u_48213", False)]
)
def test_a_fixed_text_that_identifies_something_is_not_composed(fixed: str, kept: bool) -> None:
    path = last(two({"box": "{1}"}, url=f"{fixed}/boxes/{{1}}"), "url")
    assert isinstance(path.argument.origin, Composed) == kept
    assert (("Composed", "its fixed text identifies something") in doubts(path)) != kept
    said = last(two({}, url=f"{fixed}/boxes/{{0}}"), "url")
    assert isinstance(said.argument.origin, Composed) == kept


@pytest.mark.parametrize(
    ("together", "origin"), [(False, Composed("boxes/", Reference(0, ("box",)), "")), (True, Parameter(1))]
)
def test_a_composed_text_holds_no_output_that_the_call_did_not_know(together: bool, origin: Origin) -> None:
    def work(desk: Desk, random: Random) -> None:
        key, box = token(random), token(random)
        desk.say(f"About {key}.")
        calls: list[tuple[str, dict[str, JSON], JSON]]
        calls = [("get_first", {"key": key}, {"box": box}), ("get_second", {"path": f"boxes/{box}"}, "ok")]
        for made in [calls] if together else [calls[:1], calls[1:]]:
            desk.together(made)

    assert last(work, "path").argument.origin == origin


def test_constants_and_what_is_none() -> None:
    given: dict[str, JSON] = {"a": "fixed", "b": True, "c": "blue", "d": "shelf", "e_id": "x", "f": None}
    work = two({"seen": "shelf"}, "About {0}, please, in blue.", **given)
    found = {e.argument.slot[0]: e for e in induced(work).explained if e.step == 1}
    assert found["a"].argument.origin == Constant('"fixed"')
    assert found["b"].argument.origin == Constant("true")
    assert found["f"].argument.origin == Constant("null")
    assert doubts(found["c"])[-1] == ("Constant", "the person said it")
    assert doubts(found["d"])[-1] == ("Constant", "it came out of an earlier result")
    assert doubts(found["e_id"])[-1] == ("Constant", "it identifies something")


def test_a_constant_needs_independent_cases_or_a_closed_choice() -> None:
    def work(desk: Desk, random: Random) -> None:
        schema = {"type": "object", "properties": {"mode": {"enum": ["fast", "slow"]}}}
        desk.tools = ({"type": "function", "function": {"name": "get_second", "parameters": schema}},)
        key = random.choice(["k1", "k2"])
        desk.say(f"About {key}.")
        desk.call("get_first", {}, key=key)
        desk.call("get_second", "ok", mode="fast", tone="warm")

    found = {e.argument.slot[0]: e for e in induced(work).explained if e.step == 1}
    assert found["mode"].argument.origin == Constant('"fast"')
    assert doubts(found["tone"])[-1] == ("Constant", "it was seen with too few independent cases")


def listed(**arguments: JSON) -> Work:
    """`list_boxes(shelf)`, then `get_box` for each box: `id` and `n` are the box's, `free` is new each time."""

    def work(desk: Desk, random: Random) -> None:
        shelf, boxes = token(random), [{"id": token(random), "n": str(random.randrange(3))} for _ in range(4)]
        desk.say(f"What is in {shelf}?")
        desk.call("list_boxes", {"boxes": boxes}, shelf=shelf)
        for box in boxes:
            made = {"id": box["id"], "n": box["n"], "free": token(random)}
            given = {name: made.get(value, value) for name, value in arguments.items()}
            desk.call("get_box", "full", **given)

    return work


def test_a_loop_takes_its_arguments_from_elements_or_keeps_them() -> None:
    found = induced(listed(box_id="id", full=True))
    assert found.pattern[1].loop == Reference(0, ("boxes", EACH))
    origins = [argument.origin for argument in found.pattern[1].arguments]
    assert origins == [Item(("id",)), Constant("true")]


def test_what_changes_from_call_to_call_is_no_loop() -> None:
    found = induced(listed(box_id="id", note="free"))
    assert (found.pattern[1].loop, found.unfolded) == (None, ("`note` changes from call to call of the run",))


def test_a_list_of_something_else_is_no_loop() -> None:
    assert induced(listed(colour="id")).unfolded == (
        "`colour` of `get_box` and the list it would run over do not speak of the same thing",
    )


def test_plain_values_of_a_list_are_no_loop() -> None:
    assert "could agree with a list by accident" in induced(listed(n="n"), 3).unfolded[0]


def refused(work: Work, count: int = 10) -> list[str]:
    return list(structure(induced(work, count), 3))


def test_a_list_that_nothing_explains_is_refused() -> None:
    reasons = refused(two({}, labels=["{1}"]))
    assert "`labels` is a list that nothing explains: what goes into it is a decision" in reasons


def test_how_often_a_call_is_made_with_what_the_caller_gives_is_a_decision() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, things = token(random), [token(random) for _ in range(3)]
        desk.say(f"With {key}: {', '.join(things)}.")
        for thing in things:
            desk.call("like_thing", "ok", key=key, thing=thing)

    again = "`like_thing` is called again with what the caller gives: how often is a decision"
    assert refused(work) == [again, again]


def test_few_cases_are_refused() -> None:
    def work(desk: Desk, random: Random) -> None:
        key = random.choice(["k-1234", "k-5678"])
        desk.say(f"About {key}.")
        desk.call("get_first", {"box": f"b-{key}"}, key=key)
        desk.call("get_second", "ok", box=f"b-{key}")

    assert refused(work) == ["its cases are not independent: fewer than 3 different ones were seen"]


def test_writing_in_a_loop_is_refused_however_it_came_about() -> None:
    def work(desk: Desk, random: Random) -> None:
        listed(box_id="id")(desk, random)
        first = desk.messages[1]["tool_calls"][0]["function"]
        desk.call("close_shelf", "closed", **json.loads(first["arguments"]))

    assert refused(work) == ["it writes and runs over a list: a procedure that writes does not loop"]


def test_a_step_that_nothing_ties_needs_no_parameter_and_follows_surely() -> None:
    untied = two({"box": "{1}"}, box="{2}")
    assert refused(untied) == ["nothing but the order of the calls ties `get_second` to the rest"]
    alone = induced(two({}, day="today"))
    assert list(structure(alone, 3)) == []
    assert followed(alone, 0.9)
    assert not followed(alone, 0.89)


def test_what_is_tied_by_data_need_not_follow_each_time() -> None:
    shared = induced(two({}, key="{0}"))
    assert shared.pattern[1].arguments[0].origin == Parameter(0)
    assert followed(shared, 0.2)
    flowing = induced(two({"box": "{1}"}, box="{1}"))
    assert followed(flowing, 0.2)
    assert not followed(flowing, 0.19)
    assert followed(induced(listed(box_id="id")), 0.2)


def followed(found: Induced, commit: float) -> bool:
    """Whether it is enough that the rest follows so often."""
    return not list(proof(Proof(Replay(10, 1, 1, 0.5, commit), 1), found.pattern, 3))


@pytest.mark.parametrize(
    ("proved", "reasons"),
    [
        (Proof(Replay(10, 0.95, 0.8, 0.34, 0.2), 0.9), 0),
        (Proof(Replay(2, 1, 1, 1, 1), 1), 1),
        (Proof(Replay(10, 0.94, 0.8, 0.33, 0.19), 0.89), 4),
    ],
)
def test_proof(proved: Proof, reasons: int) -> None:
    tied = induced(two({"box": "{1}"}, box="{1}"))
    assert len(list(proof(proved, tied.pattern, 3))) == reasons


def test_the_procedure_expects_what_later_steps_use_of_an_output() -> None:
    procedure = build(induced(two({"box": {"id": "{1}", "n": 3, "more": 1}}, box_id="{1}", box_n=3)))
    assert procedure.steps[0].expect == {
        "type": "object",
        "required": ["box"],
        "properties": {"box": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}},
    }
    assert procedure.steps[1].expect is None
    loop = build(induced(listed(box_id="id")))
    assert loop.steps[0].expect == {
        "type": "object",
        "required": ["boxes"],
        "properties": {
            "boxes": {
                "type": "array",
                "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            }
        },
    }
