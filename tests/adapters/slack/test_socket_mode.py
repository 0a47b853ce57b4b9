"""Receiving outlives what goes wrong, loses nothing, and ends only with a token that is refused."""

import asyncio
import traceback

import pytest
import structlog

from bot.domain.chat import Event
from bot.errors import ConfigError
from tests.adapters.contract import PATIENCE, Inbox, receiving
from tests.adapters.slack_harness import SlackHarness, slack_harness
from tests.emulators import slack_delivery
from tests.emulators.slack_faults import dropped, flood, garbled, refused, server_error, slow


@pytest.mark.parametrize(
    ("credentials", "named"),
    [
        ({"bot_token": "xoxb-mistaken"}, "SLACK_BOT_TOKEN"),
        ({"app_token": "xapp-mistaken"}, "SLACK_APP_TOKEN"),
        ({"bot_token": ""}, "SLACK_BOT_TOKEN"),
    ],
)
async def test_a_wrong_token_ends_with_a_sentence(credentials: dict[str, str], named: str) -> None:
    async with slack_harness(**credentials) as harness:
        with pytest.raises(ConfigError, match=named) as raised:
            await asyncio.wait_for(harness.adapter.run(Inbox().accept), PATIENCE)
    shown = "".join(traceback.format_exception(raised.value))
    assert "mistaken" not in shown
    assert harness.slack.bot_token not in shown


async def test_tokens_in_each_others_place_are_refused(harness: SlackHarness) -> None:
    swapped = {"bot_token": harness.slack.app_token, "app_token": harness.slack.bot_token}
    async with slack_harness(**swapped) as other:
        with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN"):
            await asyncio.wait_for(other.adapter.run(Inbox().accept), PATIENCE)


async def test_an_app_token_that_is_revoked_while_it_runs_ends_with_a_sentence(harness: SlackHarness) -> None:
    running = asyncio.create_task(harness.adapter.run(Inbox().accept))
    await harness.listening()
    harness.slack.fault("apps.connections.open", refused("token_revoked"))
    harness.slack.sockets.drop()
    with pytest.raises(ConfigError, match="SLACK_APP_TOKEN"):
        await asyncio.wait_for(running, PATIENCE)


async def test_a_start_that_fails_is_tried_again_with_growing_pauses(harness: SlackHarness) -> None:
    inbox = Inbox()
    for fault in (server_error(), dropped(), garbled(), flood(1)):
        harness.slack.fault("auth.test", fault)
    harness.slack.fault("apps.connections.open", server_error(), times=6)
    harness.ann.say(harness.ann.direct, "hi")
    async with receiving(harness.adapter, inbox.accept):
        await inbox.hears("hi")
    assert harness.clock.pauses == [1, 2, 4, 8, 1, 2, 4, 8, 16, 30]


async def test_slack_says_how_long_to_wait_before_the_next_connection(harness: SlackHarness) -> None:
    harness.slack.fault("apps.connections.open", flood(45))
    async with receiving(harness.adapter, Inbox().accept):
        await harness.listening()
    assert harness.clock.pauses == [45]


async def test_a_connection_that_slack_ends_is_replaced_before(harness: SlackHarness) -> None:
    inbox, sockets = Inbox(), harness.slack.sockets
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        sockets.ask_to_reconnect()
        await harness.slack.wait_for(lambda: len(sockets.connections) == 2)
        for number in range(4):
            await harness.say(f"m{number}")
        await inbox.hears(*(f"m{number}" for number in range(4)))
    assert harness.clock.pauses == []


