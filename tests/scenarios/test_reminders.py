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
ORDERS = "post the open orders"
EVERY = {"what": ORDERS, "every": "0 9 * * 1-5", "work": True}


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
            return sorted(message.text for message in stage.by_bot(group))

        async def until(app: App, *texts: str) -> None:
            """Wait until just this was said, in whatever order: a turn that is slow shows itself before."""
            await telegram.wait_for(lambda: said() == sorted(texts))
            await app.settled()
            assert said() == sorted(texts)

        once, done = "1. call Bob: I say it on Sunday, 2026-11-22 at 13:00 (UTC).", "All right."
        again = f"2. {ORDERS}: I do it next on {{}} (0 9 * * 1-5)."
        first = again.format("Monday, 2026-11-23 at 09:00 (UTC), then on Tuesday, 2026-11-24 at 09:00 (UTC)")
        before = [once, done]
        async with at(NOON, monkeypatch), stage.running() as app:
            stage.ana.say(f"{bot} remind me to call Bob", group)
            await until(app, *before)
            stage.ana.say(f"{bot} every weekday the orders", group)
            before += [first, done]
            await until(app, *before)

        # Down for two days: what came once is told late, of what repeats the last is made up for.
        before += [
            "Ana: call Bob\n\nLate by 47 hours: I was away.",
            f"Scheduled (number 2): {ORDERS}\nLate by 3 hours: I was away.\n\nOrder 7 is open.",
        ]
        async with at(NOON + timedelta(days=2), monkeypatch), stage.running() as app:
            await until(app, *before)
        [called] = [message for message in stage.by_bot(group) if message.text.startswith("Ana: ")]
        assert called.entities[0]["url"] == f"tg://user?id={stage.ana.id}"

        # The clock is put back and on again: nothing comes twice, and the list is what is to come.
        for time in (NOON, NOON + timedelta(days=2, hours=1)):
            async with at(time, monkeypatch), stage.running() as app:
                await app.jobs.reminding.submit()
                await app.settled()
        second = again.format("Wednesday, 2026-11-25 at 09:00 (UTC), then on Thursday, 2026-11-26 at 09:00 (UTC)")
        async with at(NOON + timedelta(days=2, hours=1), monkeypatch), stage.running() as app:
            stage.ben.say(f"/reminders{bot}", group)
            await until(app, *before, second)
            [listed] = [message for message in stage.by_bot(group) if message.text == second]
            assert listed.buttons == [["Cancel 2"]]
            query = stage.ana.press("Cancel 2", listed)
            before.append("Nothing is scheduled here.")
            await until(app, *before)
            assert query.answer == "Cancelled."

        # Who has left is told of; nothing is done in their name.
        third = second.replace("2. ", "3. ")
        async with at(NOON + timedelta(days=2, hours=1), monkeypatch), stage.running() as app:
            stage.ben.say(f"{bot} every weekday the orders", group)
            before += [third, done]
            await until(app, *before)
        group.members[stage.ben.id] = "left"
        async with at(NOON + timedelta(days=4), monkeypatch), stage.running() as app:
            await until(app, *before, f"Ben is not in this chat any more, so this rests: {ORDERS}")
        assert stage.by_bot(group)[-1].buttons == [["Go on", "Cancel"]]


async def test_in_a_thread_of_slack_in_the_persons_own_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with slack_stage.workspace() as slack, OpenAIServer(model) as server:
        stage = slack_stage.Stage(tmp_path, slack, server)
        stage.ana.tz = "America/New_York"
        cards = [
            "Monday, 2026-11-23 at 09:00 (America/New_York)",
            "Sunday, 2026-11-22 at 08:00 (America/New_York)",
        ]
        async with at(NOON, monkeypatch), stage.running() as app:
            root = stage.ana.say(stage.room, f"{stage.bot} every weekday the orders").ts

            def said() -> str:
                return "\n".join(stage.said(stage.room, root))

            await slack.wait_for(lambda: cards[0] in said() and said().count("All right.") == 1)
            await app.settled()
            stage.ana.say(stage.room, "remind me to call Bob", stage.room.messages[0])
            await slack.wait_for(lambda: cards[1] in said() and said().count("All right.") == 2)
            await app.settled()
        late = f"<@{stage.ana.id}> call Bob\n\n_Late by 25 hours: I was away._"
        work = f"_Scheduled (number 1): {ORDERS}_\n\nOrder 7 is open."
        async with at(NOON + timedelta(days=1, hours=2, minutes=1), monkeypatch), stage.running() as app:
            await slack.wait_for(lambda: late in said() and work in said())
            await app.settled()
        assert len(stage.said(stage.room, root)) == 6
