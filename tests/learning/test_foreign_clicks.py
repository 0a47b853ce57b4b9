"""A button pressed out of its chat decides nothing and shows nothing there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.chat import Conversation
from bot.store import schema, tables
from tests.learning.lives_world import ALONE, ANA, BOB, CUSTOMERS, EAST, EVE, KINDS, NORTH, SOUTH, UMA, World

WATCHED = ("proposals", "lives", "audit", "evidence")
ELSEWHERE = [(SOUTH, ANA), (EAST, UMA), (ALONE[1], EVE)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Work that was done four times in the group of the north, and what became of it."""
    schema.upgrade(tmp_path / "empty.db")
    world = World(tmp_path / "world", tmp_path / "empty.db", ())
    await world.open()
    for customer in CUSTOMERS:
        await world.say("north", ANA, KINDS["orders"].format(who=customer, place="north"))
    await world.say("north", ANA, "/learn")
    yield world
    await world.close()


async def approve(world: World) -> Path:
    """The folder of the skill, live."""
    await press(world, "Approve", NORTH)
    [place] = world.root.iterdir()
    return place


async def press(world: World, label: str, there: Conversation, person: str = BOB.id) -> None:
    button, message = next((button, id) for button, id, _ in reversed(world.buttons()) if button.label == label)
    who = next(one for one in (ANA, BOB, EVE, UMA) if one.id == person)
    await world.press(button.id, message, who, there)


async def unmoved(world: World, label: str, there: Conversation, person: str) -> None:
    """Pressing it there changes no row, and nothing is said there."""
    before = [await world.rows(getattr(tables, name)) for name in WATCHED]
    posted = len(world.posted())
    await press(world, label, there, person)
    assert [await world.rows(getattr(tables, name)) for name in WATCHED] == before
    assert world.posted()[posted:] == []


@pytest.mark.parametrize(("there", "person"), [(there, person.id) for there, person in ELSEWHERE])
@pytest.mark.parametrize("label", ["Approve", "Reject", "Details"])
async def test_a_card_is_neither_decided_nor_shown_elsewhere(
    world: World, label: str, there: Conversation, person: str
) -> None:
    await unmoved(world, label, there, person)
    await approve(world)
    await unmoved(world, label, there, person)


async def test_a_thumb_from_elsewhere_tells_nothing(world: World) -> None:
    await approve(world)
    world.clerk.by_hand = False
    await world.say("north", ANA, KINDS["orders"].format(who="ana-silva", place="north"))
    for there, person in ELSEWHERE:
        await unmoved(world, "👎", there, person.id)
    await press(world, "👎", NORTH, ANA.id)
    assert [row["verdict"] for row in await world.rows(tables.uses)] == ["failure"]


async def test_a_version_is_not_put_back_from_elsewhere(world: World) -> None:
    place = await approve(world)
    (place / "SKILL.md").write_text("broken")
    await world.look()
    [label] = {button.label for button, _, _ in world.buttons() if button.label.startswith("Put ")}
    for there, person in ELSEWHERE:
        await unmoved(world, label, there, person.id)
    await press(world, label, NORTH)
    assert [entry.name for entry in await world.app.library.live(NORTH.scope)] == [place.name]
