"""Replay: where a procedure matches, what it makes of the recorded calls, and what the shares count."""

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Provenance, Step
from bot.domain.trace import Trace
from bot.learning.mining import Replay, Replayed, replay
from tests.learning.workplaces import Desk

LOOP = Procedure(
    steps=(
        Step("user", "get_user", {"id": "${parameters.user}"}),
        Step("orders", "get_order", {"id": "${item}", "full": True}, for_each="${steps.user.orders}"),
    ),
    parameters={"user": {"type": "string"}},
    required=("user",),
)


def orders(*read: str, user: str = "u7", said: str = "What of u7?", of: tuple[str, ...] = ("a1", "a2", "a3")) -> Trace:
    desk = Desk(f"{user}-{'-'.join(read)}")
    desk.say(said)
    desk.call("get_user", {"orders": list(of)}, id=user)
    for order in read:
        desk.call("get_order", {"open": True}, id=order, full=True)
    return desk.trace()


def test_a_loop_may_read_more_but_not_less() -> None:
    shares, (match,) = replay(LOOP, [orders("a1", "a3")])
    assert shares == Replay(1, 1, 1, 4 / 5, 1)
    assert match.calls == (
        Replayed("user", "get_user", {"id": "u7"}, {"id": "u7"}),
        Replayed("orders", "get_order", {"id": "a1", "full": True}, {"id": "a1", "full": True}),
        Replayed("orders", "get_order", {"id": "a3", "full": True}, {"id": "a3", "full": True}),
        Replayed("orders", "get_order", None, {"id": "a2", "full": True}),
    )
    shares, (match,) = replay(LOOP, [orders("a1", "b9")])
    assert (shares.exact, match.calls[2].recorded, match.calls[2].reproduced) == (0, {"id": "b9", "full": True}, None)


def test_a_for_each_takes_one_or_more() -> None:
    shares, matches = replay(LOOP, [orders()])
    assert (shares.matches, shares.commit, matches) == (0, 0, [])
    assert replay(LOOP, [orders("a2")])[0].matches == 1


def test_commit_counts_every_call_of_the_first_tool() -> None:
    assert replay(LOOP, [orders("a1"), orders("a2"), orders(), orders(user="u8")])[0].commit == 1 / 2


def test_a_parameter_is_known_when_it_was_said_or_seen_before() -> None:
    assert replay(LOOP, [orders("a1", said="What of (U7)?")])[0].bindable == 1
    assert replay(LOOP, [orders("a1", said="What of u77?")])[0].bindable == 0
    desk = Desk("seen")
    desk.say("Who is it?")
    desk.call("get_shift", {"on_call": "u7"}, day="today")
    desk.messages += orders("a1", said="Go on.").messages
    assert replay(LOOP, [desk.trace()])[0].bindable == 1


def test_failed_calls_stand_apart_and_the_persons_words_between() -> None:
    desk = Desk("failed")
    desk.say("What of u7?")
    desk.call("get_user", {"orders": ["a1"]}, id="u7")
    desk.call("get_order", "Error: try again", id="a1")
    desk.call("get_order", {"open": True}, id="a1", full=True)
    assert replay(LOOP, [desk.trace()])[0].exact == 1
    desk.messages.insert(3, {"role": "user", "content": "Hm."})
    assert replay(LOOP, [desk.trace()])[0].matches == 0


def test_tasks_that_it_was_learned_from_are_left_out() -> None:
    learned = Procedure(LOOP.steps, LOOP.parameters, LOOP.required, provenance=Provenance("mined", ("u7-a1",)))
    assert replay(learned, [orders("a1"), orders("a2")])[0].matches == 1


def test_what_cannot_be_evaluated_is_not_reproduced() -> None:
    shares, (match,) = replay(LOOP, [orders("a1", of=())])
    assert (shares.exact, match.calls[1].reproduced) == (0, None)


def one(template: JSON, recorded: JSON, schema: JSON = None) -> Replay:
    procedure = Procedure((Step("x", "get_x", {"v": template}),), {"p": {"type": "string"}})
    desk = Desk("one")
    if schema:
        desk.tools = ({"type": "function", "function": {"name": "get_x", "parameters": schema}},)
    desk.say("Hello.")
    desk.call("get_x", "ok", v=recorded)
    return replay(procedure, [desk.trace()])[0]


def test_parameters_are_read_off_composed_texts() -> None:
    assert one("a/${parameters.p}.json", "a/7.json").exact == 1
    assert one("a/${parameters.p}.json", "b/7.json").exact == 0
    assert one("${parameters.p | to_string(@)}", "7").exact == 0


def test_a_text_that_spells_a_number_is_converted_where_the_schema_wants_one() -> None:
    procedure = Procedure((Step("n", "get_n"), Step("x", "get_x", {"v": "${steps.n}"})))
    schema = {"type": "object", "properties": {"v": {"type": "integer"}}}
    desk = Desk("number", tools=({"type": "function", "function": {"name": "get_x", "parameters": schema}},))
    desk.say("Hello.")
    desk.call("get_n", "42")
    desk.call("get_x", "ok", v=42)
    assert replay(procedure, [desk.trace()])[0].exact == 1


def test_a_list_that_the_caller_gives_is_read_off_the_whole_run() -> None:
    step = Step("orders", "get_order", {"id": "${item}"}, for_each="${parameters.ids}")
    desk = Desk("list")
    desk.say("Read a1 and a2.")
    desk.call("get_order", "x", id="a1")
    desk.call("get_order", "y", id="a2")
    shares = replay(Procedure((step,), {"ids": {"type": "array"}}), [desk.trace()])[0]
    assert (shares.matches, shares.exact, shares.bindable, shares.determined) == (1, 1, 1, 0)


def test_prompt_steps_are_passed_over() -> None:
    steps = (*LOOP.steps, Step("words", prompt="Sum up ${steps.orders}"))
    assert replay(Procedure(steps, LOOP.parameters), [orders("a1")])[0].exact == 1


def test_a_chain_of_one_tool_matches_once() -> None:
    steps = (
        Step("customer", "read_file", {"path": "customers/${parameters.name}.json"}),
        Step("orders", "read_file", {"path": "orders/${item}.json"}, for_each="${steps.customer.orders}"),
    )
    desk = Desk("chain")
    desk.say("What of ana?")
    desk.call("read_file", {"orders": [1, 2]}, path="customers/ana.json")
    desk.call("read_file", {}, path="orders/1.json")
    desk.call("read_file", {}, path="orders/2.json")
    shares = replay(Procedure(steps, {"name": {}}), [desk.trace()])[0]
    assert (shares.matches, shares.exact) == (1, 1)
