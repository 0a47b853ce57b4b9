"""A person says more while the bot works: it joins, on each platform they see that it did, and one answer comes."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.json import JSON
from tests.adapters.slack_harness import shown_text
from tests.emulators.openai_server import OpenAIServer, Reply, text
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.scenarios import slack_stage, telegram_stage


def last(request: JSON) -> Reply:
    """Answers what was said last."""
    return text(f"To {request['messages'][-1]['content']}.")


class Thinking(OpenAIServer):
    """A model that thinks about the first thing until it is told to go on."""

    def __init__(self) -> None:
        super().__init__(last)
        self.begun, self.to_go_on = asyncio.Event(), asyncio.Event()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.begun.set()
        await self.to_go_on.wait()
        return await super()._complete(request)


async def test_on_telegram(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    async with TelegramEmulator() as telegram, Thinking() as model:
        stage = telegram_stage.Stage(tmp_path, telegram, model)
        async with stage.running() as app:
            stage.ana.say("one")
            await model.begun.wait()
            more = stage.ana.say("two")
            await telegram.wait_for(lambda: not telegram.updates.pending)
            model.to_go_on.set()
            await stage.answers(stage.ana.direct, "To one.\n\nTo two.")
            await app.settled()
    assert more.reactions == ["👀"]


@pytest.mark.parametrize("said", ["don't learn from this", "make a skill of what you just did"])
async def test_what_is_said_about_learning_is_no_part_of_the_work(tmp_path: Path, said: str) -> None:
    (tmp_path / "skills").mkdir()
    async with TelegramEmulator() as telegram, Thinking() as model:
        stage = telegram_stage.Stage(tmp_path, telegram, model)
        async with stage.running() as app:
            stage.ana.say("one")
            await model.begun.wait()
            stage.ana.say(said)
            await telegram.wait_for(lambda: not telegram.updates.pending)
            model.to_go_on.set()
            await telegram.wait_for(lambda: len(stage.by_bot(stage.ana.direct)) == 2)
            await app.settled()
    assert [request.json["messages"][-1]["content"] for request in model.requests] == ["one"]


async def test_on_slack(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    async with SlackEmulator() as slack, Thinking() as model:
        stage = slack_stage.Stage(tmp_path, slack, model)
        async with stage.running() as app:
            first = stage.ana.say(stage.room, f"{stage.bot} one")
            await model.begun.wait()
            more = stage.ana.say(stage.room, "two", first)
            others = stage.ben.say(stage.room, "and mine", first)
            await slack.wait_for(lambda: all(sent.acknowledged for sent in slack.outbox.deliveries))
            model.to_go_on.set()
            assert shown_text(await stage.answer(stage.room, first.ts)) == "To one.\n\nTo two."
            assert shown_text(await stage.answer(stage.room, first.ts, 2)) == "To and mine."
            await app.settled()
    assert list(more.reactions) == ["eyes"]
    assert list(others.reactions) == []
