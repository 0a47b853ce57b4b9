"""A skill as a tool: offered in its scope, executed step by step, recorded as a use, handed back when it fails."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.domain.json import JSON
from bot.domain.skill import Check, Procedure, SkillRef, Step, Trigger
from bot.domain.tool import Tool
from bot.engine.work import Limits
from bot.errors import ModelUnavailable, ToolError
from bot.store import audit, journal, skills
from bot.store.skills import Use
from bot.store.store import Store
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import GROUP, ROOM

CITY = Procedure(
    (Step("order", "get_order", {"id": "${parameters.order_id}"}),),
    {"order_id": {"type": "string", "description": "The order's id"}},
    ("order_id",),
    verify=(Check(value="${steps.order.city}", expect={"type": "string", "minLength": 1}),),
    returns="${steps.order.city}",
)
ASKED = wishes(("skill_order_city", {"order_id": "7"}))


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def offered(desk: Desk) -> list[Tool]:
    """The tools of the last request."""
    return [*desk.model.requests[-1].tools]


def told(desk: Desk) -> JSON:
    """What the model read as the skill's result, JSON parsed."""
    text = desk.model.requests[-1].messages[-1]["content"]
    return json.loads(text) if text.startswith("{") else text


async def uses(desk: Desk, turn: int = 1) -> list[Use]:
    return await desk.store.read(lambda connection: skills.uses_in(connection, [turn]))


async def test_a_skill_is_a_tool_with_its_parameters_as_schema(desk: Desk) -> None:
    await desk.learn("order-city", CITY)
    desk.model.script = [words("Hello.")]
    await desk.say("Hi")
    assert offered(desk)[-1] == Tool(
        "skill_order_city",
        "Does order-city.",
        {
            "type": "object",
            "properties": {"order_id": {"type": "string", "description": "The order's id"}},
            "required": ["order_id"],
            "additionalProperties": False,
        },
        reads=True,
    )


async def test_a_skill_is_offered_told_of_and_run_in_its_scope_only(desk: Desk) -> None:
    await desk.learn("order-city", CITY, ROOM.scope)
    desk.model.script = [
        words("Hi."),
        words("Hi."),
        ASKED,
        words("No."),
        wishes(("show_skill", {"name": "order-city"})),
    ]
    desk.model.script += [words("No."), wishes(("list_skills", {})), words("None.")]
    await desk.say("Hi")
    home = offered(desk)
    await desk.say("Hi", conversation=GROUP)
    assert [tool for tool in home if tool not in offered(desk)] == [home[-1]]
    assert home[:-1] == offered(desk)
    for text in ("Run it", "Show it", "List them"):
        await desk.say(text, conversation=GROUP)
        seen = json.dumps([desk.model.requests[-1].messages[-1], [tool.name for tool in offered(desk)]])
        assert "Does order-city" not in seen
        if text == "List them":
            assert "order" not in told(desk)["skills"]
    assert desk.orders.calls == []
    assert (await desk.say("/skill order-city", conversation=GROUP))[0].startswith("There is no skill named")
    assert "order-city" not in (await desk.say("/skills", conversation=GROUP))[0]
    assert "order-city" in (await desk.say("/skills"))[0]


async def test_at_most_eight_are_offered_the_best_first_and_all_can_be_called(desk: Desk) -> None:
    for number in range(10):
        trigger = Trigger(("parcel",) if number == 9 else ())
        procedure = Procedure((Step("a", "get_order", {"id": str(number)}),), trigger=trigger)
        await desk.learn(f"s{number}", procedure)
    desk.model.script = [wishes(("skill_s8", {})), words("Done.")]
    await desk.say("Where is the parcel?")
    names = [tool.name for tool in offered(desk) if tool.name.startswith("skill_")]
    assert names == ["skill_s9", *(f"skill_s{number}" for number in range(7))]
    assert desk.orders.calls == [("get_order", {"id": "8"})]


async def test_a_skill_without_its_tools_is_not_offered(desk: Desk) -> None:
    await desk.learn("order-city", CITY)
    await desk.learn("other", Procedure((Step("a", "get_parcel", {}),)))
    await desk.learn("checked", Procedure((Step("a", "get_order", {"id": "1"}),), verify=(Check("get_parcel"),)))
    desk.model.script = [words("Hi.")]
    await desk.say("Hi")
    assert [tool.name for tool in offered(desk)][-2:] == ["set_order", "skill_order_city"]


async def test_a_skill_that_writes_in_a_check_is_no_reading_tool(desk: Desk) -> None:
    await desk.learn("checked", Procedure((Step("a", "get_order", {"id": "1"}),), verify=(Check("set_order"),)))
    desk.model.script = [words("Hi.")]
    await desk.say("Hi")
    assert not offered(desk)[-1].reads


