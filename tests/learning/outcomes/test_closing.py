"""How tasks end: evidence, the strongest source first."""

import pytest

from bot.domain.chat import ButtonClicked
from bot.domain.skill import SkillRef
from bot.domain.trace import Outcome, Trace
from bot.learning import collect
from bot.learning.mining import mine
from bot.learning.mining.corpus import corpus
from bot.learning.outcomes import Outcomes, Verifiers
from bot.learning.outcomes.closing import NO_VERIFIERS, NOT_LEARNED
from bot.store import conversations, skills, tasks, turns
from bot.store.buttons import Meaning
from bot.store.commits import Commit
from bot.store.deliveries import event_payload
from bot.store.skills import Use
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from tests.engine.made import ANA, BOB, ROOM, HandClock, said
from tests.learning.lived import NOW, Made, claim, deliveries, finished, worked


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
    await store.write(Commit.END, lambda connection: skills.record(connection, use, "unknown", 1.0))
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


async def test_what_is_said_while_a_task_is_being_closed_is_looked_at(store: Store) -> None:
    task = await worked(store, 1, "do it")
    new = NewTurn("close:1", "close:1", "close", {"task": task, "why": "done"})
    await store.write(Commit.INTAKE, lambda connection: turns.enqueue(connection, new, NOW))
    turn = await claim(store, "close:1")
    effect = await Outcomes(store, HandClock(), 0).close(turn)
    await worked(store, 2, "thanks!")
    await finished(store, turn, effect)
    assert (await store.read(lambda connection: tasks.task(connection, task))).outcome.status == "success"


async def test_after_so_many_closed_tasks_a_scope_is_mined(store: Store) -> None:
    for number in (1, 2):
        await closed(store, await worked(store, number, "do it"), learn_after=2)
    assert (await claim(store, "job:mine")).payload == {"scope": "telegram:7"}


async def traces(store: Store) -> list[Trace]:
    """What mining reads."""

    def work(connection: Connection) -> list[Trace]:
        ids = collect.marks(connection, ROOM.scope, ())
        return collect.traces(connection, ROOM.scope, (), ids)

    return await store.read(work)


async def test_a_task_that_looks_like_a_hack_is_never_mined(store: Store) -> None:
    call = Made("run_command", {"command": ["git", "push", "--force"]}, "done")
    task = await worked(store, 1, "push it", call)
    await worked(store, 2, "that worked")
    assert (await closed(store, task)).status == "success"
    why = "It looks like a hack: it overwrote what others may have pushed (force-push)."
    assert [found.suspicion for found in await store.read(lambda connection: tasks.suspects(connection, 9))] == [why]
    [trace] = await traces(store)
    assert trace.suspect
    assert mine([trace]).tasks == 1
    assert [part.runs for part in corpus([trace]).parts.values()] == [()]


async def test_nothing_is_learned_from_what_a_person_wants_kept(store: Store) -> None:
    await closed(store, await worked(store, 1, "Cancel order 7, and don't learn from this."))
    await closed(store, await worked(store, 2, "Cancel order 8"))
    assert [trace.messages[0]["content"] for trace in await traces(store)] == ["Cancel order 8"]


async def answered(store: Store, text: str, number: int) -> list[str]:
    """What the bot writes when this is said, and how often it worked for it."""
    outcomes, work = Outcomes(store, HandClock(), 0), []

    async def answer(turn: Turn) -> Effect:
        work.append(turn.id)
        return lambda connection: tasks.attach(connection, turn.id, ROOM.key, ANA.id, NOW) and None

    event = said(text, number)
    new = NewTurn(event.key, ROOM.lane, "message", event_payload(event), ROOM.key)
    await store.write(Commit.INTAKE, lambda connection: conversations.remember(connection, ROOM))
    await store.write(Commit.INTAKE, lambda connection: turns.enqueue(connection, new, NOW))
    turn = await claim(store, ROOM.lane)
    await finished(store, turn, await outcomes.private(answer)(turn))
    return [message.text for message, _ in await deliveries(store)] + ["worked"] * len(work)


async def test_the_wish_alone_is_about_the_work_before_it(store: Store) -> None:
    done = await worked(store, 1, "Cancel order 7")
    await closed(store, done)
    going_on = await worked(store, 2, "Cancel order 8")
    assert await answered(store, "Please don't learn from this", 3) == [NOT_LEARNED]
    assert not (await store.read(lambda connection: tasks.task(connection, done))).private
    assert (await store.read(lambda connection: tasks.task(connection, going_on))).private


async def test_the_wish_beside_work_is_about_that_work(store: Store) -> None:
    assert await answered(store, "Cancel order 7 and don't learn from this", 1) == [NOT_LEARNED, "worked"]
    assert (await store.read(lambda connection: tasks.task(connection, "task-1"))).private
    assert await answered(store, "Cancel order 8", 2) == ["worked"]


async def test_the_wish_about_nothing_is_answered_too(store: Store) -> None:
    assert await answered(store, "Keep this private", 1) == [NOT_LEARNED]
