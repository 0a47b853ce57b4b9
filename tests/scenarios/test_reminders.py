"""What people schedule, through the real clients: said and done after a stop, in Telegram and in Slack, once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.clients.clock import SystemClock
from bot.domain.json import JSON
from tests.emulators import openai_server
from tests.emulators.openai_server import OpenAIServer, Reply
from tests.emulators.telegram import TelegramEmulator
from tests.scenarios import slack_stage, telegram_stage

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERY = {"what": "post the open orders", "every": "0 9 * * 1-5", "work": True}


def model(request: JSON) -> Reply:
    """Schedules what it is told to, and posts the orders when their time has come."""
    last = request["messages"][-1]
    text = last["content"]
    if last["role"] == "tool":
        return openai_server.text("All right.")
    if "Nobody has written it just now" in text:
        return openai_server.text("Order 7 is open.")
    if "orders" in text:
        return openai_server.calls(("schedule", EVERY))
    return openai_server.calls(("schedule", {"what": "call Bob", "in_minutes": 60}))


@asynccontextmanager
async def at(time: datetime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The machine's clock is set so, and goes on."""
    ahead = time - datetime.now(UTC)
    with monkeypatch.context() as patch:
        patch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + ahead)
        yield


async def test_in_a_telegram_group_over_a_stop_and_a_clock_that_jumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with TelegramEmulator() as telegram, OpenAIServer(model) as server:
        stage = telegram_stage.Stage(tmp_path, telegram, server)
        group, bot = stage.group, f"@{telegram.bot.username}"

        def said() -> list[str]:
            return [message.text for message in stage.by_bot(group)]

        async with at(NOON, monkeypatch), stage.running() as app:
            stage.ana.say(f"{bot} remind me to call Bob", group)
            await telegram.wait_for(lambda: len(said()) == 2)
            stage.ana.say(f"{bot} every weekday the orders", group)
            await telegram.wait_for(lambda: len(said()) == 4)
            await app.settled()
        assert said() == [
            "1. call Bob: I say it on Sunday, 2026-11-22 at 13:00 (UTC).",
            "All right.",
            "2. post the open orders: I do it next on Monday, 2026-11-23 at 09:00 (UTC), then on Tuesday, "
            "2026-11-24 at 09:00 (UTC) (0 9 * * 1-5).",
            "All right.",
        ]

        # Down for two days: what came once is told late, of what repeats the last is made up for.
        late = "Late by 47 hours: I was away."
        async with at(NOON + timedelta(days=2), monkeypatch), stage.running() as app:
            await telegram.wait_for(lambda: len(said()) == 6)
            await app.settled()
        assert sorted(said()[4:]) == [
            f"Ana: call Bob\n{late}",
            "Scheduled (number 2): post the open orders\nLate by 3 hours: I was away.\n\nOrder 7 is open.",
        ]
        [called] = [message for message in stage.by_bot(group) if message.text.startswith("Ana: ")]
        assert called.entities[0]["url"] == f"tg://user?id={stage.ana.id}"

        # The clock is put back and on again: nothing comes twice, and the list is what is to come.
        for time in (NOON, NOON + timedelta(days=2, hours=1)):
            async with at(time, monkeypatch), stage.running() as app:
                await _tick(app)
        assert len(said()) == 6
        async with at(NOON + timedelta(days=2, hours=1), monkeypatch), stage.running():
            stage.ben.say(f"/reminders{bot}", group)
            [*_, listed] = await telegram.wait_for(lambda: stage.by_bot(group) if len(said()) == 7 else None)
            assert "next on Wednesday, 2026-11-25 at 09:00" in listed.text
            assert listed.buttons == [["Cancel 2"]]
            query = stage.ana.press("Cancel 2", listed)
            await telegram.wait_for(lambda: query.answered and listed.text == "Nothing is scheduled here.")
            assert query.answer == "Cancelled."

        # Who has left is told of; nothing is done in their name.
        async with at(NOON + timedelta(days=3), monkeypatch), stage.running():
            stage.ben.say(f"{bot} every weekday the orders", group)
            await telegram.wait_for(lambda: len(said()) == 9)
        group.members[stage.ben.id] = "left"
        async with at(NOON + timedelta(days=4), monkeypatch), stage.running():
            [*_, gone] = await telegram.wait_for(lambda: stage.by_bot(group) if len(said()) == 10 else None)
        assert gone.text == "Ben is not in this chat any more, so this rests: post the open orders"
        assert gone.buttons == [["Go on", "Cancel"]]


async def test_in_a_thread_of_slack_in_the_persons_own_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with slack_stage.workspace() as slack, OpenAIServer(model) as server:
        stage = slack_stage.Stage(tmp_path, slack, server)
        stage.ana.tz = "America/New_York"
        async with at(NOON, monkeypatch), stage.running() as app:
            root = stage.ana.say(stage.room, f"{stage.bot} every weekday the orders").ts
            await stage.answer(stage.room, root, 2)
            stage.ana.say(stage.room, "remind me to call Bob", stage.room.messages[0])
            await stage.answer(stage.room, root, 4)
            await app.settled()
        first, _, second, _ = stage.said(stage.room, root)
        assert "Monday, 2026-11-23 at 09:00 (America/New_York)" in first
        assert "Sunday, 2026-11-22 at 08:00 (America/New_York)" in second
        async with at(NOON + timedelta(days=1, hours=2, minutes=1), monkeypatch), stage.running() as app:
            await stage.answer(stage.room, root, 6)
            await app.settled()
        later = stage.said(stage.room, root)[4:]
        late = "_Late by 25 hours: I was away._"
        work = "_Scheduled (number 1): post the open orders_\n\nOrder 7 is open."
        assert sorted(later) == sorted([f"<@{stage.ana.id}> call Bob\n{late}", work])


async def _tick(app: App) -> None:
    await app._reminding.submit()
    await app.settled()
