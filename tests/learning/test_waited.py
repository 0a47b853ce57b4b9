"""Work that waited for a person's word is one piece of work to those who learn from it: the click is no request."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.learning import collect
from bot.learning.outcomes.record import Record, record
from bot.store import tasks
from bot.store.store import Connection, Store
from tests.engine.desk import Desk, wishes, words
from tests.engine.made import ROOM

LOOK, SEND = ("get_order", {"id": "7"}), ("set_order", {"id": "7", "to": "Rome"})


@pytest.fixture
async def desk(store: Store, tmp_path: Path) -> Desk:
    desk = Desk(store, tmp_path, wishes(LOOK), wishes(SEND), words("Sent."))
    desk.orders.known = [replace(tool, outside=not tool.reads) for tool in desk.orders.known]
    await desk.say("Send order 7 to Rome")
    return desk


async def left(desk: Desk) -> tuple[Trace, Record]:
    """What the task of the chat leaves to learning."""

    def read(connection: Connection) -> tuple[Trace, Record]:
        task = tasks.latest(connection, ROOM.key)
        assert task is not None
        [trace] = collect.own(connection, [task.id], desk.orders.known)
        return trace, record(connection, task)

    return await desk.store.read(read)


def told(trace: Trace) -> list[JSON]:
    """Who speaks and what is called, in order."""
    return [
        message["tool_calls"][0]["function"]["name"] if message.get("tool_calls") else message["role"]
        for message in trace.messages
        if message["role"] != "tool"
    ]


async def test_what_went_on_after_a_yes_is_one_piece_of_work(desk: Desk) -> None:
    await desk.press("Run once")
    trace, record = await left(desk)
    assert told(trace) == ["user", "get_order", "set_order", "assistant"]
    assert [call.tool for call in record.calls] == ["get_order", "set_order"]
    assert record.calls[-1].result == {"id": "7", "city": "Rome"}


async def test_what_was_refused_was_not_done(desk: Desk) -> None:
    await desk.press("No")
    trace, record = await left(desk)
    assert "set_order" not in told(trace)
    assert [call.tool for call in record.calls] == ["get_order"]


async def test_what_still_waits_was_not_done(desk: Desk) -> None:
    trace, record = await left(desk)
    assert told(trace) == ["user", "get_order"]
    assert [call.tool for call in record.calls] == ["get_order"]
