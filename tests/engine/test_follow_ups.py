"""What a person says while the bot works for them joins the next call of the model: once, in order, and seen."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.chat import Attachment, Conversation, Person
from bot.engine import follow_ups
from bot.engine.work import Limits
from bot.errors import ModelUnavailable
from bot.learning import collect
from bot.ports import ModelReply, ModelRequest
from bot.store import tasks, turns
from bot.store.commits import Commit
from bot.store.store import Connection, Store
from bot.store.tables import turns as rows
from bot.store.tasks import Task
from tests.engine.desk import Asked, Desk, endless, wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM, said

ORDER = wishes(("get_order", {"id": "1"}))


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def hearing(desk: Desk, reply: ModelReply, *texts: str, person: Person = ANA, where: Conversation = ROOM) -> Asked:
    """A model that replies after somebody has said something."""

    async def ask(request: ModelRequest) -> ModelReply:
        for text in texts:
            await desk.hear(text, person, where)
        return reply

    return ask


def read(desk: Desk, request: int = -1) -> list[tuple[str, str | None]]:
    """What the model has read, the house's words left out."""
    return [(message["role"], message["content"]) for message in desk.model.requests[request].messages[1:]]


async def closed(desk: Desk) -> list[Task]:
    await desk.say("/done")
    return [*await desk.store.read(lambda connection: tasks.closed_tasks(connection, ROOM.scope, 9))]


async def test_it_joins_the_next_call_and_is_shown_to_be_heard(desk: Desk) -> None:
    desk.model.script = [hearing(desk, ORDER, "and order 2", "please"), words("Rome, both.")]
    assert await desk.say("Where is order 1?") == ["Rome, both."]
    assert read(desk) == [
        ("user", "Where is order 1?"),
        ("assistant", None),
        ("tool", '{"id":"1","city":"Rome"}'),
        ("user", "and order 2"),
        ("user", "please"),
    ]
    assert desk.chat.heard == [(ROOM, "2"), (ROOM, "3")]


async def test_what_comes_before_the_answer_makes_one_more_round_of_the_same_answer(desk: Desk) -> None:
    desk.model.script = [hearing(desk, words("Rome."), "and order 2?"), hearing(desk, words("Oslo."), "3?"), words("")]
    assert await desk.say("Where is order 1?") == ["Rome.\n\nOslo."]
    assert read(desk) == [
        ("user", "Where is order 1?"),
        ("assistant", "Rome."),
        ("user", "and order 2?"),
        ("assistant", "Oslo."),
        ("user", "3?"),
    ]
    desk.model.script = [words("Bye.")]
    await desk.say("thanks")
    assert read(desk)[-3:] == [("user", "3?"), ("assistant", ""), ("user", "thanks")]


async def test_it_is_in_the_record_once(desk: Desk) -> None:
    desk.model.script = [
        hearing(desk, ORDER, "and order 2"),
        hearing(desk, words("Rome."), "no, I meant order 3"),
        words("Oslo."),
    ]
    await desk.say("Where is order 1?")
    [task] = await closed(desk)
    heard = await desk.store.read(lambda connection: tasks.said(connection, task.id))
    assert [one.text for one in heard] == ["Where is order 1?", "and order 2", "no, I meant order 3"]
    assert task.outcome.detail == "A person corrected what was done."
    [trace] = await desk.store.read(lambda connection: collect.own(connection, [task.id], ()))
    assert [message["content"] for message in trace.messages if message["role"] in ("user", "assistant")] == [
        "Where is order 1?",
        None,
        "and order 2",
        "Rome.",
        "no, I meant order 3",
        "Oslo.",
    ]


async def test_others_and_commands_wait_their_turn(desk: Desk) -> None:
    desk.model.script = [
        hearing(desk, words("To Ana."), "mine", person=BOB, where=GROUP),
        hearing(desk, words("To Bob."), "/done", "again", person=BOB, where=GROUP),
        words("Again."),
    ]
    assert await desk.say("first", ANA, GROUP) == [
        "To Ana.",
        "To Bob.",
        "Done: this piece of work is closed.",
        "Again.",
    ]
    assert desk.chat.heard == []


async def test_who_waits_behind_somebody_else_does_not_overtake(desk: Desk) -> None:
    async def both(request: ModelRequest) -> ModelReply:
        await desk.hear("Bob's", BOB, GROUP)
        await desk.hear("Ana's second", ANA, GROUP)
        return words("To Ana.")

    desk.model.script = [both, words("To Bob."), words("To Ana again.")]
    assert await desk.say("Ana's first", ANA, GROUP) == ["To Ana.", "To Bob.", "To Ana again."]


async def test_files_and_what_is_no_request_are_answered_apart(desk: Desk) -> None:
    async def sends(request: ModelRequest) -> ModelReply:
        file = Attachment("f1", "orders.csv", "text/csv")
        await desk.intake.accept(replace(said("look", 99), attachments=(file,)))
        return words("First.")

    desk.open(apart=lambda text: "learn" in text)
    desk.model.script = [sends, hearing(desk, words("Second."), "don't learn from this"), words("Third.")]
    assert await desk.say("one") == ["First.", "Second.", "Third."]


