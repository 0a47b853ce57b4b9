"""A skill whose work has changed gets a successor under its name: found in the tasks that show how it is done now."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.json import JSON
from bot.domain.skill import Procedure, SkillRef, Step
from bot.domain.trace import Outcome, Status
from bot.learning.successors import likeness
from bot.skills import life
from bot.skills.library import Shelved
from bot.store import proposals, tasks
from bot.store.commits import Commit
from bot.store.proposals import Proposal
from bot.store.skills import Use
from bot.store.store import Connection, Store
from bot.store.tables import proposals as table
from tests.engine.made import ROOM
from tests.learning.lived import Made, deliveries, worked
from tests.learning.test_cycle import CUSTOMERS, Loop


@pytest.fixture
def loop(store: Store, tmp_path: Path) -> Loop:
    return Loop(store, tmp_path)


def procedure(*tools: str) -> Procedure:
    return Procedure(tuple(Step(f"s{number}", tool) for number, tool in enumerate(tools)))


async def learned(loop: Loop) -> Shelved:
    """The skill for a customer's orders, live."""
    await loop.live()
    await loop.learn()
    [(card, _)] = await deliveries(loop.store)
    await loop.press(card.buttons[0][0].id)
    [name] = await loop.store.read(lambda connection: sorted(proposals.names(connection)))
    await loop.publish(name)
    await deliveries(loop.store)
    [entry] = await loop.library.live(ROOM.scope)
    return entry


def read(path: str, result: JSON, place: str = "") -> Made:
    return Made("read_file", json.dumps({"path": path}), result, place=place)


async def used(loop: Loop, ref: SkillRef, status: Status, key: str, then: str = "") -> None:
    """The same work for all customers with the skill in use; what it reads stands under another key by now."""
    for customer, orders in CUSTOMERS.items():
        loop.count += 1
        calls = [read(f"customers/{customer}.json", {key: orders, "customer_id": f"c{len(customer)}-{orders[0]}"})]
        calls += [read(f"orders/{order}.json", {"id": order, "status": f"s{order}"}) for order in orders]
        calls += (
            [Made(then, json.dumps({"customer_id": f"c{len(customer)}-{orders[0]}"}), {"text": f"of {customer}"})]
            if then
            else []
        )
        task = await worked(loop.store, loop.count, f"Which orders of {customer} are open?", *calls)
        end = "failed" if status == "failure" else "done"

        def close(connection: Connection, task: str = task, end: str = end) -> None:
            [turn] = tasks.turns_of(connection, task)
            life.used(connection, Use(turn, "tool:0.0", ref, {}, end, failed_step="orders", reason="no orders"), 1.0)
            tasks.close(connection, task, Outcome(status, "feedback"), 1.0)
            life.scored(connection, [turn], Outcome(status, "feedback"), 1.0)

        await loop.store.write(Commit.FINISH, close)


async def successor(loop: Loop) -> tuple[str, Proposal]:
    """The card that waits and its proposal."""
    [(card, _)] = [found for found in await deliveries(loop.store) if len(sum(found[0].buttons, ())) == 4]
    new = sa.select(table.c.id).where(table.c.kind != "new")
    id = await loop.store.read(lambda connection: connection.scalar(new))
    found = await loop.store.read(lambda connection: proposals.find(connection, str(id)))
    assert found is not None
    return card.text, found


async def test_a_drifted_skill_is_learned_again_from_the_tasks_since(loop: Loop) -> None:
    old = await learned(loop)
    await used(loop, old.ref, "success", "orders")
    await used(loop, old.ref, "failure", "open_orders")
    [entry] = await loop.library.shelf(ROOM.scope)
    assert entry.state == "suspended"
    await loop.learn()
    card, proposal = await successor(loop)
    assert card.startswith(f"**I found how the work of {old.name} is done now. Shall I learn it anew?**")
    assert "`steps." in card
    assert "open_orders" in card
    assert len(card.splitlines()) <= 11
    assert (proposal.kind, proposal.based_on, proposal.ref.name) == ("re-extracted", old.digest, old.name)
    assert b"origin: re-extracted" in proposal.files["procedure.yaml"]
    assert b'version: "2"' in proposal.files["SKILL.md"]
    await loop.learn()
    assert await deliveries(loop.store) == []


async def test_what_people_always_add_to_a_skill_is_proposed_as_its_next_version(loop: Loop) -> None:
    old = await learned(loop)
    for _ in range(2):
        await used(loop, old.ref, "success", "orders", then="get_note")
    await loop.learn()
    card, proposal = await successor(loop)
    assert card.startswith(f"**The work of {old.name} goes on differently by now. Shall I change the skill?**")
    assert "- Changes: Step `note` (get_note) is new. (and 3 more: see Details)" in card
    assert (proposal.kind, proposal.based_on, proposal.ref.name) == ("refined", old.digest, old.name)
    assert b"refined: 1" in proposal.files["procedure.yaml"]


async def test_work_that_never_used_the_skill_is_no_successor(loop: Loop) -> None:
    old = await learned(loop)
    await loop.live(place="clients")
    await loop.learn()
    names = await loop.store.read(lambda connection: sorted(proposals.names(connection)))
    assert old.name in names
    kinds = await loop.store.read(lambda connection: set(connection.scalars(sa.select(table.c.kind))))
    assert kinds == {"new"}


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [("ab", "ab", 1.0), ("ab", "abc", 2 / 3), ("ab", "ba", 0.5), ("ab", "cd", 0.0), ("abcd", "bd", 0.5)],
)
def test_procedures_are_alike_as_far_as_their_tools_follow_each_other_alike(one: str, other: str, share: float) -> None:
    assert likeness(procedure(*one), procedure(*other)) == share