async def test_a_warning_changes_nothing_yet(harness: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        harness.slack.sockets.ask_to_reconnect("warning")
        await harness.say("hi")
        await inbox.hears("hi")
        assert len(harness.slack.called("apps.connections.open")) == 1


async def test_what_was_not_acknowledged_when_the_connection_broke_comes_again(harness: SlackHarness) -> None:
    inbox, offered, release = Inbox(), asyncio.Event(), asyncio.Event()

    async def slow(event: Event) -> None:
        offered.set()
        await release.wait()
        await inbox.accept(event)

    async with receiving(harness.adapter, slow):
        await harness.say("first")
        await asyncio.wait_for(offered.wait(), PATIENCE)
        harness.slack.sockets.drop()
        release.set()
        await inbox.hears("first", "first")
        await harness.say("second")
        await inbox.hears("second")
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert inbox.offered[0] == inbox.offered[1]


async def test_connections_that_break_again_and_again_lose_nothing(harness: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        for number in range(30):
            await harness.say(f"m{number}")
            if number % 3 == 0:
                await harness.listening()
                harness.slack.sockets.drop()
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert {event.text for event in inbox.offered} == {f"m{number}" for number in range(30)}
    assert len({event.key for event in inbox.offered}) == 30


async def test_a_connection_that_slack_does_not_take_is_tried_again_later(
    harness: SlackHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_delivery, "MAX_CONNECTIONS", 0)
    async with receiving(harness.adapter, Inbox().accept):
        await harness.slack.wait_for(lambda: len(harness.slack.called("apps.connections.open")) == 4)
        monkeypatch.setattr(slack_delivery, "MAX_CONNECTIONS", 10)
        await harness.listening()
    assert harness.clock.pauses[:3] == [1, 2, 4]


async def test_what_comes_twice_is_the_same_event(harness: SlackHarness) -> None:
    harness.slack.outbox.twice = True
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.say("first")
        await inbox.hears("first", "first")
    assert inbox.offered[0] == inbox.offered[1]


async def test_events_without_a_meaning_are_acknowledged(harness: SlackHarness) -> None:
    async with receiving(harness.adapter, Inbox().accept):
        await harness.listening()
        harness.ann.open_home()
        await harness.slack.wait_for(lambda: harness.slack.outbox.deliveries[-1].acknowledged)
    assert harness.slack.outbox.deliveries[-1].attempts == 1


async def test_a_bug_behind_accept_costs_neither_the_event_nor_the_others() -> None:
    taken = Inbox()
    bugs = [RuntimeError("a bug"), KeyError("another")]

    async def accept(event: Event) -> None:
        if bugs:
            raise bugs.pop(0)
        await taken.accept(event)

    with structlog.testing.capture_logs() as lines:
        async with slack_harness(ack_seconds=0.5) as harness, receiving(harness.adapter, accept):
            await harness.say("first")
            await taken.hears("first")
    assert [line["error"] for line in lines if line["event"] == "slack.not_taken"] == [
        "RuntimeError('a bug')",
        "KeyError('another')",
    ]


async def test_frames_that_are_no_envelopes_are_skipped(harness: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        (connection,) = harness.slack.sockets.connections
        envelope = {"type": "events_api", "envelope_id": "e1"}
        broken = [{"event": {"type": "message"}}, {"event": 3}, {"event": {"type": "message", "ts": "x"}}, {"team": 3}]
        for frame in ("", "{", "[]", "3", "null", '{"type": 7}'):
            await connection.socket.send_str(frame)
        for frame in (3, [], None, *broken):
            await connection.socket.send_json({**envelope, "payload": frame})
        await harness.say("hi")
        await inbox.hears("hi")
    assert harness.clock.pauses == []


async def test_a_backlog_comes_whole_and_in_order(harness: SlackHarness) -> None:
    texts = [f"m{place}" for place in range(200)]
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        for text in texts:
            await harness.say(text)
        await inbox.hears(*texts)
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))


async def test_the_end_does_not_wait_for_a_server_that_is_silent(harness: SlackHarness) -> None:
    for method in ("auth.test", "apps.connections.open"):
        harness.slack.fault(method, slow(60))
        async with receiving(harness.adapter, Inbox().accept):
            await harness.slack.wait_for(lambda method=method: harness.slack.called(method))