async def test_a_line_of_a_pipe_has_an_answer_of_its_own(desk: Desk) -> None:
    console = Conversation("console", "local")
    desk.model.script = [hearing(desk, words("First."), "two", where=console), words("Second.")]
    await desk.hear("one", ANA, console)
    await desk.work()
    assert [message["content"] for message in desk.model.requests[-1].messages[1:]] == ["one", "First.", "two"]
    assert len(desk.model.requests) == 2
    joined = await desk.store.read(lambda connection: connection.execute(_JOINED).all())
    assert joined == []


_JOINED = rows.select().where(rows.c.joined.is_not(None))


async def test_a_turn_that_was_cut_off_still_knows_what_joined_it(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [hearing(desk, words("Rome."), "and order 2?"), endless(begun), words("Oslo.")]
    await desk.hear("Where is order 1?")
    await desk.killed(begun)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["Rome.\n\nOslo."]
    _, cut_off, again = desk.model.requests
    assert again == cut_off
    assert read(desk) == [("user", "Where is order 1?"), ("assistant", "Rome."), ("user", "and order 2?")]


async def test_what_comes_while_a_turn_is_down_joins_it_when_it_goes_on(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [ORDER, endless(begun), words("Rome, both.")]
    await desk.hear("Where is order 1?")
    await desk.killed(begun)
    await desk.hear("and order 2?")
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["Rome, both."]
    assert read(desk)[-1] == ("user", "and order 2?")


@pytest.mark.parametrize("away", [True, False], ids=["the bot", "the model"])
async def test_what_comes_while_a_joined_round_is_down_joins_the_next(desk: Desk, *, away: bool) -> None:
    begun = asyncio.Event()
    down = endless(begun) if away else ModelUnavailable("The model is busy.", after=5.0)
    desk.model.script = [hearing(desk, words("Rome."), "2?"), down, words("Oslo."), words("Bern.")]
    await desk.hear("Where is order 1?")
    await (desk.killed(begun) if away else desk.work())
    await desk.hear("3?")
    await desk.clock.sleep(5.0)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["Rome.\n\nOslo.\n\nBern."]
    assert [text for role, text in read(desk) if role == "user"] == ["Where is order 1?", "2?", "3?"]


async def test_at_the_last_round_it_is_answered_apart(desk: Desk) -> None:
    desk.open(Limits(rounds=1))
    desk.model.script = [hearing(desk, words("First."), "two"), words("Second.")]
    assert await desk.say("one") == ["First.", "Second."]


async def test_stopped_with_what_it_joined(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [hearing(desk, words("First."), "two"), endless(begun)]
    await desk.hear("one")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await begun.wait()
    await desk.hear("three")
    await desk.hear("/stop")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await working
    await desk.work()
    assert [message.text[:19] for message in desk.chat.sent] == ["Stopped. 1 more tha"]
    [task] = await closed(desk)
    heard = await desk.store.read(lambda connection: tasks.said(connection, task.id))
    assert [one.text for one in heard] == ["one", "two", "three"]
    desk.model.script = [words("Yes.")]
    await desk.say("four")
    assert [text for role, text in read(desk) if role == "user"] == ["one", "two", "three", "four"]


async def test_no_more_than_so_many_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_ups, "MOST", 2)
    desk.model.script = [hearing(desk, words("1."), "2", "3", "4"), words("To 2 and 3."), words("To 4.")]
    assert await desk.say("1") == ["1.\n\nTo 2 and 3.\n\nTo 4."]


async def test_a_platform_that_shows_nothing_holds_nothing_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(conversation: Conversation, message_id: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(follow_ups, "PATIENCE_SECONDS", 0.01)
    desk.chat.seen = hangs  # type: ignore[method-assign]  # the far end misbehaves
    desk.model.script = [hearing(desk, words("Rome."), "and order 2?"), words("Oslo.")]
    assert await desk.say("Where is order 1?") == ["Rome.\n\nOslo."]


async def test_a_turn_finds_by_an_index_what_joined_it(desk: Desk) -> None:
    def plan(connection: Connection) -> str:
        found = connection.exec_driver_sql("EXPLAIN QUERY PLAN UPDATE turns SET task = 't' WHERE id = 1 OR joined = 1")
        return " ".join(row[3] for row in found)

    assert "SCAN" not in await desk.store.read(plan)


async def test_nothing_is_taken_from_a_turn_that_another_runner_holds(desk: Desk) -> None:
    taken_over = asyncio.Event()

    async def overtaken(request: ModelRequest) -> ModelReply:
        await desk.hear("two")
        await desk.store.write(Commit.CLAIM, lambda connection: turns.claim(connection, ROOM.lane, 9e9))
        taken_over.set()
        return ORDER

    desk.model.script = [overtaken, words("Rome.")]
    await desk.hear("one")
    await desk.lanes.drain(ROOM.lane)
    assert taken_over.is_set()
    assert await desk.store.read(lambda connection: connection.execute(_JOINED).all()) == []
