"""The bot keeps within Telegram's limits by itself, answers come before progress, and a 429 stops one chat alone."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram import rates as subject
from adapters.telegram.rates import LIMITS, Limits, Rates
from bot.errors import DeliverLater, Undeliverable
from tests.adapters.telegram_harness import MovingClock
from tests.emulators.telegram_rates import Rates as TelegramsRates

GROUP, OTHER, ANN = "-100", "-200", "42"
steps = st.lists(
    st.tuples(st.sampled_from((GROUP, OTHER, ANN)), st.booleans(), st.floats(0, 4)), min_size=1, max_size=120
)


def seconds(clock: MovingClock) -> float:
    return clock.now().timestamp()


async def send(rates: Rates, chat: str) -> None:
    async with rates.turn(chat):
        pass


async def answered_and_shown(clock: MovingClock, planned: list[tuple[str, bool, float]]) -> list[str]:
    """Send as planned, before limits as Telegram's, that refuse what comes too soon; the chats of what was sent."""
    rates, telegrams = Rates(clock, LIMITS), TelegramsRates(now=lambda: seconds(clock))
    sent = []
    for chat, must, pause in planned:
        clock.pass_by(pause)
        if must or rates.spare(chat):
            async with rates.turn(chat):
                telegrams.take(int(chat))
                sent.append(chat)
    return sent


@given(steps)
def test_telegram_never_has_to_refuse(planned: list[tuple[str, bool, float]]) -> None:
    asyncio.run(answered_and_shown(MovingClock(), planned))


async def test_the_answers_of_one_group_are_as_many_as_it_may_have() -> None:
    clock = MovingClock()
    await answered_and_shown(clock, [(GROUP, True, 0.0)] * 61)
    assert sum(clock.pauses) == pytest.approx(180)


async def test_answers_of_many_chats_at_once_keep_to_what_all_may_have() -> None:
    clock = MovingClock()
    rates, telegrams = Rates(clock, LIMITS), TelegramsRates(now=lambda: seconds(clock))

    async def answer(chat: int) -> None:
        async with rates.turn(str(chat)):
            telegrams.take(chat)

    async with asyncio.TaskGroup() as group:
        for chat in range(100):
            group.create_task(answer(chat))
    assert sum(clock.pauses) >= 3


async def test_no_chat_waits_for_another() -> None:
    clock = MovingClock()
    rates = Rates(clock, LIMITS)
    for _ in range(LIMITS.group):
        await send(rates, GROUP)
    before = len(clock.pauses)
    await send(rates, OTHER)
    await send(rates, ANN)
    assert len(clock.pauses) == before
    await send(rates, GROUP)
    assert clock.pauses[-1] > 30


async def test_progress_leaves_a_quarter_to_answers() -> None:
    clock = MovingClock()
    rates = Rates(clock, LIMITS)
    shown = 0
    while rates.spare(GROUP):
        await send(rates, GROUP)
        shown += 1
        clock.pass_by(1)
    assert shown == 15
    before = len(clock.pauses)
    for _ in range(5):
        await send(rates, GROUP)
        clock.pass_by(1)
    assert len(clock.pauses) == before


async def test_progress_gives_way_to_an_answer_that_is_on_its_way() -> None:
    rates = Rates(MovingClock(), LIMITS)
    async with rates.turn(GROUP):
        assert not rates.spare(GROUP)
        assert rates.spare(OTHER)


async def test_what_is_asked_to_wait_waits_alone() -> None:
    clock = MovingClock()
    rates = Rates(clock, LIMITS)
    with pytest.raises(DeliverLater, match="by the test"):
        async with rates.turn(ANN):
            raise DeliverLater("by the test", 30)
    clock.pass_by(10)
    assert not rates.spare(ANN)
    with pytest.raises(DeliverLater, match="wait") as raised:
        await send(rates, ANN)
    assert raised.value.after == pytest.approx(20)
    await send(rates, OTHER)
    clock.pass_by(20)
    assert rates.spare(ANN)
    await send(rates, ANN)


@pytest.mark.parametrize("error", [DeliverLater("no connection"), Undeliverable("blocked")], ids=str)
async def test_other_failures_close_nothing(error: Exception) -> None:
    clock = MovingClock()
    rates = Rates(clock, LIMITS)
    with pytest.raises(type(error)):
        async with rates.turn(ANN):
            raise error
    await send(rates, ANN)
    assert sum(clock.pauses) <= 1


async def test_a_clock_that_is_set_back_stops_nothing() -> None:
    clock = MovingClock()
    rates = Rates(clock, LIMITS)
    for _ in range(LIMITS.group):
        await send(rates, GROUP)
    clock.pass_by(-3600)
    before = sum(clock.pauses)
    await send(rates, GROUP)
    assert sum(clock.pauses) == before


async def test_a_wait_that_is_given_up_leaves_the_way_free() -> None:
    class Slow(MovingClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    rates = Rates(Slow(), Limits(chat=1))
    await send(rates, ANN)
    waiting = asyncio.create_task(send(rates, ANN))
    await asyncio.sleep(0)
    assert not rates.spare(ANN)
    waiting.cancel()
    await asyncio.wait([waiting])
    rates._clock = MovingClock()
    rates._clock.pass_by(1.5)
    assert rates.spare(ANN)


async def test_chats_that_are_quiet_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_IDLE_GATES", 10)
    clock = MovingClock()
    rates = Rates(clock, LIMITS)
    for chat in range(100):
        await send(rates, str(chat))
        clock.pass_by(timedelta(minutes=2).total_seconds())
    await send(rates, ANN)
    with pytest.raises(DeliverLater):
        async with rates.turn(OTHER):
            raise DeliverLater("flood", 60)
    for chat in range(100, 120):
        await send(rates, str(chat))
    assert len(rates._gates) < 40
    assert not rates.spare(OTHER)
