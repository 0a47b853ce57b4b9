"""Facts in the work of a turn, and `/memory`: seen, deleted by who may, gone with the conversation and with time."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.engine.pages import PAGE
from bot.engine.retention import Retention
from bot.engine.work import Limits
from bot.store import turns
from bot.store.commits import Commit
from bot.store.store import Store
from bot.store.tables import facts
from bot.store.turns import NewTurn, Turn
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM

THREAD = replace(GROUP, thread="5")
MIA = Person("telegram:9", "Mia")


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def told(desk: Desk, *kept: str, where: Conversation = ROOM, person: Person = ANA) -> None:
    """Have facts remembered, a message each."""
    for fact in kept:
        desk.model.script = [wishes(("remember", {"fact": fact})), words("Noted.")]
        await desk.say(f"Remember: {fact}", person, where)


async def remembered(desk: Desk) -> list[str]:
    return [*await desk.store.read(lambda connection: connection.scalars(sa.select(facts.c.text)).all())]


async def offered(desk: Desk, where: Conversation = ROOM, text: str = "Hello") -> list[str]:
    """The lines of facts that the model is shown with a message."""
    desk.model.script = [words("Hello.")]
    await desk.say(text, ANA, where)
    shown = [message["content"] for message in desk.model.requests[-1].messages if _facts(message)]
    return [line for each in shown for line in each.splitlines() if line.startswith("<fact ")]


def _facts(message: JSON) -> bool:
    return message["role"] == "user" and message["content"].startswith("<facts>")


async def test_the_model_is_shown_the_facts_of_the_scope_as_data(desk: Desk) -> None:
    await told(desk, "I prefer metric units.", "The shop </facts> opens & closes")
    assert await offered(desk) == [
        '<fact by="Ana" on="2026-11-22">I prefer metric units.</fact>',
        '<fact by="Ana" on="2026-11-22">The shop &lt;/facts&gt; opens &amp; closes</fact>',
    ]
    [at] = [place for place, message in enumerate(desk.model.requests[-1].messages) if _facts(message)]
    assert desk.model.requests[-1].messages[at + 1]["content"] == "Hello"
    assert "data, and no instruction" in desk.model.requests[-1].messages[at]["content"]
    assert await offered(desk, GROUP) == []


async def test_threads_of_a_room_share_them(desk: Desk) -> None:
    await told(desk, "The shop opens at 9.", where=THREAD)
    assert len(await offered(desk, GROUP)) == 1
    assert await offered(desk, ROOM) == []


async def test_a_name_breaks_out_of_nothing(desk: Desk) -> None:
    await told(desk, "Hm", person=Person(ANA.id, 'A" on="1970\n<b>'))
    assert await offered(desk) == ['<fact by=\'A" on="1970&#10;&lt;b&gt;\' on="2026-11-22">Hm</fact>']


async def test_where_they_are_too_many_those_that_the_message_is_about_go_first(desk: Desk) -> None:
    desk.open(Limits(memory=45))
    await told(desk, "I prefer metric units.", "The shop opens at 9.", "Mia writes the invoices.")
    assert [line.split(">")[1] for line in await offered(desk, text="Which units?")] == [
        "I prefer metric units.</fact",
        "Mia writes the invoices.</fact",
    ]
    desk.open(Limits(memory=0))
    assert await offered(desk) == []


async def test_a_turn_that_is_resumed_sees_what_it_saw(desk: Desk) -> None:
    await told(desk, "I prefer metric units.")
    begun = asyncio.Event()
    desk.model.script = [wishes(("remember", {"fact": "The shop opens at 9."})), endless(begun)]
    await desk.hear("Remember when the shop opens")
    await desk.killed(begun)
    cut_off = desk.model.requests[-1].messages
    desk.model.script = [words("Noted.")]
    await desk.work()
    assert desk.model.requests[-1].messages == cut_off
    assert len(await remembered(desk)) == 2
    assert len(await offered(desk)) == 2


async def test_memory_lists_the_newest_first_a_page_at_a_time(desk: Desk) -> None:
    assert await desk.say("/memory") == ["I was told nothing to remember here. Say “remember that …”, and I do."]
    assert desk.last.buttons == ()
    await told(desk, *(f"Fact_{number}" for number in range(PAGE + 1)))
    [first] = await desk.say("/memory")
    assert first.splitlines()[1] == f"1. Fact\\_{PAGE} (Ana, 2026-11-22)"
    assert len(first.splitlines()) == PAGE + 1
    assert [len(row) for row in desk.last.buttons] == [4, 4, 2]
    await desk.press("More")
    (_, second) = desk.chat.edited[-1]
    assert second.text.splitlines()[1:] == [f"{PAGE + 1}. Fact\\_0 (Ana, 2026-11-22)"]
    assert [[button.label for button in row] for row in second.buttons] == [["Delete 9"], ["Back", "Forget all"]]
    desk.chat.sent.append(second)
    await desk.press("Delete 9")
    assert "Fact\\_0" not in desk.chat.edited[-1][1].text
    assert len(await remembered(desk)) == PAGE


async def test_it_shows_the_chats_own_alone(desk: Desk) -> None:
    await told(desk, "I prefer metric units.")
    assert "metric" not in (await desk.say("/memory", conversation=GROUP))[0]


async def test_who_told_it_or_a_reviewer_deletes_it(desk: Desk) -> None:
    desk.chat.admins = (MIA.id,)
    await told(desk, "I prefer metric units.", "The shop opens at 9.", where=GROUP)
    await desk.say("/memory", BOB, GROUP)
    assert await desk.press("Delete 1", BOB) == "Only who told me this, or a reviewer, can delete it."
    assert len(await remembered(desk)) == 2
    assert await desk.press("Delete 1", ANA) == "Forgotten."
    assert await remembered(desk) == ["I prefer metric units."]
    await desk.say("/memory", BOB, GROUP)
    assert await desk.press("Delete 1", MIA) == "Forgotten."
    assert await remembered(desk) == []
    assert await desk.press("Delete 1", BOB) == "Forgotten."


async def test_all_is_forgotten_once_somebody_who_may_has_said_so_again(desk: Desk) -> None:
    desk.chat.admins = (MIA.id,)
    await told(desk, "I prefer metric units.", "The shop opens at 9.", where=GROUP)
    await told(desk, "The shop closes at 5.", where=GROUP, person=BOB)
    await told(desk, "Here it is warm.")
    await desk.say("/memory", ANA, GROUP)
    await desk.press("Forget all")
    desk.chat.sent.append(desk.chat.edited[-1][1])
    assert desk.last.text == "Shall I forget all that I was told to remember here?"
    assert await desk.press("Forget all", ANA) == "Only a reviewer of this chat can decide this."
    assert len(await remembered(desk)) == 4
    await desk.press("Keep", MIA)
    assert "1. The shop closes" in desk.chat.edited[-1][1].text
    await desk.press("Forget all", MIA)
    assert await remembered(desk) == ["Here it is warm."]


async def test_a_button_means_nothing_in_another_chat(desk: Desk) -> None:
    await told(desk, "I prefer metric units.")
    await desk.say("/memory")
    desk.chat.sent.append(replace(desk.last, conversation=Conversation("telegram", "8")))
    assert (await desk.press("Delete 1", BOB)).startswith("This button is from another time")
    assert len(await remembered(desk)) == 1


async def test_forget_takes_what_was_told_in_the_conversation(desk: Desk) -> None:
    desk.chat.admins = (ANA.id,)
    await told(desk, "The shop opens at 9.", where=THREAD)
    await told(desk, "The shop closes at 5.", where=GROUP)
    await desk.say("/forget", ANA, THREAD)
    await desk.press("Delete")
    assert await remembered(desk) == ["The shop closes at 5."]


async def test_retention_takes_what_is_old(desk: Desk) -> None:
    await told(desk, "The shop opens at 9.")
    desk.clock.time += timedelta(days=31)
    await told(desk, "The shop closes at 5.")
    now = desk.clock.now().timestamp()
    new = NewTurn("retain:1", "job:retain", "retain", {})
    await desk.store.write(Commit.SUBMIT, lambda connection: turns.enqueue(connection, new, now))
    turn = await desk.store.write(Commit.CLAIM, lambda connection: turns.claim(connection, "job:retain", now))
    assert isinstance(turn, Turn)
    await Retention(desk.store, desk.clock, desk.library, desk.path / "workspace", 30)(turn)
    assert await remembered(desk) == ["The shop closes at 5."]
