"""`/skills` by pages and by words, `/skill` with its buttons and its picture."""

from pathlib import Path

import pytest

from bot.domain.chat import Outgoing
from bot.domain.skill import Procedure, SkillRef, Step
from bot.engine.pages import PAGE
from bot.engine.showcase import LEAST_POINTS
from bot.skills import life
from bot.store.commits import Commit
from bot.store.skills import Use
from bot.store.store import Connection, Store
from tests.engine.desk import Desk
from tests.engine.made import GROUP, ROOM

CITY = Procedure((Step("order", "get_order", {"id": "${parameters.id}"}),), {"id": {"type": "string"}}, ("id",))


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def labels(message: Outgoing) -> list[str]:
    return [button.label for row in message.buttons for button in row]


async def test_a_page_at_a_time_turned_in_place(desk: Desk) -> None:
    for number in range(PAGE + 2):
        await desk.learn(f"skill-{number:02}", CITY)
    await desk.say("/skills")
    first = desk.chat.sent[-1]
    assert [line.split("**")[1] for line in first.text.splitlines()] == [f"skill-{n:02}" for n in range(PAGE)]
    assert labels(first) == ["More"]
    await desk.press("More")
    (_, second) = desk.chat.edited[-1]
    assert [line.split("**")[1] for line in second.text.splitlines()] == ["skill-08", "skill-09"]
    assert labels(second) == ["Back"]
    desk.chat.sent.append(second)
    await desk.press("Back")
    assert desk.chat.edited[-1][1].text == first.text


async def test_words_behind_the_command_are_looked_for(desk: Desk) -> None:
    await desk.learn("order-city", CITY)
    await desk.learn("weekly-report", CITY)
    [found] = await desk.say("/skills Report")
    assert "weekly-report" in found
    assert "order-city" not in found
    assert await desk.say("/skills refund") == ["No skill here has to do with that: refund"]
    assert desk.chat.sent[-1].buttons == ()


async def test_one_skill_with_what_may_be_decided_and_a_picture(desk: Desk) -> None:
    ref = await desk.learn("order-city", CITY)
    await desk.say("/skill order-city")
    assert labels(desk.chat.sent[-1]) == ["Suspend"]
    assert desk.chat.sent[-1].file == ""
    await used(desk, ref, LEAST_POINTS)
    await desk.say("/skill order-city")
    told, picture = desk.chat.sent[-2:]
    assert labels(told) == ["Suspend"]
    assert "used: 3, well 3, badly 0 (40 to 99 % go well); calls of the model saved: 6" in told.text
    assert picture.text == "How **order-city** did"
    with open(picture.file, "rb") as file:  # noqa: ASYNC230  a test waits for nothing else
        assert file.read(4) == b"\x89PNG"


async def test_a_skill_whose_tool_is_gone_says_so(desk: Desk) -> None:
    await desk.learn("order-city", CITY)
    assert "cannot run" not in (await desk.say("/skills"))[0]
    desk.orders.known = desk.orders.known[1:]
    for command in ("/skills", "/skill order-city"):
        assert "on trial, cannot run: get_order is not here" in (await desk.say(command))[0]


async def used(desk: Desk, ref: SkillRef, times: int) -> None:
    uses = [Use(1, f"tool:{number}.0", ref, {}, "done", (True,), calls=3) for number in range(times)]

    def work(connection: Connection) -> None:
        for use in uses:
            life.used(connection, use, desk.clock.now().timestamp())

    await desk.store.write(Commit.END, work)


async def test_a_skill_of_another_chat_is_not_there(desk: Desk) -> None:
    await desk.learn("order-city", CITY, ROOM.scope)
    assert "order-city" not in (await desk.say("/skills", conversation=GROUP))[0]
    [refused] = await desk.say("/skill order-city", conversation=GROUP)
    assert refused.startswith("There is no skill named order-city here.")
    assert desk.chat.sent[-1].reply_to
