"""Slack at its worst: a scenario for each fault, with the whole bot. The law is in storm.py."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.emulators import slack_events
from tests.emulators.slack_faults import broken_off, dropped, flood, garbled, lost_answer, refused, server_error, slow
from tests.emulators.telegram_faults import Fault
from tests.scenarios.storm import Refusals, talker, word
from tests.scenarios.storm_slack import HTTP, SOCKETS, Storm, stormy


@pytest.fixture
async def storm(tmp_path: Path) -> AsyncIterator[Storm]:
    async with stormy(tmp_path) as storm:
        yield storm


@pytest.fixture(params=[SOCKETS, HTTP])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storm]:
    async with stormy(tmp_path, request.param) as storm:
        yield storm


async def test_a_wait_that_slack_asks_for_is_waited(storm: Storm) -> None:
    storm.slack.fault("chat.postMessage", flood(1))
    began = time.monotonic()
    storm.say(0, 0)
    storm.say(0, 1)
    await storm.until(lambda: storm.heard(0) == [word(0, 0), word(0, 1)])
    assert time.monotonic() - began >= 1


async def test_while_one_chat_waits_the_others_are_answered(storm: Storm) -> None:
    storm.slack.fault("chat.postMessage", flood(60))
    storm.say(0, 0)
    await storm.until(lambda: storm.slack.called("chat.postMessage"))
    storm.say(1, 0)
    storm.mention(2, 0)
    await storm.until(lambda: storm.heard(1) and storm.heard(2))
    assert storm.heard(0) == []


async def test_a_long_answer_in_one_chat_holds_up_nobody(storm: Storm) -> None:
    storm.slack.pace = 1
    storm.model.script = talker
    storm.say(0, 0)
    await storm.until(lambda: storm.heard(0))
    storm.say(1, 0)
    storm.mention(2, 0)
    await storm.until(lambda: storm.heard(1) and storm.heard(2))
    assert len(storm.by_bot(0)) < 3
    await storm.until(lambda: len(storm.by_bot(0)) == 3)


async def test_two_of_us_in_one_channel_do_not_talk_each_other_to_death(tmp_path: Path) -> None:
    async with stormy(tmp_path / "one") as one, stormy(tmp_path / "two") as two:
        copies = {storm: storm.slack.other_bot("Other") for storm in (one, two)}
        said = {one: 0, two: 0}

        async def relay(here: Storm, there: Storm) -> None:
            """What the bot says here, the other hears from a bot, as said to itself in its thread."""
            while True:
                await here.until(lambda: len(here.heard_in_room()) > said[here])
                said[here] += 1
                text = f"{there.slack.bot.mention} {here.heard_in_room()[-1]}"
                copies[there].say(there.room, text, next(iter(there.roots.values())))

        one.mention(0, 0)
        two.mention(1, 0)
        relays = [asyncio.create_task(relay(*pair)) for pair in ((one, two), (two, one))]
        await one.until(lambda: said[one])
        await two.until(lambda: said[two])
        for storm in (one, two):
            storm.mention(2, 0)
            await storm.until(lambda storm=storm: word(2, 0) in storm.heard_in_room())
            await storm.quiet()
        for task in relays:
            task.cancel()
        assert one.heard_in_room() == [word(0, 0), word(2, 0)]
        assert two.heard_in_room() == [word(1, 0), word(2, 0)]


@pytest.mark.parametrize(
    "fault",
    [server_error(), refused("internal_error")],
    ids=lambda fault: fault.description,
)
async def test_a_server_that_fails_is_asked_again(storm: Storm, fault: Fault) -> None:
    storm.slack.fault("chat.postMessage", fault)
    storm.say(0, 0)
    storm.say(0, 1)
    await storm.until(lambda: storm.heard(0) == [word(0, 0), word(0, 1)])


@pytest.mark.parametrize("threaded", [False, True], ids=["direct", "thread"])
@pytest.mark.parametrize("fault", [lost_answer(), garbled(), dropped()], ids=lambda fault: fault.kind)
async def test_of_a_post_whose_answer_is_lost_there_is_one_copy(storm: Storm, fault: Fault, threaded: bool) -> None:
    say = storm.mention if threaded else storm.say
    storm.slack.fault("chat.postMessage", fault)
    for number in range(3):
        say(0, number)
    await storm.until(lambda: storm.heard(0)[-1:] == [word(0, 2)])
    await storm.quiet()
    assert storm.heard(0) == [word(0, number) for number in range(3)]


async def test_what_slack_broke_off_and_had_posted_is_not_posted_again(storm: Storm) -> None:
    storm.slack.fault("chat.postMessage", broken_off())
    for number in range(2):  # the second is answered behind what became of the first
        storm.say(0, number)
        await storm.until(lambda number=number: storm.heard(0)[-1:] == [word(0, number)])
    assert storm.heard(0) == [word(0, 0), word(0, 1)]


async def test_an_answer_that_comes_too_late_gives_no_second_copy(tmp_path: Path) -> None:
    async with stormy(tmp_path, answer_timeout=2) as storm:
        storm.slack.fault("chat.postMessage", slow(60))
        storm.say(0, 0)
        storm.say(0, 1)
        await storm.until(lambda: storm.heard(0)[-1:] == [word(0, 1)])
        await storm.quiet()
        assert storm.heard(0) == [word(0, 0), word(0, 1)]


async def test_what_comes_twice_under_any_event_id_is_answered_once(either: Storm) -> None:
    """A mention is two events by itself, `message` and `app_mention`."""
    slack = either.slack
    slack.outbox.twice = True
    for number in range(3):
        for said in (either.say(0, number), either.mention(1, number)):
            slack.feed.emit(slack_events.posted(said), said.place)
    await either.until(lambda: len(either.heard(0)) == 3 and len(either.heard(1)) == 3)
    await either.quiet()
    assert [either.heard(person) for person in (0, 1)] == [
        [word(person, number) for number in range(3)] for person in (0, 1)
    ]


async def test_what_is_delivered_late_is_answered_and_holds_up_nobody(either: Storm) -> None:
    either.slack.outbox.late = 2
    either.say(0, 0)
    either.slack.outbox.late = 0
    either.say(1, 0)
    await either.until(lambda: either.heard(1))
    assert either.heard(0) == []
    await either.until(lambda: either.heard(0))
    await either.quiet()
    assert [either.heard(person) for person in (0, 1)] == [[word(0, 0)], [word(1, 0)]]


async def test_a_reply_that_comes_before_what_began_its_thread_is_answered_behind_it(either: Storm) -> None:
    either.slack.outbox.late = 0.5
    root = either.mention(0, 0)
    either.slack.outbox.late = 0
    either.people[0].say(either.room, word(0, 1), root)
    await either.until(lambda: either.heard(0) == [word(0, 0), word(0, 1)])
    await either.quiet()


async def test_connections_that_break_while_events_come_lose_nothing(storm: Storm) -> None:
    for number in range(6):
        for person in range(3):
            storm.say(person, number)
        storm.slack.sockets.drop()
        await storm.until(lambda: storm.slack.sockets.connections)
    await storm.until(lambda: all(len(storm.heard(person)) >= 6 for person in range(3)))
    await storm.quiet()
    # What was on its way when a connection broke comes again behind what was said meanwhile.
    told = [sorted(storm.heard(person)) for person in range(3)]
    assert told == [[word(person, number) for number in range(6)] for person in range(3)]


@pytest.mark.parametrize("fault", [flood(1), server_error(), dropped()], ids=lambda fault: fault.kind)
async def test_a_connection_that_is_refused_loses_nothing(storm: Storm, fault: Fault) -> None:
    storm.slack.fault("apps.connections.open", fault)
    storm.slack.sockets.drop()
    storm.say(0, 0)
    await storm.until(lambda: storm.heard(0))
    await storm.quiet()
    assert storm.heard(0) == [word(0, 0)]


@pytest.mark.parametrize("commit", ["intake", "finish"])
async def test_a_database_that_refuses_a_commit_loses_and_repeats_nothing(
    tmp_path: Path, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.SECONDS", 0.2)  # between two sweeps, which wake what rests
    refusal = Refusals(commit)
    async with stormy(tmp_path, probe=refusal.probe) as storm:
        storm.slack.fault("chat.postMessage", flood(1))
        refusal.times = 1
        for number in range(3):
            storm.say(0, number)
        await storm.until(lambda: len(storm.heard(0)) == 3)
        await storm.quiet()
        assert storm.heard(0) == [word(0, number) for number in range(3)]
    assert refusal.times == 0
