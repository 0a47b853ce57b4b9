"""The calls of one reply: reads together, a write alone and in its place, none over and over."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.engine.round import AT_ONCE, OFTEN, REPEATED
from bot.engine.work import Limits
from bot.errors import ModelUnavailable
from bot.ports import ToolContext
from bot.store import journal, tables
from bot.store.store import Store
from tests.engine.desk import Desk, wishes, words
from tests.engine.made import ROOM

LOOK = Tool("look", "Look", {"type": "object", "properties": {"at": {"type": "string"}}}, reads=True)
CHANGE = Tool("change", "Change", {"type": "object", "properties": {"at": {"type": "string"}}})


class Slow:
    """Calls that end when they are let go; `under_way` are those that have not, `most` of them at once."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.under_way: list[str] = []
        self.most = 0
        self.full = asyncio.Event()
        self.go = asyncio.Event()
        self.wanted = 1
        """Calls under way that set `full`."""

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        return [LOOK, CHANGE]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        at = arguments["at"]
        self.begun.append(at)
        self.under_way.append(at)
        self.most = max(self.most, len(self.under_way))
        if len(self.under_way) == self.wanted:
            self.full.set()
        try:
            await (self.full if at == "broken" else self.go).wait()
        finally:
            self.under_way.remove(at)
        if at == "broken":
            raise ModelUnavailable("The look broke off.")
        return ToolResult(f"saw {at}")


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def desk(store: Store, tmp_path: Path, slow: Slow) -> Desk:
    return Desk(store, tmp_path, tools=[slow])


def looks(*at: str) -> list[tuple[str, JSON]]:
    return [("look", {"at": each}) for each in at]


def told(desk: Desk) -> list[str]:
    return [message["content"] for message in desk.model.requests[-1].messages if message["role"] == "tool"]


async def test_reads_run_together_and_are_told_in_their_order(desk: Desk, slow: Slow) -> None:
    slow.wanted = 3
    desk.model.script = [wishes(*looks("a", "b", "c")), words("Done.")]
    working = asyncio.create_task(desk.say("Look"))
    await slow.full.wait()  # none has ended, and all have begun
    slow.go.set()
    assert await working == ["Done."]
    assert told(desk) == ["saw a", "saw b", "saw c"]
    rows = await desk.store.read(lambda connection: journal.entries(connection, [1]))
    assert [entry.place for entry in rows[1]] == ["model:0", "tool:0.0", "tool:0.1", "tool:0.2", "model:1"]


async def test_a_write_runs_alone_and_in_its_place(desk: Desk, slow: Slow) -> None:
    slow.wanted = 2
    desk.model.script = [wishes(*looks("a", "b"), ("change", {"at": "c"}), *looks("d", "e")), words("Done.")]
    working = asyncio.create_task(desk.say("Look"))
    await slow.full.wait()
    assert slow.begun == ["a", "b"]
    slow.go.set()
    await working
    assert told(desk) == [f"saw {at}" for at in "abcde"]
    assert slow.begun == ["a", "b", "c", "d", "e"]


async def test_writes_wait_for_each_other(desk: Desk, slow: Slow) -> None:
    desk.model.script = [wishes(("change", {"at": "a"}), ("change", {"at": "b"})), words("Done.")]
    working = asyncio.create_task(desk.say("Change"))
    await slow.full.wait()
    await desk.hear("And then")  # its commit comes behind what would have been written by now
    assert slow.begun == ["a"]
    slow.go.set()
    desk.model.script.append(words("And then?"))
    await working
    assert slow.begun == ["a", "b"]


async def test_a_flood_of_reads_runs_in_parts(desk: Desk, slow: Slow) -> None:
    slow.go.set()
    at = [str(number) for number in range(2 * AT_ONCE + 1)]
    desk.model.script = [wishes(*looks(*at)), words("Done.")]
    await desk.say("Look")
    assert (slow.begun, slow.most <= AT_ONCE) == (at, True)
    assert told(desk) == [f"saw {each}" for each in at]


async def test_a_stop_leaves_no_read_behind(desk: Desk, slow: Slow) -> None:
    slow.wanted = 3
    desk.model.script = [wishes(*looks("a", "b", "c"))]
    await desk.hear("Look")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await slow.full.wait()
    await desk.hear("/stop")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await working
    await desk.work()
    assert slow.under_way == []
    assert [message.text for message in desk.chat.sent] == ["Stopped. What was done until now stays done."]


async def test_a_read_that_breaks_the_turn_leaves_no_other_behind(desk: Desk, slow: Slow) -> None:
    slow.wanted = 3
    desk.model.script = [wishes(*looks("a", "broken", "c")), words("Done.")]
    await desk.hear("Look")
    working = asyncio.create_task(desk.work())
    await working
    assert slow.under_way == []  # those that nobody let go too
    [error] = await desk.store.read(lambda connection: connection.scalars(sa.select(tables.turns.c.error)).all())
    assert error == "The look broke off."
    slow.begun.clear()
    slow.go.set()
    await desk.clock.sleep(600)
    await desk.work()
    assert slow.begun == ["a", "broken", "c"]


async def test_reads_that_a_crash_cut_off_are_made_again(desk: Desk, slow: Slow) -> None:
    slow.wanted = 2
    desk.model.script = [wishes(*looks("a", "b")), words("Done.")]
    await desk.hear("Look")
    await desk.killed(slow.full)
    assert slow.under_way == []
    slow.go.set()
    await desk.work()
    assert slow.begun == ["a", "b", "a", "b"]
    assert desk.last.text == "Done."


async def test_one_call_over_and_over_is_not_made_and_then_ends_the_turn(desk: Desk, slow: Slow) -> None:
    slow.go.set()
    desk.model.script = [wishes(*looks("a"))] * 10
    [answer] = await desk.say("Look")
    assert answer == "I stopped, since I went round in circles with look. What it gave: saw a"
    assert slow.begun == ["a"] * OFTEN
    assert told(desk) == ["saw a", "saw a", f"Error: {REPEATED}"]
    assert len(desk.model.requests) == OFTEN + 2


async def test_a_model_that_is_told_so_can_answer(desk: Desk, slow: Slow) -> None:
    slow.go.set()
    desk.model.script = [wishes(*looks("a", "a", "a")), words("It is a.")]
    assert await desk.say("Look") == ["It is a."]
    assert slow.begun == ["a"] * OFTEN


async def test_what_was_changed_may_be_looked_at_again(desk: Desk, slow: Slow) -> None:
    slow.go.set()
    again = [wishes(*looks("a"), ("change", {"at": str(number)})) for number in range(4)]
    desk.model.script = [*again, words("Done.")]
    assert await desk.say("Look") == ["Done."]
    assert slow.begun.count("a") == 4


async def test_the_same_change_over_and_over_is_stopped_whatever_is_read_between(desk: Desk, slow: Slow) -> None:
    slow.go.set()
    desk.open(Limits(rounds=40))
    desk.model.script = [wishes(("change", {"at": "x"}), *looks(str(number))) for number in range(10)]
    [answer] = await desk.say("Change")
    assert answer.startswith("I stopped, since I went round in circles with change.")
    assert slow.begun.count("x") == OFTEN


async def test_other_arguments_are_another_call(desk: Desk, slow: Slow) -> None:
    slow.go.set()
    desk.model.script = [*(wishes(*looks(str(number))) for number in range(6)), words("Done.")]
    assert await desk.say("Look") == ["Done."]
