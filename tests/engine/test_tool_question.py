"""A tool whose policy is to ask is called when a person said yes to that very call, and to the tool as it is."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.chat import Outgoing, Person
from bot.domain.json import JSON
from bot.domain.policy import Policy
from bot.domain.skill import Procedure, Step
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.store import audit, permissions
from bot.store.confirmations import WAITING
from bot.store.store import Store
from bot.store.transcript import as_text
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM

MIA = Person("telegram:1", "Mia")
ASKED = wishes(("set_order", {"id": "7", "to": "Rome"}))
CALL = '- `set_order(id="7", to="Rome")`'
QUESTION = f"I would like to do this, and need a person's word:\n{CALL}\n\nShall I?"


@pytest.fixture
async def desk(store: Store, tmp_path: Path) -> Desk:
    desk = Desk(store, tmp_path)
    desk.chat.admins = (MIA.id,)
    outside(desk)
    desk.model.script = [ASKED, words("Sent."), ASKED, words("Sent again.")]
    return desk


def outside(desk: Desk, **changes: JSON) -> None:
    """Orders change things elsewhere; `changes` of the tool's schema."""
    desk.orders.known = [
        replace(tool, outside=not tool.reads, schema={**tool.schema, **(changes if not tool.reads else {})})
        for tool in desk.orders.known
    ]


def rule(desk: Desk, word: str, scope: str = "", name: str = "set_order") -> None:
    """Start anew under a table with one entry."""
    desk.policy = Policy({scope: {name: word}})  # type: ignore[dict-item]  # the tests name words as the file does
    desk.open()


def text_of(message: Outgoing) -> str:
    """The file beside a message."""
    return Path(message.file).read_text("utf-8")


def given(desk: Desk) -> str:
    """What the model read last of a tool."""
    content: str = desk.model.requests[-1].messages[-1]["content"]
    return content


async def test_it_asks_with_the_exact_call_and_does_nothing(desk: Desk) -> None:
    assert await desk.say("Send order 7 to Rome") == [QUESTION]
    assert [[button.label for button in row] for row in desk.last.buttons] == [["Run once", "Always here", "No"]]
    assert desk.orders.calls == []
    assert len(desk.model.requests) == 1
    assert "- Waiting for a decision: set_order" in (await desk.say("/status"))[0]
    assert "- Waiting for a decision: nothing" in (await desk.say("/status", conversation=GROUP))[0]


