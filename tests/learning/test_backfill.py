"""Traces in and out of the database: kept once, masked, learned from in their scope, read back as they were given."""

from dataclasses import replace
from pathlib import Path
from random import Random

from bot.domain.privacy import Privacy
from bot.domain.trace import Outcome, Trace
from bot.learning import backfill, collect
from bot.learning.backfill import Taken, give, take
from bot.learning.traces import as_line, read
from bot.store import schema, scopes, tasks
from bot.store.commits import Commit
from bot.store.store import Store
from bot.tools.files import FileTools
from tests.engine.made import ROOM
from tests.learning.lived import Made, worked
from tests.learning.workplaces import shop, traces_of

OPEN = Privacy()
SECRET = "xoxb-123456789012-123456789012-AbCdEfGhIjKlMnOpQrStUvWx"


def shops(count: int, scope: str = ROOM.scope) -> list[Trace]:
    return [replace(trace, scope=scope) for trace in traces_of(shop, Random(3), count)]


async def given(store: Store, scope: str | None = None) -> list[str]:
    return [line async for line in give(store, scope, (), OPEN)]


async def seen(store: Store, scope: str = ROOM.scope) -> list[Trace]:
    """What the scope's next cycle reads."""
    marks = await store.read(lambda connection: collect.marks(connection, scope, ()))
    return await store.read(lambda connection: collect.traces(connection, scope, (), list(marks)))


async def test_importing_twice_adds_nothing_and_a_new_outcome_replaces(store: Store) -> None:
    traces = shops(250)
    assert await take(store, traces, OPEN, 1.0) == Taken(new=250)
    assert await take(store, reversed(traces), OPEN, 2.0) == Taken(known=250)
    traces[7] = replace(traces[7], outcome=Outcome("failure", "feedback", "No."))
    marks = await store.read(lambda connection: collect.marks(connection, ROOM.scope, ()))
    assert await take(store, [*traces, *shops(1, "slack:T1")], OPEN, 3.0) == Taken(new=1, changed=1, known=249)
    after = await store.read(lambda connection: collect.marks(connection, ROOM.scope, ()))
    assert {id for id in after if after[id] != marks[id]} == {"import:shop-7"}


async def test_a_cycle_reads_them_in_their_scope_beside_its_own_tasks(store: Store) -> None:
    id = await worked(store, 1, "Hello", Made("read_file", {"path": "a"}, "b"))
    await store.write(Commit.FINISH, lambda connection: tasks.close(connection, id, Outcome(), 1.0))
    await take(store, [*shops(2), *shops(3, "slack:T1/C9")], OPEN, 1.0)
    own, *others = await seen(store)
    assert own.id == id
    assert [trace.id for trace in others] == ["import:shop-0", "import:shop-1"]
    assert [replace(trace, id=trace.id[7:], task=trace.task[7:]) for trace in others] == shops(2)
    assert len(await seen(store, "slack:T1/C9")) == 3
    assert await seen(store, "slack:T1") == []


async def test_what_is_exported_is_read_back_and_imported_where_it_came_from_it_is_known(
    store: Store, tmp_path: Path
) -> None:
    tools = await FileTools(tmp_path).tools(None)  # type: ignore[arg-type]  # it has no use for the context
    id = await worked(store, 1, "Hello", Made("read_file", {"path": "a"}, {"orders": [1]}))
    await store.write(
        Commit.FINISH, lambda connection: tasks.close(connection, id, Outcome("success", "feedback"), 1.0)
    )
    await take(store, shops(2), OPEN, 1.0)
    lines = [line async for line in give(store, None, tools, OPEN)]
    own, *others = read(lines).traces
    (recorded,) = await store.read(lambda connection: collect.own(connection, [id], tools))
    assert own == replace(recorded, id=f"{id}@1000.000", task=f"{id}@1000.000")
    assert own.outcome == Outcome("success", "feedback")
    assert others == shops(2)
    assert await take(store, read(lines).traces, OPEN, 2.0) == Taken(known=3)
    assert await given(store, "slack:T1") == []
    assert await take(store, [replace(own, id=f"{id}@1.000")], OPEN, 2.0) == Taken(new=1)  # of another database


async def test_secrets_are_masked_on_both_ways(store: Store) -> None:
    privacy = Privacy(own=("tops3cret",))
    desk = traces_of(shop, Random(1), 1)[0]
    words = {"role": "user", "content": f"My key is {SECRET} and tops3cret."}
    outcome = Outcome("failure", "feedback", f"It showed {SECRET}")
    await take(
        store, [replace(desk, scope=ROOM.scope, messages=(words, *desk.messages), outcome=outcome)], privacy, 1.0
    )
    id = await worked(store, 1, f"The token: {SECRET}", Made("read_file", {"path": "a"}, "tops3cret"))
    await store.write(Commit.FINISH, lambda connection: tasks.close(connection, id, Outcome(), 1.0))
    (_, imported) = await seen(store)
    assert SECRET not in as_line(imported)
    assert "tops3cret" not in as_line(imported)
    exported = "\n".join([line async for line in give(store, None, (), privacy)])
    assert SECRET not in exported
    assert "tops3cret" not in exported
    assert exported.count("[secret]") >= 4


async def test_what_nobody_may_learn_from_is_not_given_away(store: Store) -> None:
    ids = []
    for number in range(1, 4):
        ids.append(await worked(store, number, "Hello", Made("read_file", {"path": "a"}, "b")))
        await store.write(Commit.FINISH, lambda connection: tasks.close(connection, ids[-1], Outcome(), 1.0))
    await worked(store, 4, "Not closed")
    await store.write(Commit.FINISH, lambda connection: tasks.keep_private(connection, ids[0]))
    await store.write(Commit.FINISH, lambda connection: tasks.suspect(connection, ids[1], "a test was skipped"))
    assert [read([line]).traces[0].id for line in await given(store)] == [f"{ids[2]}@1000.000"]
    await store.write(Commit.FINISH, lambda connection: scopes.set_learning(connection, ROOM.scope, False))
    assert await given(store) == []


async def test_a_large_file_is_written_in_parts(tmp_path: Path) -> None:
    written: list[str] = []
    large = replace(shops(1)[0], messages=({"role": "user", "content": "x" * backfill.PART},))
    traces = [replace(large, id=f"large-{number}") for number in range(3)] + shops(150)
    schema.upgrade(tmp_path / "test.db")
    async with Store(tmp_path / "test.db", written.append) as store:
        assert await take(store, traces, OPEN, 1.0) == Taken(new=153)
    assert written.count(f"after:{Commit.IMPORT}") == 5
