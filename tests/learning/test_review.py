"""What becomes of a decision: why it was rejected, what is out of date, who decides alone, what stays on record."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.chat import Conversation, Person
from bot.domain.tool import pin
from bot.learning.remembered import REASONS
from bot.learning.review import Review
from bot.ports import ToolContext
from bot.skills import folder
from bot.skills.reviewers import Reviewers
from bot.store import audit, lives, proposals, skills, tasks
from bot.store.commits import Commit
from bot.store.lives import Life
from bot.store.proposals import Proposal
from bot.store.store import Store
from tests.engine.made import ANA, BOB, GROUP, ROOM
from tests.learning.lived import deliveries
from tests.learning.test_cycle import CUSTOMERS, Loop
from tests.learning.test_successors import learned, used

WHY = {reason: str(label) for label, reason in REASONS}


@pytest.fixture
def loop(store: Store, tmp_path: Path) -> Loop:
    return Loop(store, tmp_path)


async def rejected(loop: Loop, reason: str = "") -> Proposal:
    """A proposal that Ana has rejected, and why."""
    await loop.live()
    await loop.learn()
    [(card, _)] = await deliveries(loop.store)
    await loop.press(card.buttons[0][1].id)
    [(asked, replaces)] = await deliveries(loop.store)
    assert replaces == "m1"
    [row] = asked.buttons
    assert [button.label for button in row] == list(WHY.values())
    if reason:
        button = next(button for button in row if button.label == WHY[reason])
        assert await loop.press(button.id) == "Thank you: I remember that."
        [(told, _)] = await deliveries(loop.store)
        assert told.buttons == ()
    return (await known(loop))[0]


async def known(loop: Loop, scope: str = ROOM.scope) -> list[Proposal]:
    return await loop.store.read(lambda connection: proposals.of_scope(connection, scope))


async def actions(loop: Loop) -> list[tuple[str, str, str]]:
    events = await loop.store.read(lambda connection: audit.events(connection))
    return [(event.action, event.by.id, event.detail) for event in events]


@pytest.mark.parametrize("reason", ["", "wrong", "duplicate", "private"])
async def test_what_was_rejected_for_good_does_not_come_again(loop: Loop, reason: str) -> None:
    first = await rejected(loop, reason)
    assert (first.state, first.reason) == ("rejected", reason)
    for _ in range(3):
        await loop.live()
    await loop.learn()
    assert await deliveries(loop.store) == []


async def test_what_was_not_wanted_now_comes_again_with_more_evidence(loop: Loop) -> None:
    first = await rejected(loop, "later")
    await loop.learn(asked_in=ROOM.key)
    [(told, _)] = await deliveries(loop.store)
    assert told.text.endswith("it was put off or put away: it comes again once it was seen in 6 tasks")
    await loop.live()
    await loop.learn()
    [(card, _)] = await deliveries(loop.store)
    assert "Seen in 8 tasks" in card.text
    again = (await known(loop))[1]
    assert (again.fingerprint, again.state) == (first.fingerprint, "pending")


async def test_what_was_put_away_is_learned_again_with_more_evidence(loop: Loop) -> None:
    old = await learned(loop)
    await used(loop, old.ref, "success", "orders")
    await loop.store.write(Commit.FINISH, lambda c: lives.put(c, Life(old.ref, "evicted", 1.0)))
    folder.remove(loop.root / old.name)
    await loop.learn(asked_in=ROOM.key)
    told = (await deliveries(loop.store))[-1][0].text
    assert "it was put off or put away: it comes again once it was seen in 12 tasks" in told
    await loop.live()
    await loop.learn()
    assert [one.state for one in await known(loop)] == ["approved", "pending"]


async def test_what_nobody_answered_comes_again_with_more_evidence(loop: Loop) -> None:
    await loop.live()
    await loop.learn()
    await deliveries(loop.store)
    [waiting] = await known(loop)
    await loop.store.write(Commit.FINISH, lambda c: proposals.give_up(c, waiting.id, "expired", "", 2.0))
    await loop.learn()
    assert await deliveries(loop.store) == []
    await loop.live()
    await loop.learn()
    assert len(await deliveries(loop.store)) == 1


async def test_what_is_private_leaves_the_evidence_and_its_tasks_are_never_mined(loop: Loop) -> None:
    first = await rejected(loop, "private")
    assert first.files == {}
    assert first.evidence == {"card": f"**{first.ref.name}**", "tasks": 4}
    ids = [f"task-{number}" for number in range(1, len(CUSTOMERS) + 1)]
    support = await loop.store.read(lambda connection: [tasks.task(connection, id) for id in ids])
    assert all(task.private for task in support)


async def test_only_the_first_reason_counts_and_only_of_those_who_may_decide(loop: Loop) -> None:
    await loop.live(GROUP, ANA)
    await loop.learn(GROUP.scope)
    [(card, _)] = await deliveries(loop.store, GROUP)
    await loop.press(card.buttons[0][1].id, BOB, GROUP)
    [(asked, _)] = await deliveries(loop.store, GROUP)
    wrong, narrow = asked.buttons[0][:2]
    assert "Only a reviewer" in await loop.press(wrong.id, ANA, GROUP)
    await loop.press(narrow.id, BOB, GROUP)
    await loop.press(wrong.id, BOB, GROUP)
    assert [one.reason for one in await known(loop, GROUP.scope)] == ["narrow"]
    assert await actions(loop) == [("proposed", "", ""), ("rejected", BOB.id, ""), ("rejected", BOB.id, "narrow")]


async def test_an_approval_is_for_the_tools_as_they_are(loop: Loop) -> None:
    ref = (await learned(loop)).ref
    [tool] = [tool for tool in await loop.tools[0].tools(ToolContext(ROOM, ANA)) if tool.name == "read_file"]
    agreed = await loop.store.read(lambda connection: skills.pins(connection, ref))
    assert agreed == {"read_file": pin(tool)}


async def test_a_successor_of_a_version_that_is_gone_decides_nothing(loop: Loop) -> None:
    old = await learned(loop)
    await used(loop, old.ref, "failure", "open_orders")
    await loop.learn()
    [card] = [found for found, _ in await deliveries(loop.store) if len(sum(found.buttons, ())) == 4]
    (loop.root / old.name / "notes.md").write_text("by hand")
    loop.clock.time += timedelta(seconds=5)
    assert "has changed since" in await loop.press(card.buttons[0][0].id)
    [(told, _)] = await deliveries(loop.store)
    assert "Superseded on" in told.text
    assert told.buttons == ()
    assert [one.state for one in await known(loop) if one.based_on] == ["superseded"]


async def test_a_successor_takes_the_place_of_its_forebear(loop: Loop) -> None:
    old = await learned(loop)
    await used(loop, old.ref, "failure", "open_orders")
    await loop.learn()
    [card] = [found for found, _ in await deliveries(loop.store) if len(sum(found.buttons, ())) == 4]
    await loop.press(card.buttons[0][0].id)
    await loop.publish(old.name)
    [live] = await loop.library.live(ROOM.scope)
    assert live.digest != old.digest
    assert b"open_orders" in folder.read(loop.root / old.name)["procedure.yaml"]
    assert [action for action, _, _ in await actions(loop)][-3:] == ["proposed", "approved", "published"]


@pytest.mark.parametrize(
    ("configured", "person", "there", "may"),
    [
        ((BOB.id,), BOB, Conversation("telegram", "8"), True),
        ((BOB.id,), ANA, ROOM, False),
        ((BOB.id,), BOB, Conversation("telegram", "-300", direct=False), False),
        ((), ANA, ROOM, True),
        ((), BOB, Conversation("telegram", "8"), False),
    ],
)
async def test_reviewers_may_decide_alone_and_without_any_the_operator(
    configured: tuple[str, ...], person: Person, there: Conversation, may: bool
) -> None:
    async def operator() -> str:
        return ANA.id

    assert await Reviewers({}, configured, operator).may_decide(GROUP, there, person) is may


async def test_nobody_decides_about_anothers_direct_chat(loop: Loop) -> None:
    async def operator() -> Any:
        return BOB.id

    reviewers = Reviewers({}, (BOB.id,), operator)
    assert not await reviewers.may_decide(ROOM, Conversation("telegram", "8"), BOB)


async def test_the_details_show_what_was_asked_in_the_same_chat_alone(loop: Loop) -> None:
    await loop.live(GROUP, ANA)
    await loop.learn(GROUP.scope)
    [(card, _)] = await deliveries(loop.store, GROUP)
    shows = card.buttons[0][3].id
    await loop.press(shows, ANA, GROUP)
    [(shown, _)] = await deliveries(loop.store, GROUP)
    assert shown.text.count("Seen when somebody asked: “Which orders of") == len(CUSTOMERS)
    alone = Conversation("telegram", "8")
    loop.review = Review(loop.store, loop.clock, loop.library, Reviewers({}, (BOB.id,)), ())
    await loop.press(shows, BOB, alone)
    assert await deliveries(loop.store, alone) == []  # a second press brings nothing new


async def test_a_reviewer_alone_reads_no_words_of_the_chat(loop: Loop) -> None:
    await loop.live(GROUP, ANA)
    await loop.learn(GROUP.scope)
    [(card, _)] = await deliveries(loop.store, GROUP)
    alone = Conversation("telegram", "8")
    loop.review = Review(loop.store, loop.clock, loop.library, Reviewers({}, (BOB.id,)), ())
    await loop.press(card.buttons[0][3].id, BOB, alone)
    [(shown, _)] = await deliveries(loop.store, alone)
    assert "procedure" in shown.text or "steps:" in shown.text
    assert "Which orders" not in shown.text


async def test_the_details_of_a_successor_list_every_change(loop: Loop) -> None:
    old = await learned(loop)
    await used(loop, old.ref, "failure", "open_orders")
    await loop.learn()
    [card] = [found for found, _ in await deliveries(loop.store) if len(sum(found.buttons, ())) == 4]
    await loop.press(card.buttons[0][3].id)
    [(shown, _)] = await deliveries(loop.store)
    change = "- `steps.orders.for_each` was `${steps.customer.orders}` and is `${steps.customer.open_orders}`"
    assert change in shown.text