async def test_a_use_is_journaled_step_by_step_and_recorded(desk: Desk) -> None:
    ref = await desk.learn("order-city", CITY)
    desk.model.script = [ASKED, words("Rome.")]
    assert await desk.say("Where is order 7?") == ["Rome."]
    assert told(desk) == "Rome"
    entries = (await desk.store.read(lambda connection: journal.entries(connection, [1])))[1]
    assert [(entry.place, entry.name, entry.once) for entry in entries] == [
        ("model:0", "", False),
        ("tool:0.0", "skill_order_city", False),
        ("tool:0.0/order", "get_order", False),
        ("model:1", "", False),
    ]
    assert await uses(desk) == [Use(1, "tool:0.0", ref, {"order_id": "7"}, "done", (True,), calls=1)]
    assert (await desk.store.read(lambda connection: skills.tally(connection, ref))).good == 1


async def test_calls_that_the_model_answers_are_not_counted_as_saved(desk: Desk) -> None:
    steps = (Step("order", "get_order", {"id": "1"}), Step("words", prompt="Say it nicely: ${steps.order.city}"))
    await desk.learn("order-city", Procedure(steps))
    desk.model.script = [wishes(("skill_order_city", {})), words("Lovely Rome."), words("Lovely Rome.")]
    await desk.say("Where?")
    assert [use.calls for use in await uses(desk)] == [1]
    assert desk.model.requests[1].tools == ()
    assert len(desk.model.requests[1].messages) == 1


async def test_a_use_counts_though_its_turn_came_to_a_limit(desk: Desk) -> None:
    desk.open(Limits(rounds=1))
    await desk.learn("order-city", CITY)
    desk.model.script = [ASKED]
    assert await desk.say("Where?") == ["I stopped after 1 rounds without an answer."]
    assert [(use.status, use.calls) for use in await uses(desk)] == [("done", 1)]
    entries = (await desk.store.read(lambda connection: journal.entries(connection, [1])))[1]
    assert [entry.status for entry in entries] == ["done"] * 3


async def test_a_check_that_fails_is_recorded_and_told(desk: Desk) -> None:
    never = Check(value="${steps.a.city}", expect={"const": "Paris"})
    ref = await desk.learn("order-city", Procedure((Step("a", "get_order", {"id": "1"}),), verify=(never,)))
    desk.model.script = [wishes(("skill_order_city", {})), words("Rome, perhaps.")]
    await desk.say("Where?")
    assert "a check of success failed" in told(desk)["note"]
    assert [(use.status, use.checks) for use in await uses(desk)] == [("done", (False,))]
    tally = await desk.store.read(lambda connection: skills.tally(connection, ref))
    assert (tally.uses, tally.good) == (1, 0)


async def test_a_failure_is_charged_to_its_step_and_what_is_done_goes_back(desk: Desk) -> None:
    steps = (Step("a", "get_order", {"id": "1"}), Step("b", "get_order", {"id": "${steps.a.city}"}))
    ref = await desk.learn("two", Procedure(steps))
    desk.orders.faults = [None, ToolError("The system of orders sleeps.")]
    desk.model.script = [wishes(("skill_two", {})), words("I go on.")]
    assert await desk.say("Both") == ["I go on.\n\n_two stopped half-way, so I did the rest step by step._"]
    text = desk.model.requests[-1].messages[-1]["content"]
    assert text.startswith("Error: ")
    report = json.loads(text.removeprefix("Error: "))
    assert report["status"] == "failed"
    assert "The system of orders sleeps." in report["reason"]
    assert report["done"] == {"a": {"id": "1", "city": "Rome"}}
    [use] = await uses(desk)
    assert (use.ref, use.status, use.failed_step, use.checks) == (ref, "failed", "b", ())


async def test_a_model_that_is_away_fails_the_prompt_step(desk: Desk) -> None:
    await desk.learn("nice", Procedure((Step("words", prompt="Say something nice."),)))
    desk.model.script = [wishes(("skill_nice", {})), ModelUnavailable("Busy."), words("Sorry.")]
    assert (await desk.say("Be nice"))[0].startswith("Sorry.\n\n_nice stopped half-way")
    assert [use.failed_step for use in await uses(desk)] == ["words"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "The parameter `order_id` is required."),
        ({"order": "7"}, "There is no parameter `order`; the parameters are: `order_id`."),
        ({"order_id": ["7"]}, "Parameter `order_id`"),
        ('{"order_id": ', "not valid JSON"),
    ],
)
async def test_wrong_parameters_go_back_to_be_mended_and_are_no_use(desk: Desk, arguments: JSON, error: str) -> None:
    ref = await desk.learn("order-city", CITY)
    desk.model.script = [wishes(("skill_order_city", arguments)), ASKED, words("Rome.")]
    assert await desk.say("Where is order 7?") == ["Rome."]
    refused, _, mended = desk.model.requests[-1].messages[3:]
    assert refused["content"].startswith("Error: ")
    assert error in refused["content"]
    assert "do not call this tool again" not in refused["content"]
    assert mended["content"] == "Rome"
    tally = await desk.store.read(lambda connection: skills.tally(connection, ref))
    assert (tally.uses, tally.good) == (1, 1)


