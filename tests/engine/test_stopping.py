"""`/stop` ends what hangs within a second, whatever it hangs in, and nothing that waited behind it begins."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Step
from bot.domain.tool import Tool, ToolResult
from bot.ports import ToolContext
from bot.store.store import Store
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import ROOM

SECONDS = 60.0
"""Long for any machine: what hangs here hangs for ever."""
CITY = Procedure((Step("order", "get_order", {"id": "1"}),))


class Stuck:
    """A tool that waits in a thread, as one does that asks a far system by a library of its own."""

    def __init__(self) -> None:
        self.begun, self.to_end = asyncio.Event(), threading.Event()

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        return [Tool("stuck", "Waits", {"type": "object", "properties": {}})]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        self.begun.set()
        await asyncio.to_thread(self.to_end.wait, 60)
        return ToolResult("Free.")


@pytest.fixture
async def stuck() -> AsyncIterator[Stuck]:
    tool = Stuck()
    yield tool
    tool.to_end.set()


@pytest.fixture
def desk(store: Store, tmp_path: Path, stuck: Stuck) -> Desk:
    return Desk(store, tmp_path, tools=(stuck,))


async def hanging(desk: Desk, stuck: Stuck, where: str) -> asyncio.Event:
    """Make the next work hang there; set when it does."""
    begun = asyncio.Event()
    match where:
        case "model":
            desk.model.script = [endless(begun)]
        case "tool":
            desk.orders.faults = [begun]
            desk.model.script = [wishes(("get_order", {"id": "1"}))]
        case "skill":
            await desk.learn("order-city", CITY)
            desk.orders.faults = [begun]
            desk.model.script = [wishes(("skill_order_city", {}))]
        case "thread":
            desk.model.script = [wishes(("stuck", {}))]
            return stuck.begun
    return begun


@pytest.mark.parametrize("where", ["model", "tool", "skill", "thread"])
async def test_it_ends_although_the_work_hangs(desk: Desk, stuck: Stuck, where: str) -> None:
    begun = await hanging(desk, stuck, where)
    await desk.hear("work")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await begun.wait()
    asked = len(desk.model.requests)
    async with asyncio.timeout(SECONDS):
        await desk.hear("/new")  # no work, so it keeps its place
        await desk.hear("more work")
        await desk.hear("/stop")
        await desk.lanes.drain(f"aside:{ROOM.key}")
        await working
        await desk.work()
    assert [message.text[:12] for message in desk.chat.sent] == ["Stopped. 1 m", "A fresh star"]
    assert len(desk.model.requests) == asked
    desk.model.script = [words("Here.")]
    assert await desk.say("and now?") == ["Here."]
