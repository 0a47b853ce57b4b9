"""What can be seen in a task's own record, and in the message that comes after it."""

import pytest

from bot.domain.skill import SkillRef
from bot.domain.trace import Outcome
from bot.learning.outcomes.behaviour import observed
from bot.learning.outcomes.phrases import BUILT_IN
from bot.learning.outcomes.record import Call, Record, record
from bot.store import evidence, tasks
from bot.store.commits import Commit
from bot.store.evidence import Evidence
from bot.store.skills import Use
from bot.store.store import Store
from bot.store.tasks import Said, Task
from tests.engine.made import ANA, BOB, ROOM
from tests.learning.lived import Made, worked
from tests.learning.outcomes.test_closing import closed

TASK = Task("task-1", ROOM.key, ROOM.scope, ANA.id, 1, None, Outcome(), private=False)


def seen(*said: str | tuple[str, str], calls: tuple[Call, ...] = (), uses: tuple[Use, ...] = ()) -> list[Evidence]:
    pairs = [each if isinstance(each, tuple) else (ANA.id, each) for each in said]
    messages = [Said(turn, person, text, float(turn)) for turn, (person, text) in enumerate(pairs, 1)]
    return observed(Record(TASK, ROOM, messages, calls, uses), BUILT_IN)


def told(found: list[Evidence]) -> list[tuple[str, str, str]]:
    return [(each.source, each.verdict, each.rule) for each in found]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["Cancel 7"], []),
        (["Thanks for nothing yet, cancel 7"], []),
        (["Cancel 7", "Thanks!"], [("behaviour", "success", "said-next")]),
        (["Cancel 7", "No, I meant 8"], [("behaviour", "failure", "said-next")]),
        (["Cancel 7", "No, I meant 8", "Great, thanks"], [("behaviour", "success", "said-next")]),
        (["Cancel 7", "thank you", "You forgot the refund"], [("behaviour", "failure", "said-next")]),
        (["Cancel 7", "Please cancel 7"], [("behaviour", "failure", "said-next")]),
        (["Cancel 7", "Cancel 8"], []),
        (["Cancel 7", (BOB.id, "Cancel 7")], []),
        (["Cancel 7", "That worked"], [("feedback", "success", "said")]),
        (["Cancel 7", "That worked", "no, that's wrong"], [("feedback", "failure", "said")]),
        (
            ["Cancel 7", "That worked", (BOB.id, "it failed")],
            [("feedback", "success", "said"), ("feedback", "failure", "said")],
        ),
    ],
)
def test_what_people_say_next(said: list[str | tuple[str, str]], expected: list[tuple[str, str, str]]) -> None:
    assert told(seen(*said)) == expected


BROKEN, DONE = Call("get_order", {}, "no", failed=True), Call("get_order", {}, {"id": 7})
SKILL_BROKEN = Call("skill_orders", {}, {"status": "failed"}, failed=True)


@pytest.mark.parametrize(
    ("calls", "failed"),
    [
        ([BROKEN], True),
        ([BROKEN, DONE], False),
        ([DONE, BROKEN], True),
        ([BROKEN, Call("get_user", {}, {})], True),
        ([SKILL_BROKEN], True),
        ([SKILL_BROKEN, DONE], False),
    ],
)
def test_an_error_that_nothing_repaired(calls: list[Call], failed: bool) -> None:
    assert told(seen("Do it", calls=tuple(calls))) == [("behaviour", "failure", "unrepaired")] * failed


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([("done", (True, True))], ["success"]),
        ([("done", (True, False))], ["failure"]),
        ([("failed", (True,))], ["failure"]),
        ([("done", (True,)), ("done", (False,))], ["failure"]),
        ([("done", ())], []),
    ],
)
def test_the_checks_of_a_skill(runs: list[tuple[str, tuple[bool, ...]]], expected: list[str]) -> None:
    uses = tuple(
        Use(1, f"tool:{n}.0", SkillRef("s", "d"), {}, status, checks) for n, (status, checks) in enumerate(runs)
    )
    assert told(seen("Do it", uses=uses)) == [("verifier", verdict, "skill s") for verdict in expected]


async def test_a_record_is_what_the_task_left(store: Store) -> None:
    task = await worked(
        store,
        1,
        "Ship 7",
        Made("get_order", '{"id": "7"}', '{"result": {"id": 7}}'),
        Made("ship", "{broken", "no JSON", failed=True),
        Made("get_order", {"id": "7"}, {}, place="tool:2.0/verify/check/0"),
    )
    found = await store.read(lambda connection: record(connection, tasks.task(connection, task)))
    assert found.calls == [Call("get_order", {"id": "7"}, {"id": 7}), Call("ship", {}, "no JSON", failed=True)]
    assert [(said.person, said.text) for said in found.said] == [(ANA.id, "Ship 7")]
    assert (found.conversation, found.before) == (ROOM, None)


@pytest.mark.parametrize(
    ("first", "status", "source"),
    [
        ("Thanks, now 8", "success", "behaviour"),
        ("No, I meant 9", "failure", "behaviour"),
        ("That worked.", "success", "feedback"),
        ("Ship 7", "unknown", None),
        ("Ship 8", "unknown", None),
    ],
)
async def test_a_first_message_may_speak_of_the_work_before(
    store: Store, first: str, status: str, source: str | None
) -> None:
    before = await worked(store, 1, "Ship 7")
    await closed(store, before)
    after = await worked(store, 2, first)
    assert (await closed(store, after)).status == "unknown"
    outcome = (await store.read(lambda connection: tasks.task(connection, before))).outcome
    assert (outcome.status, outcome.source) == (status, source)


async def test_the_latest_word_of_a_person_counts(store: Store) -> None:
    """A thumb that was pressed after "that worked" is not overruled when the task is closed and its words are read."""
    task = await worked(store, 1, "Ship 7")
    await worked(store, 2, "That worked")
    down = Evidence("feedback", "failure", "Ana pressed thumbs down.", ANA.id, "thumbs")
    await store.write(Commit.FINISH, lambda connection: evidence.testify(connection, task, down, 2_000.0))
    outcome = await closed(store, task)
    assert (outcome.status, outcome.detail) == ("failure", "Ana pressed thumbs down.")
    up = Evidence("feedback", "success", "Ana pressed thumbs up.", ANA.id, "thumbs")
    await store.write(Commit.FINISH, lambda connection: evidence.testify(connection, task, up, 3_000.0))
    assert (await closed(store, task, "again")).status == "success"
