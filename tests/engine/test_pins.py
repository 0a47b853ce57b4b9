"""A skill whose tool is not the one that a person agreed to does not run: it is suspended, and the chat is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.json import JSON
from bot.domain.skill import Procedure, SkillRef, Step
from bot.skills import life
from bot.store import audit, lives, skills
from bot.store.audit import Event
from bot.store.commits import Commit
from bot.store.store import Store
from tests.engine.desk import Desk, wishes, words

CITY = Procedure(
    (Step("order", "get_order", {"id": "${parameters.id}"}),), {"id": {"type": "string"}}, ("id",), returns="Found."
)
ASKED = wishes(("skill_order_city", {"id": "7"}))
TOLD = (
    "I no longer use **order-city**: get_order takes other arguments now, or may change other things, than when this "
    "was approved. I do this work step by step again, and look for how it is done now."
)


@pytest.fixture
async def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def used(desk: Desk) -> SkillRef:
    """Approve the skill and use it once."""
    ref = await desk.learn("order-city", CITY)
    desk.model.script = [ASKED, words("In Rome.")]
    assert await desk.say("Where is 7?") == ["In Rome."]
    return ref


def change(desk: Desk, **changes: JSON) -> None:
    desk.orders.known = [replace(tool, **changes) if tool.reads else tool for tool in desk.orders.known]
    desk.model.script = [ASKED, words("I looked myself.")]


@pytest.mark.parametrize("changes", [{"schema": {"type": "object", "required": []}}, {"outside": True}])
async def test_a_changed_tool_suspends(desk: Desk, changes: dict[str, JSON]) -> None:
    ref = await used(desk)
    change(desk, **changes)
    assert set(await desk.say("Where is 7 now?")) == {"I looked myself.", TOLD}
    assert len(desk.orders.calls) == 1
    [told] = [message for message in desk.chat.sent if message.text == TOLD]
    assert [button.label for row in told.buttons for button in row] == ["Restore"]
    [event] = await desk.store.read(lambda connection: audit.events(connection, "order-city"))
    assert (event.action, event.ref) == ("suspended", ref)
    assert not (await desk.store.read(lambda connection: lives.of(connection, ref))).up
    said = [message["content"] for message in desk.model.requests[-1].messages if message["role"] == "tool"]
    assert said[-1].startswith("Error: order-city was not run and is suspended: its tool get_order has changed")


async def test_other_words_for_the_same_tool_change_nothing(desk: Desk) -> None:
    await used(desk)
    change(desk, description="Another text")
    await desk.say("Where is 7 now?")
    assert len(desk.orders.calls) == 2


async def test_brought_back_it_is_for_the_tool_as_it_is_now(desk: Desk) -> None:
    ref = await used(desk)
    change(desk, schema={"type": "object", "required": []})
    await desk.say("Where is 7 now?")
    back = Event("restored", ref, None)
    await desk.store.write(Commit.APPROVE, lambda connection: life.restore(connection, back, 1.0))
    desk.model.script = [ASKED, words("In Rome.")]
    assert await desk.say("Where is 7?") == ["In Rome."]
    assert len(desk.orders.calls) == 2
    assert await desk.store.read(lambda connection: skills.pins(connection, ref)) != {}


async def test_what_an_approval_was_for_holds_from_its_first_use(desk: Desk) -> None:
    ref = await desk.learn("order-city", CITY)
    await desk.store.write(Commit.APPROVE, lambda connection: skills.repin(connection, ref, {"get_order": "another"}))
    desk.model.script = [ASKED, words("I looked myself.")]
    assert TOLD in await desk.say("Where is 7?")
    assert desk.orders.calls == []