async def test_a_use_that_was_cut_off_goes_on_behind_its_last_step(desk: Desk) -> None:
    begun = asyncio.Event()
    steps = (Step("a", "get_order", {"id": "1"}), Step("b", prompt="Say ${steps.a.city}"))
    await desk.learn("two", Procedure(steps))
    desk.model.script = [wishes(("skill_two", {})), endless(begun), words("Rome!"), words("Rome!")]
    await desk.hear("Go")
    await desk.killed(begun)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["Rome!"]
    assert desk.orders.calls == [("get_order", {"id": "1"})]
    assert [use.calls for use in await uses(desk)] == [1]


async def test_a_folder_that_was_edited_is_offered_no_more(desk: Desk) -> None:
    ref = await desk.learn("order-city", CITY)
    desk.model.script = [words("Hi.")] * 3
    await desk.say("Hi")
    assert offered(desk)[-1].name == "skill_order_city"
    skill = desk.path / "skills" / "order-city" / "SKILL.md"
    kept = skill.read_bytes()
    skill.write_bytes(kept.replace(b"Does order-city.", b"Does order-cities"))
    await desk.say("Hi")
    assert offered(desk)[-1].name == "set_order"
    skill.write_bytes(kept)
    await desk.say("Hi")
    assert offered(desk)[-1].name == "skill_order_city"
    assert (await desk.library.find("order-city", None)).ref == SkillRef("order-city", ref.digest)


async def test_what_people_do_not_want_is_not_used_there_until_they_want_it_again(desk: Desk) -> None:
    await desk.learn("order-city", CITY)
    name = {"name": "order-city"}
    desk.model.script = [wishes(("avoid_skill", name)), words("I will not."), ASKED, words("Not here.")]
    await desk.say("Do not use order-city here")
    await desk.say("Where is order 7?")
    assert "There is no tool named skill_order_city" in str(told(desk))
    assert await uses(desk, 2) == []
    desk.model.script = [ASKED, words("Rome.")]
    await desk.say("Where is order 7?", conversation=GROUP)
    assert told(desk) == "Rome"
    assert "allow_skill" not in [tool.name for tool in offered(desk)]
    assert "on trial, not wanted here" in (await desk.say("/skill order-city"))[0]
    assert "not wanted" not in (await desk.say("/skill order-city", conversation=GROUP))[0]
    desk.model.script = [wishes(("allow_skill", name)), ASKED, words("Not here."), words("Gladly.")]
    await desk.say("Use it again")
    await desk.say("Where is order 7?")
    assert "There is no tool named skill_order_city" in str(told(desk))  # what the model says alone undoes nothing
    card = next(n for n, sent in enumerate(desk.chat.sent) if "Run once" in str(sent.buttons))
    await desk.press("Run once", message=card)
    desk.model.script = [ASKED, words("Rome.")]
    await desk.say("Where is order 7?")
    assert told(desk) == "Rome"
    events = await desk.store.read(lambda connection: audit.events(connection, "order-city"))
    assert [event.action for event in events][-2:] == ["unwanted", "wanted"]


async def test_why_a_skill_was_used_is_told_from_what_is_on_record(desk: Desk) -> None:
    await desk.learn("order-city", CITY)
    why = wishes(("explain_skill_use", {}))
    desk.model.script = [why, words("I used none."), ASKED, words("Rome."), why, words("Since you asked where it is.")]
    await desk.say("Why did you use that?")
    assert told(desk) == "No skill was used in this chat yet."
    await desk.say("Where is order 7?")
    await desk.say("Why did you use that?")
    account = told(desk)
    assert account["skill"] == "order-city"
    assert account["the person had said"] == "Where is order 7?"
    assert account["parameters"] == {"order_id": "7"}
    assert (account["ended"], account["checks passed"], account["approved by"]) == ("done", "1 of 1", ["Mia"])
    assert account["record"].startswith("used: 1, well 1, badly 0")
