"""Lanes: every turn comes to an end, and the next one runs."""

import asyncio

import pytest

from bot.engine.lanes import BUG_TRIES, CLAIMS, DELIVERY_TRIES, MODEL_TRIES, Lanes
from bot.errors import DeliverLater, ModelRefused, ModelUnavailable, Undeliverable
from bot.store import turns
from bot.store.commits import Commit
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from tests.engine.made import HandClock


class Ends:
    """Keeps how turns ended."""

    def __init__(self) -> None:
        self.stories: list[tuple[str, str]] = []

    def stopped(self, turn: Turn) -> Effect:
        return lambda _: self.stories.append((turn.key, "stopped"))

    def failed(self, turn: Turn, reason: str) -> Effect:
        return lambda _: self.stories.append((turn.key, reason))

    def gone(self, turn: Turn) -> Effect:
        return lambda _: self.stories.append((turn.key, "gone"))


class Script:
    """A handler that does what a list says: an exception is raised, None ends well."""

    def __init__(self, *steps: Exception | None) -> None:
        self.steps = list(steps)
        self.ran: list[str] = []
        self.finished: list[str] = []

    async def __call__(self, turn: Turn) -> Effect:
        self.ran.append(turn.key)
        step = self.steps.pop(0) if self.steps else None
        if step is not None:
            raise step
        return lambda _: self.finished.append(turn.key)


async def put(store: Store, *keys: str) -> None:
    for key in keys:
        new = NewTurn(key, "a", "message", {})
        await store.write(Commit.INTAKE, lambda connection, new=new: turns.enqueue(connection, new, 1.0))


async def exhausted(lanes: Lanes, clock: HandClock) -> None:
    """Drain the lane, moving the clock to each due time."""
    while (due := await lanes.drain("a")) is not None:
        await clock.sleep(due - clock.now().timestamp())


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def test_turns_run_in_order_and_end_once(store: Store, clock: HandClock) -> None:
    script, ends = Script(), Ends()
    await put(store, "1", "2", "3")
    await exhausted(Lanes(store, clock, {"message": script}, ends), clock)
    assert (script.ran, script.finished, ends.stories) == (["1", "2", "3"], ["1", "2", "3"], [])


@pytest.mark.parametrize(
    ("error", "tries", "reason"),
    [
        (ModelUnavailable("The model is busy."), MODEL_TRIES, "The model is busy."),
        (ModelRefused("Set OPENAI_API_KEY."), 1, "Set OPENAI_API_KEY."),
        (Undeliverable("Blocked."), 1, "Blocked."),
        (DeliverLater("Unreachable."), DELIVERY_TRIES, "Unreachable."),
        (
            ZeroDivisionError("a bug"),
            BUG_TRIES,
            "Something in me broke while I worked on this; the log has the details.",
        ),
    ],
)
async def test_what_keeps_failing_is_buried_with_a_reason_and_the_lane_goes_on(
    store: Store, clock: HandClock, error: Exception, tries: int, reason: str
) -> None:
    script, ends = Script(*[error] * tries), Ends()
    await put(store, "1", "2")
    await exhausted(Lanes(store, clock, {"message": script}, ends), clock)
    assert script.ran == ["1"] * tries + ["2"]
    assert (ends.stories, script.finished) == ([("1", reason)], ["2"])


async def test_a_platforms_wish_to_wait_is_obeyed(store: Store, clock: HandClock) -> None:
    script = Script(DeliverLater("slow down", after=17.0))
    lanes = Lanes(store, clock, {"message": script}, Ends())
    await put(store, "1", "2")
    assert await lanes.drain("a") == clock.now().timestamp() + 17.0
    assert script.ran == ["1"]
    assert await lanes.drain("a") == clock.now().timestamp() + 17.0
    await clock.sleep(17.0)
    assert await lanes.drain("a") is None
    assert script.finished == ["1", "2"]


async def test_a_platform_that_names_a_time_again_and_again_is_waited_for(store: Store, clock: HandClock) -> None:
    script, ends = Script(*[DeliverLater("slow down", after=1.0)] * DELIVERY_TRIES), Ends()
    await put(store, "1")
    await exhausted(Lanes(store, clock, {"message": script}, ends), clock)
    assert (script.finished, ends.stories) == (["1"], [])


async def test_a_turn_that_takes_the_process_down_is_buried(store: Store, clock: HandClock) -> None:
    script, ends = Script(), Ends()
    await put(store, "1")
    for _ in range(CLAIMS):
        await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, "a", 1.0))
    await exhausted(Lanes(store, clock, {"message": script}, ends), clock)
    assert script.ran == []
    assert [key for key, _ in ends.stories] == ["1"]


async def test_stop_cancels_what_runs_and_leaves_later_turns(store: Store, clock: HandClock) -> None:
    begun = asyncio.Event()
    ends = Ends()

    async def endless(turn: Turn) -> Effect:
        begun.set()
        if turn.key == "1":
            await asyncio.Event().wait()
        return lambda _: ends.stories.append((turn.key, "done"))

    lanes = Lanes(store, clock, {"message": endless}, ends)
    await put(store, "1", "2")
    draining = asyncio.create_task(lanes.drain("a"))
    await begun.wait()
    lanes.stop("a", before=1)
    await store.write(Commit.STOP, lambda connection: turns.stop(connection, "a", 2, 1.0))
    lanes.stop("a", before=2)
    await draining
    assert ends.stories == [("1", "stopped"), ("2", "done")]


async def test_shutting_down_is_no_stop(store: Store, clock: HandClock) -> None:
    begun, ends = asyncio.Event(), Ends()

    async def endless(turn: Turn) -> Effect:
        begun.set()
        await asyncio.Event().wait()
        return lambda _: None

    await put(store, "1")
    draining = asyncio.create_task(Lanes(store, clock, {"message": endless}, ends).drain("a"))
    await begun.wait()
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    script = Script()
    await exhausted(Lanes(store, clock, {"message": script}, ends), clock)
    assert (script.finished, ends.stories) == (["1"], [])


async def test_a_bug_in_an_ending_kills_neither_the_lane_nor_the_process(store: Store, clock: HandClock) -> None:
    class BrokenEnds(Ends):
        def failed(self, turn: Turn, reason: str) -> Effect:
            return lambda _: 1 / 0  # type: ignore[return-value]  # the point is that it raises

    async def handler(turn: Turn) -> Effect:
        return lambda _: 1 / 0  # type: ignore[return-value]  # the same

    ends = Ends()
    await put(store, "1")
    await exhausted(Lanes(store, clock, {"message": handler}, BrokenEnds()), clock)
    await exhausted(Lanes(store, clock, {"message": handler}, ends), clock)
    assert [key for key, _ in ends.stories] == ["1"]


async def test_an_effect_that_the_database_refuses_leaves_the_turn_open(store: Store, clock: HandClock) -> None:
    refused = True

    async def handler(turn: Turn) -> Effect:
        def effect(connection: Connection) -> None:
            if refused:
                connection.exec_driver_sql("nonsense")

        return effect

    lanes = Lanes(store, clock, {"message": handler}, Ends())
    await put(store, "1")
    await lanes.drain("a")
    assert await store.read(lambda connection: turns.busy(connection, "a")) == 1
    refused = False
    await lanes.drain("a")
    assert await store.read(lambda connection: turns.busy(connection, "a")) == 0
