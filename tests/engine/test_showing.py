"""Which skills reach the model, and what is remembered of its choice."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.domain.skill import Procedure, SkillRef, Step
from bot.domain.tool import Tool
from bot.engine.toolbox import Toolbox
from bot.ports import ToolContext
from bot.skills.rank import MOST
from bot.skills.relevance import Relevance
from bot.store import showings
from bot.store.showings import Counts
from bot.store.store import Store
from tests.engine.desk import Desk, wishes, words
from tests.engine.made import ANA, GROUP, ROOM

READS = Procedure((Step("order", "get_order", {"id": "7"}),))
WRITES = Procedure((Step("order", "set_order", {"id": "7"}),))


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def offered(desk: Desk) -> list[str]:
    return [tool.name for tool in desk.model.requests[-1].tools if tool.name.startswith("skill_")]


async def counts(desk: Desk, scope: str = ROOM.scope) -> Mapping[SkillRef, Counts]:
    return await desk.store.read(lambda connection: showings.counts(connection, scope))


async def test_at_most_eight_the_best_first_and_the_others_can_still_be_called(desk: Desk) -> None:
    for number in range(MOST + 4):
        await desk.learn(f"job-{number:02}", READS)
    await desk.learn("zebra-count", READS)
    desk.model.script = [wishes(("skill_job_11", {})), words("Done.")]
    assert await desk.say("Count the zebras") == ["Done."]
    assert offered(desk) == ["skill_zebra_count", *(f"skill_job_{number:02}" for number in range(MOST - 1))]
    assert desk.orders.made("get_order") == [{"id": "7"}]


async def test_what_cannot_be_executed_takes_nobodys_place(desk: Desk) -> None:
    for number in range(MOST + 4):
        await desk.learn(f"job-{number:02}", Procedure((Step("a", "tool_of_another_bot"),)))
    await desk.learn("zebra-count", READS)
    desk.model.script = [words("Done.")]
    await desk.say("job")
    assert offered(desk) == ["skill_zebra_count"]


def long(size: int) -> Procedure:
    """A procedure whose parameter takes so many bytes to describe."""
    described = {"id": {"type": "string", "description": "x" * size}}
    return Procedure((Step("order", "get_order", {"id": "${parameters.id}"}),), described, ("id",))


@pytest.mark.parametrize(
    ("tokens", "shown"), [(0, ""), (150, "c"), (700, "a c"), (1_200, "a c"), (1_600, "a b"), (1_750, "a b c")]
)
async def test_the_cap_of_tokens_is_kept_and_what_fits_behind_it_is_offered(
    desk: Desk, tokens: int, shown: str
) -> None:
    for name, size in (("a", 2_000), ("b", 4_000), ("c", 4)):
        await desk.learn(name, long(size))
    toolbox = Toolbox([desk.orders], Relevance(desk.library, desk.store), tokens)
    offer = await toolbox.offer(ToolContext(ROOM, ANA), "?")
    assert " ".join(each.entry.name for each in offer.seen) == shown
    tools: list[Tool] = [tool for tool in offer.shown if tool.name.startswith("skill_")]
    assert sum(len(tool.name + tool.description + str(tool.schema)) for tool in tools) / 4 <= tokens
    assert offer.skill("skill_b") is not None


async def test_a_turn_that_calls_tells_what_was_chosen_and_passed_over(desk: Desk) -> None:
    bill, dear, other = [await desk.learn(name, READS) for name in ("a-bill", "b-bill", "other")]
    desk.model.script = [wishes(("skill_b_bill", {})), words("Done.")]
    await desk.say("Show the bill")
    expected = {bill: Counts(1, 0, 1), dear: Counts(1, 1, 0), other: Counts(1, 0, 0)}
    assert await counts(desk) == expected
    desk.model.script = [wishes(("get_order", {"id": "1"})), words("Done.")]
    await desk.say("Show the bill")
    expected = {bill: Counts(2, 0, 2), dear: Counts(2, 1, 1), other: Counts(2, 0, 0)}
    assert await counts(desk) == expected
    assert await counts(desk, GROUP.scope) == {}


async def test_a_turn_that_calls_nothing_tells_nothing(desk: Desk) -> None:
    await desk.learn("a-bill", READS)
    desk.model.script = [words("Hello.")]
    await desk.say("Hello bill")
    assert await counts(desk) == {}


async def test_a_question_before_a_write_is_one_choice_whatever_the_answer(desk: Desk) -> None:
    bill = await desk.learn("a-bill", WRITES)
    await desk.learn("b-bill", READS)
    desk.model.script = [wishes(("skill_a_bill", {})), words("Done.")]
    await desk.say("Change the bill")
    before = await counts(desk)
    assert before[bill] == Counts(1, 1, 0)
    await desk.press("Run once")
    assert desk.last.text == "Done."
    assert await counts(desk) == before


async def test_what_the_model_passes_over_is_shown_behind_what_it_chose(desk: Desk) -> None:
    for name in ("a-bill", "b-bill"):
        await desk.learn(name, READS)
    for _ in range(3):
        desk.model.script = [wishes(("skill_b_bill", {})), words("Done.")]
        await desk.say("Show the bill")
    assert offered(desk) == ["skill_b_bill", "skill_a_bill"]