async def test_run_once_makes_that_call_and_the_model_goes_on(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    assert await desk.press("Run once") == "Run once: noted."
    assert desk.orders.calls == [("set_order", {"id": "7", "to": "Rome"})]
    assert desk.last.text == "Sent."
    results = [message["content"] for message in desk.model.requests[-1].messages if message["role"] == "tool"]
    assert results == [as_text(WAITING), '{"id":"7","city":"Rome"}']
    [(_, closed)] = desk.chat.edited
    assert (closed.text, closed.buttons) == (f"{CALL}\n\nAna: Run once.", ())
    assert await desk.say("And again") == [QUESTION]


async def test_no_leaves_it(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    assert await desk.press("No") == "No: noted."
    assert await desk.press("Run once") == "Ana has decided already: No."
    assert (desk.orders.calls, len(desk.model.requests)) == ([], 1)
    await desk.say("What now?")
    assert "I answer No for set_order." in [message["content"] for message in desk.model.requests[-1].messages]


@pytest.mark.parametrize(
    ("label", "person", "may"),
    [("Run once", ANA, True), ("Always here", ANA, False), ("No", BOB, False), ("Always here", MIA, True)],
)
async def test_who_may_answer_in_a_group(desk: Desk, label: str, person: Person, may: bool) -> None:
    await desk.say("Send order 7 to Rome", conversation=GROUP)
    await desk.press(label, person)
    assert len(desk.orders.calls) == may


async def test_of_several_clicks_the_first_counts(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome", conversation=GROUP)
    for label, person in (("Run once", ANA), ("Always here", MIA), ("No", MIA)):
        await desk.touch(label, person)
    await desk.work()
    assert len(desk.orders.calls) == 1
    assert await desk.say("And again", conversation=GROUP) == [QUESTION]


async def test_always_holds_for_the_tool_in_this_scope(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    await desk.press("Always here")
    desk.open()
    assert await desk.say("And again") == ["Sent again."]
    desk.model.script = [ASKED]
    assert await desk.say("Send it", conversation=GROUP) == [QUESTION]
    [event] = await desk.store.read(lambda connection: audit.events(connection, "set_order"))
    assert (event.action, event.scope, event.by, event.origin) == ("allowed", ROOM.scope, ANA, ROOM.key)


async def test_it_is_listed_and_taken_back(desk: Desk) -> None:
    assert "- Without asking: nothing" in (await desk.say("/status"))[0]
    await desk.say("Send order 7 to Rome")
    await desk.press("Always here")
    assert "- Without asking: `set_order`" in (await desk.say("/status"))[0]
    assert "- Without asking: nothing" in (await desk.say("/status", conversation=GROUP))[0]
    desk.chat.sent.pop()
    listed = len(desk.chat.sent) - 1
    assert await desk.press("Take set_order back", BOB) == "I ask before set_order again."
    assert desk.last.text == "I ask before `set_order` again: Bob decided it."
    assert await desk.press("Take set_order back", message=listed) == "I ask before set_order already."
    assert await desk.say("And again") == [QUESTION]
    events = await desk.store.read(lambda connection: audit.events(connection, "set_order"))
    assert [(event.action, event.by) for event in events] == [("allowed", ANA), ("taken-back", BOB)]


async def test_a_tool_that_has_changed_is_asked_about_anew(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    await desk.press("Always here")
    outside(desk, title="All orders")
    assert await desk.say("And again") == [QUESTION]
    await desk.press("Always here")
    [kept] = await desk.store.read(lambda connection: permissions.given(connection, ROOM.scope))
    assert kept.ref.name == "set_order"
    desk.model.script = [ASKED, words("Sent.")]
    assert await desk.say("Once more") == ["Sent."]


async def test_a_yes_to_a_tool_that_changed_meanwhile_asks_again(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    outside(desk, title="All orders")
    await desk.press("Run once")
    assert desk.orders.calls == []
    assert desk.last.text == QUESTION
    await desk.press("Run once")
    assert len(desk.orders.calls) == 1


async def test_a_yes_is_for_one_call(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    desk.model.script = [wishes(("set_order", {"id": "8", "to": "Rome"}))]
    await desk.press("Run once")
    assert desk.orders.made("set_order") == [{"id": "7", "to": "Rome"}]
    assert 'id="8"' in desk.last.text


async def test_several_calls_of_a_round_are_asked_about_one_by_one(desk: Desk) -> None:
    desk.model.script = [wishes(*(("set_order", {"id": id}) for id in "12"), ("get_order", {"id": "3"}))]
    first, second = await desk.say("Send both")
    assert ('id="1"' in first, 'id="2"' in second) == (True, True)
    assert desk.orders.calls == [("get_order", {"id": "3"})]
    desk.model.script = [words("Two is done."), words("One is done.")]
    await desk.press("Run once", message=1)
    await desk.press("Run once", message=0)
    assert desk.orders.made("set_order") == [{"id": "2"}, {"id": "1"}]


async def test_a_call_that_would_be_refused_anyway_asks_nobody(desk: Desk) -> None:
    desk.model.script = [wishes(("set_order", {"to": "Rome"})), wishes(("set_order", "{")), words("Which one?")]
    assert await desk.say("Send it") == ["Which one?"]
    errors = [message["content"] for message in desk.model.requests[-1].messages if message["role"] == "tool"]
    assert errors[0].startswith("Error: The arguments do not fit set_order: 'id' is a required property")
    assert errors[1].startswith("Error: The arguments are not valid JSON")


async def test_a_tool_that_is_away_asks_nobody(desk: Desk) -> None:
    desk.orders.known = [replace(tool, away="The shop is closed.") for tool in desk.orders.known]
    assert await desk.say("Send order 7 to Rome") == ["Sent."]
    assert given(desk) == "Error: The shop is closed."


async def test_deny_is_not_offered_and_refused(desk: Desk) -> None:
    rule(desk, "deny")
    assert await desk.say("Send order 7 to Rome") == ["Sent."]
    assert "set_order" not in [tool.name for tool in desk.model.requests[0].tools]
    assert given(desk).startswith("Error: set_order may not be used here: the operator's apprentice.toml denies it.")
    assert desk.orders.calls == []


@pytest.mark.parametrize("label", ["Run once", "Always here"])
async def test_deny_wins_over_every_yes(desk: Desk, label: str) -> None:
    await desk.say("Send order 7 to Rome")
    rule(desk, "deny", ROOM.scope, "set_*")
    await desk.press(label)
    assert desk.orders.calls == []
    assert "denies it" in given(desk)


async def test_the_table_may_allow_and_ask(desk: Desk) -> None:
    rule(desk, "allow")
    assert await desk.say("Send order 7 to Rome") == ["Sent."]
    rule(desk, "ask", GROUP.scope, "get_order")
    desk.model.script = [wishes(("get_order", {"id": "7"}))]
    assert '`get_order(id="7")`' in (await desk.say("Look", conversation=GROUP))[0]


async def test_what_holds_a_secret_cannot_wait_for_a_person(desk: Desk) -> None:
    secret = {"id": "7", "password": "hunter2hunter2", "note": "key sesame-123"}
    desk.model.script = [wishes(("set_order", secret)), words("I cannot send it.")]
    assert await desk.say("Send it") == ["I cannot send it."]
    assert "what waits for them is stored, and no secret is" in given(desk)
    assert desk.orders.made("set_order") == []
    assert "hunter2" not in str(desk.chat.edited)


async def test_what_is_too_long_to_show_comes_whole_in_a_file(desk: Desk) -> None:
    long = {"id": "7", "text": "line\n" * 500, "hidden": "a\u202eb"}
    desk.model.script = [wishes(("set_order", long))]
    file, question = (await desk.say("Send it"), desk.chat.sent[-2:])[1]
    assert "This is cut; the file set_order.json has all of it." in question.text
    assert len(question.text) < 3_500
    whole = text_of(file)
    assert "\\u202e" in whole
    [told] = json.loads(whole)
    assert told["arguments"] == long


async def test_clicks_after_a_restart_and_much_later(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    desk.open()
    await desk.clock.sleep(30 * 86_400)
    await desk.work()
    await desk.press("Run once")
    assert desk.last.text == "Sent."


async def test_a_click_after_a_fresh_start_still_makes_the_call(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    question = len(desk.chat.sent) - 1
    await desk.say("/new")
    await desk.press("Run once", message=question)
    assert len(desk.orders.calls) == 1
    assert desk.last.text == "Sent."


async def test_a_click_on_what_was_forgotten_does_nothing(desk: Desk) -> None:
    await desk.say("Send order 7 to Rome")
    question = len(desk.chat.sent) - 1
    await desk.say("/forget")
    await desk.press("Delete")
    assert "from another time" in await desk.press("Run once", message=question)
    assert desk.orders.calls == []


async def test_a_kill_after_the_yes_repeats_no_write(desk: Desk) -> None:
    begun = asyncio.Event()
    await desk.say("Send order 7 to Rome")
    desk.orders.faults = [begun]
    await desk.touch("Run once")
    await desk.killed(begun)
    await desk.work()
    assert len(desk.orders.calls) == 1
    assert "It is unknown whether this call took effect" in given(desk)


async def test_a_kill_before_the_question_puts_it_once(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun), ASKED]
    await desk.hear("Send order 7 to Rome")
    await desk.killed(begun)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == [QUESTION]


LOOK = Procedure(
    (
        Step("all", "get_order", {"id": "${item}"}, for_each="${parameters.ids}"),
        Step("one", "get_order", {"id": "9"}),
    ),
    {"ids": {"type": "array", "items": {"type": "string"}}},
    ("ids",),
)
LOOKS = wishes(("skill_look_up", {"ids": ["1", "2"]}))


async def test_a_skills_reads_that_are_to_be_asked_about_share_its_question(desk: Desk) -> None:
    rule(desk, "ask", name="get_order")
    await desk.learn("look-up", LOOK)
    desk.model.script = [LOOKS, words("Here."), LOOKS]
    [question] = await desk.say("Look them up")
    assert '- `get_order(id="${item}")`\n- `get_order(id="9")`' in question
    assert desk.orders.calls == []
    await desk.press("Run once")
    assert [arguments["id"] for arguments in desk.orders.made("get_order")] == ["1", "2", "9"]
    assert await desk.say("Again") == [question]


async def test_a_standing_word_for_a_tool_holds_in_a_skill_that_reads(desk: Desk) -> None:
    rule(desk, "ask", name="get_order")
    await desk.learn("look-up", LOOK)
    desk.model.script = [wishes(("get_order", {"id": "5"})), words("Here."), LOOKS, words("Here they are.")]
    await desk.say("Look 5 up")
    await desk.press("Always here")
    assert await desk.say("Look them up") == ["Here they are."]


async def test_a_skill_whose_tool_is_denied_says_why(desk: Desk) -> None:
    await desk.learn("look-up", LOOK)
    rule(desk, "deny", name="get_*")
    desk.model.script = [LOOKS, words("I may not.")]
    await desk.say("Look them up")
    assert "skill_look_up" not in [tool.name for tool in desk.model.requests[0].tools]
    assert "The skill look-up cannot be used now. get_order may not be used here" in given(desk)


async def test_a_run_that_may_not_ask_cannot_call(desk: Desk) -> None:
    """The last door is where the call is made, whatever happened before."""
    rule(desk, "ask", name="get_order")
    offer = await desk.toolbox.offer(ToolContext(ROOM, ANA), "")
    with pytest.raises(ToolError, match="nobody has given it"):
        await offer.call("get_order", {"id": "7"})
