"""How tasks end: evidence, the strongest source first."""

import pytest

from bot.domain.chat import ButtonClicked
from bot.domain.skill import SkillRef
from bot.domain.trace import Outcome
from bot.learning.outcomes import Outcomes, Verifiers
from bot.learning.outcomes.closing import NO_VERIFIERS
from bot.store import skills, tasks, turns
from bot.store.buttons import Meaning
from bot.store.commits import Commit
from bot.store.skills import Use
from bot.store.store import Store
from bot.store.turns import NewTurn
from tests.engine.made import ANA, BOB, ROOM, HandClock
from tests.learning.lived import Made, claim, finished, worked


async def closed(
    store: Store,
    task: str,
    why: str = "done",
    after: int = 0,
    learn_after: int = 0,
    verifiers: Verifiers = NO_VERIFIERS,
) -> Outcome:
    new = NewTurn(f"close:{task}:{why}", f"close:{task}", "close", {"task": task, "why": why, "after": after})
    await store.write(Commit.INTAKE, lambda connection: turns.enqueue(connection, new, 1.0))
    turn = await claim(store, f"close:{task}")
    await finished(store, turn, await Outcomes(store, HandClock(), learn_after, verifiers).close(turn))
    return (await store.read(lambda connection: tasks.task(connection, task))).outcome


def thumb(person: str) -> ButtonClicked:
    who = {"ana": ANA, "bob": BOB}[person]
    return ButtonClicked(f"click:{person}", ROOM, who, "b", "1", "t", HandClock().now())


async def test_a_task_nobody_speaks_of_is_unknown(store: Store) -> None:
    task = await worked(store, 1, "do it", Made("read_file", '{"path": "a"}', "text"))
    assert await closed(store, task) == Outcome("unknown", None, "")


@pytest.mark.parametrize(("repaired", "status"), [(False, "failure"), (True, "unknown")])
async def test_a_tool_error_counts_unless_it_was_repaired(store: Store, repaired: bool, status: str) -> None:
    calls = [Made("read_file", "{", "no JSON", failed=True)]
    if repaired:
        calls.append(Made("read_file", '{"path": "a"}', "text"))
    assert (await closed(store, await worked(store, 1, "do it", *calls))).status == status


@pytest.mark.parametrize(("checks", "status"), [((True, True), "success"), ((True, False), "failure")])
async def test_a_skills_checks_decide_over_thumbs(store: Store, checks: tuple[bool, ...], status: str) -> None:
    task = await worked(store, 1, "do it")
    use = Use(1, "tool:0.0", SkillRef("s", "d"), {}, "done", checks)
    await store.write(Commit.END, lambda connection: skills.record(connection, use, 1.0))
    words, effect = await Outcomes(store, HandClock(), 0).feedback(thumb("ana"), Meaning("feedback", "1", "down"))
    await store.write(Commit.FINISH, effect)
    assert "Thank you" in words
    outcome = await closed(store, task)
    assert (outcome.status, outcome.source) == (status, "verifier")


async def test_a_thumb_closes_the_task_and_a_person_may_change_it(store: Store) -> None:
    task = await worked(store, 1, "do it")
    outcomes = Outcomes(store, HandClock(), 0)
    for action in ("down", "up"):
        _, effect = await outcomes.feedback(thumb("ana"), Meaning("feedback", "1", action))
        await store.write(Commit.FINISH, effect)
    turn = await claim(store, f"close:{task}:click:ana")
    await finished(store, turn, await outcomes.close(turn))
    assert (await store.read(lambda connection: tasks.task(connection, task))).outcome == Outcome(
        "success", "feedback", "Ana pressed thumbs up."
    )


async def test_one_persons_no_outweighs_anothers_yes(store: Store) -> None:
    task = await worked(store, 1, "do it")
    for person, action in (("ana", "down"), ("bob", "up")):
        _, effect = await Outcomes(store, HandClock(), 0).feedback(thumb(person), Meaning("feedback", "1", action))
        await store.write(Commit.FINISH, effect)
    assert (await closed(store, task)).status == "failure"


async def test_closing_for_quiet_is_void_when_somebody_spoke_since(store: Store) -> None:
    task = await worked(store, 1, "do it")
    assert await worked(store, 2, "and that") == task
    await closed(store, task, "quiet", after=1)
    assert (await store.read(lambda connection: tasks.task(connection, task))).closed is None
    await closed(store, task, "quiet-2", after=1)
    assert (await store.read(lambda connection: tasks.task(connection, task))).closed is not None
    assert await worked(store, 3, "something new") != task


async def test_after_so_many_closed_tasks_a_scope_is_mined(store: Store) -> None:
    for number in (1, 2):
        await closed(store, await worked(store, number, "do it"), learn_after=2)
    assert (await claim(store, "job:mine")).payload == {"scope": "telegram:7"}
