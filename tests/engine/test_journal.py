"""The journal of a running turn."""

import pytest

from bot.domain.tool import ToolResult
from bot.engine.journal import UNKNOWN, Journal
from bot.errors import Fenced, Stopped, ToolError
from bot.ports import ModelReply
from bot.store import journal, turns
from bot.store.commits import Commit
from bot.store.journal import Entry
from bot.store.store import Store
from bot.store.turns import NewTurn, Turn
from tests.engine.made import HandClock, claimed

CLOCK = HandClock()
NEW = NewTurn("k", "a", "message", {})


class Tool:
    """Counts its calls."""

    def __init__(self, *results: ToolResult | Exception) -> None:
        self.results = list(results)
        self.calls = 0

    async def __call__(self) -> ToolResult:
        self.calls += 1
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


async def opened(store: Store, turn: Turn) -> Journal:
    return await Journal.open(store, CLOCK, turn)


async def reopened(store: Store) -> Journal:
    """After a restart: the turn is claimed again."""
    turn = await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, "a", 1.0))
    assert isinstance(turn, Turn)
    return await Journal.open(store, CLOCK, turn)


async def test_a_finished_call_that_wrote_is_never_made_again(store: Store) -> None:
    turn = await claimed(store, NEW)
    tool = Tool(ToolResult({"ok": 1}))
    first = await (await opened(store, turn)).call(Entry("tool:0.0", "t", "{}", once=True), tool)
    again = await (await reopened(store)).call(Entry("tool:0.0", "t", "{}", once=True), tool)
    assert (tool.calls, first, again.result) == (1, again, {"ok": 1})


async def test_a_read_is_recorded_with_what_follows_it(store: Store) -> None:
    turn = await claimed(store, NEW)
    first, second = Tool(ToolResult("one")), Tool(ToolResult("two"))
    log = await opened(store, turn)
    await log.call(Entry("tool:0.0", "t", "{}", once=False), first)
    await log.call(Entry("tool:0.1", "t", "{}", once=False), second)
    log = await reopened(store)
    assert (log.known["tool:0.0"].result, log.known["tool:0.1"].status) == ("one", "started")
    await log.call(Entry("tool:0.0", "t", "{}", once=False), first)
    assert first.calls == 1


async def test_the_turns_end_writes_what_waits(store: Store) -> None:
    turn = await claimed(store, NEW)
    log = await opened(store, turn)
    await log.call(Entry("tool:0.0", "t", "{}", once=False), Tool(ToolResult("one")))
    await store.write(Commit.FINISH, log.flush)
    assert (await reopened(store)).known["tool:0.0"].result == "one"


@pytest.mark.parametrize(("once", "calls", "status"), [(True, 1, "failed"), (False, 2, "done")])
async def test_a_call_that_was_cut_off_is_repeated_only_if_it_reads(
    store: Store, once: bool, calls: int, status: str
) -> None:
    turn = await claimed(store, NEW)
    tool = Tool(RuntimeError("cut off"), ToolResult("fine"))
    entry = Entry("tool:0.0", "t", "{}", once=once)
    with pytest.raises(RuntimeError):
        await (await opened(store, turn)).call(entry, tool)
    ended = await (await reopened(store)).call(entry, tool)
    assert (tool.calls, ended.status) == (calls, status)
    if once:
        assert ended.result == UNKNOWN


async def test_a_call_that_is_made_anew_is_what_it_is_by_then(store: Store) -> None:
    """It began as a question to a person, and goes on as the write that the person allowed."""
    asking, allowed = (Entry("tool:0.0", "t", "{}", once=once) for once in (False, True))
    journals = opened(store, await claimed(store, NEW)), reopened(store)
    for log, entry in zip(journals, (asking, allowed), strict=True):
        with pytest.raises(RuntimeError):
            await (await log).call(entry, Tool(RuntimeError("cut off")))
    again = Tool(ToolResult("fine"))
    ended = await (await reopened(store)).call(allowed, again)
    assert (again.calls, ended.result) == (0, UNKNOWN)


async def test_a_tool_error_is_the_result(store: Store) -> None:
    turn = await claimed(store, NEW)
    ended = await (await opened(store, turn)).call(Entry("tool:0.0", "t", "{}", once=True), Tool(ToolError("mend it")))
    assert (ended.status, ended.result) == ("failed", "mend it")


async def test_the_model_is_asked_once_a_round(store: Store) -> None:
    turn = await claimed(store, NEW)
    asked = []

    async def ask() -> ModelReply:
        asked.append(1)
        return ModelReply("hello", (), 10, 5, False, 100)

    log = await opened(store, turn)
    await log.model(0, [], ask)
    await store.write(Commit.FINISH, log.flush)
    entry = await (await reopened(store)).model(0, [], ask)
    assert len(asked) == 1
    assert (entry.result, entry.tokens, entry.bytes) == ({"text": "hello", "calls": []}, 15, 100)


async def test_rows_that_belong_to_the_end_are_written_with_it(store: Store) -> None:
    turn = await claimed(store, NEW)

    def also(connection: object) -> None:
        raise RuntimeError("also failed")

    log = await opened(store, turn)
    with pytest.raises(RuntimeError, match="also failed"):
        await log.call(Entry("tool:0.0", "t", "{}", once=True), Tool(ToolResult(1)), also)
    found = await store.read(lambda connection: journal.entries(connection, [turn.id]))
    assert [entry.status for entry in found[turn.id]] == ["started"]


async def test_nothing_starts_in_a_stopped_or_lost_turn(store: Store) -> None:
    turn = await claimed(store, NEW)
    log = await opened(store, turn)
    tool = Tool()
    await store.write(Commit.STOP, lambda connection: turns.stop(connection, "a", turn.id + 1, 1.0))
    with pytest.raises(Stopped):
        await log.call(Entry("tool:0.0", "t", "{}", once=False), tool)
    await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, "a", 1.0))
    with pytest.raises(Fenced):
        await log.call(Entry("tool:0.0", "t", "{}", once=False), tool)
    assert tool.calls == 0
