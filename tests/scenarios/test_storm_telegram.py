"""Telegram at its worst: a scenario for each fault, with the whole bot. The law is in storm.py."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.telegram.rates import LIMITS
from tests.emulators.telegram_faults import Fault, flood
from tests.emulators.telegram_rates import Rates
from tests.scenarios.storm import Refusals, shown_soon, talker, thinker, word
from tests.scenarios.storm_telegram import Storm, stormy

__all__ = ["shown_soon"]
NOT_NOW = (Fault("refuse", 500), Fault("page", 502))


def also(*faults: Fault) -> list[object]:
    """Those for which there is time in CI alone."""
    return [pytest.param(fault, marks=pytest.mark.slow) for fault in faults]


@pytest.fixture
async def storm(tmp_path: Path) -> AsyncIterator[Storm]:
    async with stormy(tmp_path) as storm:
        yield storm


async def test_a_wait_that_telegram_asks_for_is_waited(storm: Storm) -> None:
    storm.telegram.fault("sendMessage", flood(1))
    began = time.monotonic()
    storm.say(0, 0)
    storm.say(0, 1)
    await storm.until(lambda: storm.heard(0) == [word(0, 0), word(0, 1)])
    assert time.monotonic() - began >= 1


async def test_while_one_chat_waits_the_others_are_answered(storm: Storm) -> None:
    storm.telegram.fault("sendMessage", flood(60))
    storm.say(0, 0)
    await storm.until(lambda: storm.telegram.called("sendMessage"))
    for person in (1, 2):
        storm.say(person, 0)
    await storm.until(lambda: storm.heard(1) and storm.heard(2))
    assert storm.heard(0) == []


async def test_a_long_answer_in_one_chat_holds_up_nobody(tmp_path: Path) -> None:
    async with stormy(tmp_path, limits=LIMITS) as storm:
        storm.telegram.rates = Rates()
        storm.model.script = talker
        storm.say(0, 0)
        await storm.until(lambda: storm.heard(0))
        for person in (1, 2):
            storm.say(person, 0)
        await storm.until(lambda: storm.heard(1) and storm.heard(2))
        assert sum(message.sender.is_bot for message in storm.people[0].direct.messages) < 4
        assert storm.telegram.rates.refused == 0


@pytest.mark.slow
async def test_two_of_us_in_one_group_do_not_talk_each_other_to_death(tmp_path: Path) -> None:
    """Telegram keeps bots from hearing each other; should it ever let them, nobody answers."""
    async with stormy(tmp_path / "one") as one, stormy(tmp_path / "two") as two:
        copies = {storm: storm.telegram.person("Other", is_bot=True) for storm in (one, two)}
        said = {one: 0, two: 0}

        async def relay(here: Storm, there: Storm) -> None:
            """What the bot says here, the other hears from a bot, as said to itself."""
            while True:
                await here.until(lambda: len(here.heard(None)) > said[here])
                said[here] += 1
                copies[there].say(f"@apprentice_bot {here.heard(None)[-1]}", there.group)

        relays = [asyncio.create_task(relay(*pair)) for pair in ((one, two), (two, one))]
        one.mention(0, 0)
        two.mention(1, 0)
        await one.until(lambda: said[one])
        await two.until(lambda: said[two])
        for storm in (one, two):
            storm.mention(2, 0)
            await storm.until(lambda storm=storm: word(2, 0) in storm.heard(None))
            await storm.app.settled()
        for task in relays:
            task.cancel()
        assert (one.heard(None), two.heard(None)) == ([word(0, 0), word(2, 0)], [word(1, 0), word(2, 0)])


@pytest.mark.parametrize("fault", NOT_NOW, ids=lambda fault: f"{fault.kind} {fault.status}")
async def test_a_server_that_fails_is_asked_again(storm: Storm, fault: Fault) -> None:
    storm.telegram.fault("sendMessage", fault)
    storm.say(0, 0)
    storm.say(0, 1)
    await storm.until(lambda: storm.heard(0) == [word(0, 0), word(0, 1)])


@pytest.mark.parametrize("kind", ["lose", "garble"])
async def test_an_answer_that_is_lost_behind_the_post_gives_no_second_copy(storm: Storm, kind: str) -> None:
    storm.telegram.fault("sendMessage", Fault(kind))
    for number in range(3):
        storm.say(0, number)
    await storm.until(lambda: storm.heard(0)[-1:] == [word(0, 2)])
    await storm.app.settled()
    assert storm.heard(0) == [word(0, number) for number in range(3)]


async def test_an_answer_that_comes_too_late_gives_no_second_copy(tmp_path: Path) -> None:
    async with stormy(tmp_path, read_timeout=2) as storm:
        storm.telegram.fault("sendMessage", Fault("slow", seconds=60))
        storm.say(0, 0)
        await storm.until(lambda: storm.heard(0))
        storm.say(0, 1)
        await storm.until(lambda: storm.heard(0)[-1:] == [word(0, 1)])
        await storm.app.settled()
        assert storm.heard(0) == [word(0, 0), word(0, 1)]


@pytest.mark.parametrize(
    "fault",
    [
        flood(1),
        Fault("page", 502),
        Fault("lose"),
        Fault("slow", seconds=0.5),
        *also(Fault("refuse", 409, "Conflict: terminated by other getUpdates request"), Fault("drop"), Fault("garble")),
    ],
)
async def test_a_poll_that_fails_loses_and_repeats_nothing(storm: Storm, fault: Fault) -> None:
    storm.say(0, 0)
    await storm.until(lambda: storm.heard(0))
    storm.telegram.fault("getUpdates", fault, times=2)
    for number in (1, 2):
        storm.say(0, number)
    storm.say(1, 0)
    await storm.until(lambda: len(storm.heard(0)) == 3 and storm.heard(1))
    await storm.app.settled()
    assert (storm.heard(0), storm.heard(1)) == ([word(0, number) for number in range(3)], [word(1, 0)])


async def test_an_update_that_comes_again_is_not_answered_again(storm: Storm) -> None:
    storm.say(0, 0)
    await storm.until(lambda: storm.heard(0) and storm.telegram.updates.confirmed)
    for _ in range(3):
        storm.telegram.updates.repeat()
        storm.say(1, 0)
        await storm.until(lambda: not storm.telegram.updates.pending)
    await storm.app.settled()
    assert storm.heard(0) == [word(0, 0)]


@pytest.mark.parametrize(
    "commit",
    ["intake", "finish", *(pytest.param(name, marks=pytest.mark.slow) for name in ("claim", "start", "later"))],
)
async def test_a_database_that_refuses_a_commit_loses_and_repeats_nothing(
    tmp_path: Path, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.SECONDS", 0.2)  # between two sweeps, which wake what rests
    refusal = Refusals(commit)
    async with stormy(tmp_path, probe=refusal.probe) as storm:
        storm.telegram.fault("sendMessage", flood(1))
        refusal.times = 1
        for number in range(3):
            storm.say(0, number)
        await storm.until(lambda: len(storm.heard(0)) == 3)
        await storm.app.settled()
        assert storm.heard(0) == [word(0, number) for number in range(3)]
    assert refusal.times == 0


@pytest.mark.usefixtures("shown_soon")
@pytest.mark.parametrize("kind", ["lose", "garble", "drop"])
async def test_work_that_is_shown_is_no_second_copy_of_the_answer(storm: Storm, kind: str) -> None:
    """The post that showed it is lost; Telegram does not tell whether it stands there."""
    storm.model.script = thinker
    storm.telegram.fault("sendMessage", Fault(kind))
    storm.mention(0, 0)
    await storm.until(lambda: storm.heard(None))
    await storm.app.settled()
    assert storm.heard(None) == [word(0, 0)]
    assert len(storm.telegram.called("sendMessage")) == 2


@pytest.mark.usefixtures("shown_soon")
@pytest.mark.parametrize(
    "fault", [flood(1), Fault("page", 502), Fault("lose"), *also(Fault("refuse", 500), Fault("drop"), Fault("garble"))]
)
async def test_an_edit_that_fails_is_made_again(storm: Storm, fault: Fault) -> None:
    """The answer takes the place of what was shown, by an edit."""
    storm.model.script = thinker
    storm.telegram.fault("editMessageText", fault)
    storm.mention(0, 0)
    await storm.until(lambda: storm.heard(None) and not storm.group.messages[-1].buttons)
    await storm.app.settled()
    assert storm.heard(None) == [word(0, 0)]
    assert len(storm.telegram.called("sendMessage")) == 1
