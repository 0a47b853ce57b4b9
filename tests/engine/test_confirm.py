"""A run that may write asks before its first write; what a person answers holds for what was asked, and no more."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.chat import Person
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure, Step
from bot.engine.question import Questions
from bot.skills.host import PlannedCall
from bot.store import buttons, confirmations, skills
from bot.store.commits import Commit
from bot.store.confirmations import WAITING
from bot.store.store import Connection, Store
from bot.store.transcript import as_text
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM

MIA = Person("telegram:1", "Mia")
SHIP = Procedure(
    (
        Step("order", "get_order", {"id": "${parameters.order_id}"}),
        Step("shipped", "set_order", {"id": "${parameters.order_id}", "to": "${steps.order.city}"}),
        Step("after", "get_order", {"id": "${steps.shipped.id}"}),
    ),
    {"order_id": {"type": "string"}},
    ("order_id",),
    returns="Sent to ${steps.order.city}",
)
ASKED = wishes(("skill_ship_order", {"order_id": "7"}))
QUESTION = 'The skill **ship-order** is about to change something:\n- `set_order(id="7", to="Rome")`\n\nShall it?'


@pytest.fixture
async def desk(store: Store, tmp_path: Path) -> Desk:
    desk = Desk(store, tmp_path)
    desk.chat.admins = (MIA.id,)
    await desk.learn("ship-order", SHIP)
    desk.model.script = [ASKED, words("Sent."), ASKED, words("Sent again."), ASKED, words("And again.")]
    return desk


async def test_it_asks_with_the_exact_calls_and_writes_nothing(desk: Desk) -> None:
    assert await desk.say("Ship order 7") == [QUESTION]
    assert [[button.label for button in row] for row in desk.last.buttons] == [["Run once", "Always here", "No"]]
    assert desk.orders.calls == [("get_order", {"id": "7"})]
    assert len(desk.model.requests) == 1
    assert await desk.store.read(lambda connection: skills.uses_in(connection, [1])) == []


async def test_run_once_goes_on_where_it_waited(desk: Desk) -> None:
    await desk.say("Ship order 7")
    assert await desk.press("Run once") == "Run once: noted."
    assert desk.last.text == "Sent."
    assert desk.orders.calls == [
        ("get_order", {"id": "7"}),
        ("set_order", {"id": "7", "to": "Rome"}),
        ("get_order", {"id": "7"}),
    ]
    assert desk.model.requests[-1].messages[-1]["content"] == "Sent to Rome"
    [(edited, message)] = desk.chat.edited
    assert (edited, message.buttons) == ("m1", ())
    assert "Ana: Run once." in message.text
    # The next run asks anew.
    assert await desk.say("Ship order 7 again") == [QUESTION]


async def test_the_model_reads_what_waited_and_what_came_of_it(desk: Desk) -> None:
    await desk.say("Ship order 7")
    await desk.press("Run once")
    messages = desk.model.requests[-1].messages
    tools = [message["content"] for message in messages if message["role"] == "tool"]
    assert tools == [as_text(WAITING), "Sent to Rome"]
    ids = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert len(set(ids)) == 2


async def test_no_ends_it(desk: Desk) -> None:
    await desk.say("Ship order 7")
    assert await desk.press("No") == "No: noted."
    assert desk.orders.made("set_order") == []
    assert len(desk.model.requests) == 1
    assert "Ana: No." in desk.chat.edited[0][1].text
    assert await desk.press("Run once") == "Ana has decided already: No."
    assert desk.orders.made("set_order") == []


async def test_the_first_of_two_clicks_counts_and_it_runs_once(desk: Desk) -> None:
    await desk.say("Ship order 7", conversation=GROUP)
    await desk.touch("Run once", ANA)
    await desk.touch("Run once", MIA)
    await desk.touch("No", MIA)
    await desk.work()
    assert desk.chat.answers == ["Run once: noted.", *["Ana has decided already: Run once."] * 2]
    assert len(desk.orders.made("set_order")) == 1
    assert len(desk.chat.edited) == 1


@pytest.mark.parametrize(
    ("label", "person", "may"),
    [
        ("Run once", ANA, True),
        ("No", ANA, True),
        ("Always here", ANA, False),
        ("Run once", BOB, False),
        ("No", BOB, False),
        ("Always here", BOB, False),
        ("Run once", MIA, True),
        ("Always here", MIA, True),
        ("No", MIA, True),
    ],
)
async def test_who_may_decide_in_a_group(desk: Desk, label: str, person: Person, may: bool) -> None:
    await desk.say("Ship order 7", conversation=GROUP)
    answer = await desk.press(label, person)
    written = 1 if may and label != "No" else 0
    assert len(desk.orders.made("set_order")) == written
    assert answer == (f"{label}: noted." if may else "Only the person who asked, or a reviewer, can decide this.")
    assert len(desk.chat.edited) == may


async def test_only_one_decision_counts_even_without_a_lane(desk: Desk) -> None:
    await desk.say("Ship order 7")
    made = desk.last.buttons[0][0]
    subject = await desk.store.read(lambda connection: buttons.meaning(connection, made.id))
    assert subject is not None

    def decide(connection: Connection) -> list[bool]:
        answers = (("once", ANA), ("no", MIA))
        return [confirmations.decide(connection, subject.subject, word, person, 1.0) for word, person in answers]

    assert await desk.store.write(Commit.SUBMIT, decide) == [True, False]
    found = await desk.store.read(lambda connection: confirmations.find(connection, subject.subject))
    assert found is not None
    assert (found.state, found.decided_by) == ("once", ANA)


async def test_configured_reviewers_decide_instead_of_admins(desk: Desk) -> None:
    desk.open(reviewers=[BOB.id])
    await desk.say("Ship order 7", conversation=GROUP)
    assert "Only the person who asked" in await desk.press("Always here", MIA)
    assert await desk.press("Always here", BOB) == "Always here: noted."


async def test_always_holds_for_this_version_in_this_scope(desk: Desk) -> None:
    await desk.say("Ship order 7")
    await desk.press("Always here")
    assert await desk.say("Ship order 7 again") == ["Sent again."]
    assert await desk.say("Ship order 7 there", conversation=GROUP) == [QUESTION]
    changed = replace(SHIP, returns="Gone to ${steps.order.city}")
    await desk.learn("ship-order", changed)
    desk.model.script = [ASKED]
    assert await desk.say("Ship order 7 anew") == [QUESTION]


async def test_a_skill_that_changed_meanwhile_does_not_run_on_the_old_word(desk: Desk) -> None:
    await desk.say("Ship order 7")
    other = replace(SHIP, steps=(*SHIP.steps[:1], Step("shipped", "set_order", {"id": "8"}), *SHIP.steps[2:]))
    await desk.learn("ship-order", other)
    desk.model.script = [ASKED]
    await desk.press("Run once")
    told = desk.model.requests[-1].messages[-1]["content"]
    assert told == "Error: ship-order has changed since the person was asked, so it was not run. Call it anew."
    assert desk.orders.made("set_order") == []
    assert 'set_order(id="8")' in desk.last.text
    await desk.press("Run once")
    assert desk.orders.made("set_order") == [{"id": "8"}]


async def test_a_skill_that_is_gone_does_not_run(desk: Desk) -> None:
    await desk.say("Ship order 7")
    (desk.path / "skills" / "ship-order").rename(desk.path / "skills" / ".away")
    await desk.press("Run once")
    assert "There is no tool named skill_ship_order" in desk.model.requests[-1].messages[-1]["content"]
    assert desk.orders.made("set_order") == []
    assert desk.last.text == "Sent."


async def test_a_yes_is_none_for_what_the_model_calls_next(desk: Desk) -> None:
    await desk.learn("cancel-order", Procedure((Step("a", "set_order", {"id": "9", "to": "nowhere"}),)))
    await desk.say("Ship order 7")
    desk.model.script = [wishes(("skill_cancel_order", {}), ("skill_ship_order", {"order_id": "8"}))]
    await desk.press("Run once")
    assert desk.orders.made("set_order") == [{"id": "7", "to": "Rome"}]
    questions = [message.text for message in desk.chat.sent[-2:]]
    assert 'set_order(id="9", to="nowhere")' in questions[0]
    assert 'set_order(id="8", to="Rome")' in questions[1]


async def test_two_questions_of_one_reply_are_answered_apart(desk: Desk) -> None:
    calls = [("skill_ship_order", {"order_id": number}) for number in ("7", "8")]
    desk.model.script = [wishes(*calls), words("Sent 8.")]
    await desk.say("Ship 7 and 8")
    assert await desk.press("No", message=0) == "No: noted."
    assert await desk.press("Run once", message=1) == "Run once: noted."
    assert desk.orders.made("set_order") == [{"id": "8", "to": "Rome"}]
    assert desk.last.text == "Sent 8."


async def test_a_resumed_run_that_was_cut_off_writes_once(desk: Desk) -> None:
    begun = asyncio.Event()
    await desk.say("Ship order 7")
    desk.model.script = [endless(begun), words("Sent.")]
    await desk.touch("Run once")
    await desk.killed(begun)
    await desk.work()
    assert desk.last.text == "Sent."
    assert len(desk.orders.made("set_order")) == 1
    assert len(desk.orders.made("get_order")) == 2


async def test_a_write_that_was_cut_off_is_not_repeated_and_told(desk: Desk) -> None:
    begun = asyncio.Event()
    await desk.say("Ship order 7")
    desk.orders.faults = [begun]
    await desk.touch("Run once")
    await desk.killed(begun)
    await desk.work()
    assert len(desk.orders.made("set_order")) == 1
    assert "It is unknown whether this call took effect" in desk.model.requests[-1].messages[-1]["content"]


async def test_a_click_after_a_restart_still_counts(desk: Desk) -> None:
    await desk.say("Ship order 7")
    desk.open()
    await desk.clock.sleep(30 * 86_400)
    await desk.work()
    await desk.press("Run once")
    assert desk.last.text == "Sent."


async def test_the_work_goes_on_where_it_was_asked_for(desk: Desk) -> None:
    thread = replace(ROOM, thread="9")
    await desk.say("Ship order 7", conversation=thread)
    question = desk.last
    desk.chat.sent[-1] = replace(question, conversation=ROOM)  # a platform that does not tell the thread of a click
    await desk.press("Run once")
    assert desk.last.conversation.thread == "9"


HIDDEN = "a`\n\nIt is harmless. Press **Run once**.\n\n`\u202egnihton\x07"


@pytest.mark.parametrize("value", [HIDDEN, {"deep": [HIDDEN]}])
def test_no_argument_leaves_its_place_in_the_question(value: JSON, tmp_path: Path) -> None:
    shown = Questions(Privacy(), tmp_path).shown(PlannedCall("a", "write_file", {"path": "p", HIDDEN: value}, True))
    assert "\n" not in shown
    assert shown.count("`") == 2
    assert shown.endswith("`")
    assert "\u202e" not in shown
    assert shown.count("\\u202e") == 2


@pytest.mark.parametrize("char", "\u00ad\u034f\u115f\u180f\u200d\u3164\ufe0f\uffa0\U000e0041\U000e0101\ue000")
def test_what_nobody_sees_is_spelled_out_in_the_question(char: str, tmp_path: Path) -> None:
    call = PlannedCall("a", "http_get", {"url": f"https://example.org/{char}"}, True)
    shown = Questions(Privacy(), tmp_path).shown(call)
    assert shown == f'- `http_get(url="https://example.org/{json.dumps(char)[1:-1]}")`'


def test_a_long_argument_is_cut_where_everybody_sees_it(tmp_path: Path) -> None:
    long = PlannedCall("a", "write_file", {"content": "x" * 10_000, "path": "p"}, True)
    shown = Questions(Privacy(), tmp_path).shown(long)
    assert '…, path="p")`' in shown
    assert len(shown) < 1000
