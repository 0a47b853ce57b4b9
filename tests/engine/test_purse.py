"""Budgets: nothing is begun when one is used up, what was done stays, and people are told once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.clients.embedding import OpenAIEmbedder
from bot.domain.cost import Budgets, Limit, Prices, Used
from bot.domain.skill import Procedure, Step
from bot.engine.purse import CountedEmbedder
from bot.errors import ModelUnavailable
from bot.ports import ModelReply, ModelRequest
from bot.store import journal, spending, tasks
from bot.store.store import Store
from tests.emulators.embeddings_server import EmbeddingsServer
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM

TODAY = "My budget for today is used up. A new one begins at midnight (Europe/Berlin)."
YOURS = "Your budget for today is used up. A new one begins at midnight (Europe/Berlin)."
TALK = "The budget of this conversation is used up. A new one begins with /new."
STAYS = "What was done until now stays done."
BERLIN = ZoneInfo("Europe/Berlin")
PRICES = Prices("EUR", {"small": (1.0, 10.0)})
NOTE = ("write_file", {"path": "note.txt", "content": "milk"})


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def allow(desk: Desk, **limits: Limit) -> None:
    desk.budgets = Budgets(**limits, zone=BERLIN, prices=PRICES)
    desk.open()


def by(reply: ModelReply, tokens_in: int = 90, tokens_out: int = 10) -> ModelReply:
    """A reply of the model that has a price."""
    return replace(reply, model="small", tokens_in=tokens_in, tokens_out=tokens_out)


async def used(desk: Desk) -> list[Used]:
    return await desk.store.read(lambda connection: spending.of_day(connection, "2026-11-22"))


async def test_every_call_is_counted_once_with_its_model(desk: Desk) -> None:
    desk.model.script = [by(wishes(NOTE)), by(words("Noted."), 200, 20), replace(by(words("Hi.")), model="other")]
    await desk.say("Note milk")
    await desk.say("Hello")
    assert await used(desk) == [Used("other", 1, 90, 10), Used("small", 2, 290, 30)]


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"day": Limit(tokens=100)}, TODAY),
        ({"day": Limit(money=0.0001)}, TODAY),
        ({"person": Limit(tokens=100)}, YOURS),
        ({"conversation": Limit(tokens=100)}, TALK),
    ],
)
async def test_a_budget_that_ends_in_the_middle_ends_the_turn_behind_what_is_done(
    desk: Desk, limits: dict[str, Limit], told: str
) -> None:
    allow(desk, **limits)
    desk.model.script = [by(wishes(NOTE)), by(words("Noted."))]
    assert await desk.say("Note milk") == [f"{told} {STAYS}"]
    assert (desk.path / "workspace" / "note.txt").read_text() == "milk"
    assert len(desk.model.requests) == 1
    task = await desk.store.read(lambda connection: tasks.latest(connection, ROOM.key))
    assert task is not None
    assert task.outcome.status == "unknown"  # that money ran out says nothing of the work


async def test_a_budget_that_ends_in_a_skill_begins_no_prompt_step(desk: Desk) -> None:
    steps = (Step("order", "get_order", {"id": "1"}), Step("words", prompt="Say it nicely: ${steps.order.city}"))
    await desk.learn("nice", Procedure(steps))
    allow(desk, person=Limit(tokens=100))
    desk.model.script = [by(wishes(("skill_nice", {})))]
    assert await desk.say("Order 1, nicely") == [f"{YOURS} {STAYS}"]
    assert desk.orders.made("get_order") == [{"id": "1"}]


async def test_what_was_read_before_a_budget_ended_is_on_record(desk: Desk) -> None:
    allow(desk, day=Limit(tokens=100))
    desk.model.script = [by(wishes(("get_order", {"id": "1"}))), by(words("Never."))]
    await desk.say("Order 1")
    rows = await desk.store.read(lambda connection: journal.entries(connection, [1]))
    assert [(entry.place, entry.status) for entry in rows[1]] == [("model:0", "done"), ("tool:0.0", "done")]


async def test_an_answer_that_the_person_spoke_on_after_is_told_with_the_budgets_end(desk: Desk) -> None:
    allow(desk, day=Limit(tokens=100))

    async def meanwhile(request: ModelRequest) -> ModelReply:
        await desk.hear("And eggs?")
        return by(words("Milk is there."))

    desk.model.script = [meanwhile]
    assert await desk.say("Milk?") == [f"Milk is there.\n\n{TODAY} {STAYS}", TODAY]


async def test_a_running_call_ends_however_much_it_takes(desk: Desk) -> None:
    allow(desk, day=Limit(tokens=100))
    desk.model.script = [by(words("A long answer."), 5_000, 5_000)]
    assert await desk.say("Hello") == ["A long answer."]


async def test_a_flood_is_told_once_and_asks_nothing(desk: Desk) -> None:
    allow(desk, day=Limit(tokens=100))
    desk.model.script = [by(words("Hi."))]
    await desk.say("Hello")
    assert [await desk.say(f"Hello {number}") for number in range(4)] == [[TODAY], [], [], []]
    assert await desk.say("Hello", BOB, GROUP) == [TODAY]  # another room, which has not heard it
    assert await desk.say("Hello", ANA, GROUP) == []
    assert len(desk.model.requests) == 1


async def test_a_new_day_begins_at_midnight_in_its_zone(desk: Desk) -> None:
    allow(desk, day=Limit(tokens=100))
    desk.model.script = [by(words("Hi.")), by(words("Good morning."))]
    await desk.say("Hello")
    desk.clock.time += timedelta(hours=10, minutes=59)  # 22:59 in UTC, in Berlin it is a minute to midnight
    assert await desk.say("Hello") == [TODAY]
    desk.clock.time += timedelta(minutes=1)
    assert await desk.say("Hello") == ["Good morning."]
    desk.model.script = [by(words("Never."))]
    assert await desk.say("Hello") == [TODAY]


async def test_a_persons_budget_is_theirs_alone(desk: Desk) -> None:
    allow(desk, person=Limit(tokens=100))
    desk.model.script = [by(words("Hi.")), by(words("Hi, Bob."))]
    await desk.say("Hello", ANA, GROUP)
    assert await desk.say("Hello", ANA, GROUP) == [YOURS]
    assert await desk.say("Hello", BOB, GROUP) == ["Hi, Bob."]
    assert await desk.say("Hello", ANA) == [YOURS]  # whatever the room


async def test_a_conversations_budget_begins_anew_with_new(desk: Desk) -> None:
    allow(desk, conversation=Limit(tokens=100))
    desk.model.script = [by(words("Hi.")), by(words("Hi anew."))]
    await desk.say("Hello")
    assert await desk.say("Hello") == [TALK]
    await desk.say("/new")
    assert await desk.say("Hello") == ["Hi anew."]
    assert await desk.say("Hello") == [TALK]


async def test_forgetting_makes_no_budget_anew(desk: Desk) -> None:
    allow(desk, day=Limit(tokens=100))
    desk.model.script = [by(words("Hi."))]
    await desk.say("Hello")
    await desk.say("/forget")
    await desk.press("Delete")
    assert await desk.say("Hello") == [TODAY]


async def test_what_a_crash_cut_off_is_not_counted_and_what_was_recorded_once(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [by(wishes(NOTE)), endless(begun), by(words("Noted."))]
    await desk.hear("Note milk")
    await desk.killed(begun)
    await desk.work()
    assert desk.last.text == "Noted."
    assert await used(desk) == [Used("small", 2, 180, 20)]


async def test_a_budget_that_ended_before_a_crash_ends_the_turn_after_it(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [by(wishes(NOTE)), endless(begun), by(words("Never."))]
    await desk.hear("Note milk")
    desk.budgets = Budgets(day=Limit(tokens=100), zone=BERLIN)
    await desk.killed(begun)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == [f"{TODAY} {STAYS}"]
    assert (desk.path / "workspace" / "note.txt").read_text() == "milk"


async def test_status_tells_what_the_conversation_used(desk: Desk) -> None:
    desk.model.script = [by(words("Hi."), 1_000_000, 50_000), replace(by(words("Hi.")), model="other")]
    assert "- Used in this conversation: 0 tokens" in (await desk.say("/status"))[0].splitlines()
    allow(desk)
    await desk.say("Hello")
    assert "- Used in this conversation: 1050000 tokens, 1.50 EUR" in (await desk.say("/status"))[0].splitlines()
    await desk.say("Hello")
    assert "- Used in this conversation: 1050100 tokens" in (await desk.say("/status"))[0].splitlines()
    await desk.say("/new")
    assert "- Used in this conversation: 0 tokens" in (await desk.say("/status"))[0].splitlines()


async def test_embeddings_are_counted_and_end_with_the_days_budget(desk: Desk) -> None:
    budgets = Budgets(day=Limit(tokens=10))
    async with EmbeddingsServer() as server, OpenAIEmbedder("small", base_url=server.base_url) as embedder:
        counted = CountedEmbedder(embedder, desk.store, desk.clock, budgets)
        for text in ("twenty bytes, twenty", "and twenty bytes too"):
            assert len(await counted.embed([text])) == 1
        with pytest.raises(ModelUnavailable, match="used up"):
            await counted.embed(["more"])
        assert len(server.requests) == 2
    [line] = await desk.store.read(lambda connection: spending.lines(connection, "conversation"))
    assert (line.of, line.used) == ("embeddings", [Used("small", 2, 10, 0)])


def test_a_limit_is_reached_when_nothing_is_left() -> None:
    spent = [Used("small", 1, 500_000, 50_000), Used("other", 1, 10, 10)]
    assert PRICES.cost(spent) == 1.0
    assert PRICES.unknown(spent) == ["other"]
    assert Limit(tokens=550_020).reached(spent, PRICES)
    assert not Limit(tokens=550_021).reached(spent, PRICES)
    assert Limit(money=1.0).reached(spent, PRICES)
    assert not Limit(money=1.01).reached(spent, PRICES)
    assert Limit(550_021, 1.5).rest(spent, PRICES) == Limit(1, 0.5)
    assert Limit(1, 0.5).rest(spent, PRICES) == Limit(0, 0.0)
    assert Limit(0, None).reached([], PRICES)
    assert not Limit().reached(spent, PRICES)
