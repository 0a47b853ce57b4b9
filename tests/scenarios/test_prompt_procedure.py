"""Work without tools: people ask and correct alike, the bot proposes instructions, the next request runs them."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.telegram.adapter import TelegramAdapter
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.domain.json import JSON
from bot.engine.commands import COMMANDS
from bot.settings import load
from bot.skills import folder, format
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators.openai_server import OpenAIServer, Reply, calls, text
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Message, User

TOPICS = ("budget", "hiring", "roof", "parking", "website", "picnic")
SHORT, LONG = "Decided.", "It was a long meeting, and much was said in it."
WRITTEN = {
    "name": "meeting-summary",
    "description": "Sums up a meeting in a few short lines.",
    "condition": "The person asks for a summary of a meeting.",
    "keywords": ["summary", "meeting"],
    "instructions": "Write at most 3 lines.\nThe decision comes first.",
    "example": "Write a summary of the meeting about the new lamps.",
}


def model(request: JSON) -> Reply:
    """Wordy when it is asked by a person; short where it is told to be. It writes, and judges short to be better."""
    if "response_format" in request:
        return text(json.dumps(_form(request)))
    last = request["messages"][-1]
    if last["role"] == "tool":
        return text(last["content"])
    skill = next(
        (name for tool in request.get("tools", ()) if (name := tool["function"]["name"]).startswith("skill_")), ""
    )
    if skill:
        return calls((skill, {"request": last["content"]}))
    return text(SHORT if "at most 3 lines" in last["content"] or "Shorter" in last["content"] else LONG)


def _form(request: JSON) -> JSON:
    asked = request["response_format"]["json_schema"]["schema"]["properties"]
    if "instructions" in asked:
        return WRITTEN
    if "better" in asked:
        first = request["messages"][0]["content"].split("First answer:")[1].split("Second answer:")[0]
        return {"better": "first" if SHORT in first else "second", "reason": "It is shorter."}
    return {"verdict": "unknown" if "unknown" in str(asked) else "nothing", "reason": "Nothing tells."}


@dataclass
class Stage:
    """The bot, and Ana who is alone with it."""

    telegram: TelegramEmulator
    server: OpenAIServer
    app: App
    ana: User

    async def say(self, text: str) -> Message:
        """Say something; the bot's next message."""
        before = self.ana.direct.last_id
        self.ana.say(text)
        answer = await self.telegram.wait_for(
            lambda: next((m for m in self.ana.direct.messages if m.sender.is_bot and m.id > before), None)
        )
        await self.app.settled()
        return answer


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    (tmp_path / "skills").mkdir()
    settings = load(
        home=tmp_path / "data",
        skills=tmp_path / "skills",
        allowed="*",
        learn_after=0,
        learn_every=timedelta(0),
        learn_tokens=100_000,
    )
    clock = SystemClock()
    async with (
        TelegramEmulator() as telegram,
        OpenAIServer(model) as server,
        OpenAIModel("m", clock, base_url=server.base_url) as client,
        TelegramAdapter(telegram.token, telegram.base_url, tuple(COMMANDS.items()), clock, limits=UNLIMITED) as adapter,
        opened(settings, Outside({"telegram": adapter}, client, client, clock, lambda _: None)) as app,
    ):
        running = asyncio.create_task(app.run())
        yield Stage(telegram, server, app, telegram.person("Ana"))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_instructions_that_win_are_proposed_and_run(stage: Stage, tmp_path: Path) -> None:
    for topic in TOPICS:
        assert (await stage.say(f"Please write a summary of our meeting on the {topic}.")).text == LONG
        await stage.say("Shorter please, and the decision first.")
        await stage.say("/done")
    await stage.say("/learn")
    card = await stage.telegram.wait_for(lambda: next((m for m in stage.ana.direct.messages if m.buttons), None))
    assert "Written by a model from 3 tasks; preferred in 3 of 3 blind comparisons on others" in card.text
    assert "meeting-summary" in card.text
    assert len(card.text.splitlines()) <= 10

    approved = stage.ana.press("Approve", card)
    await stage.telegram.wait_for(lambda: approved.answered and not card.buttons)
    await stage.app.settled()
    skill = format.parse("meeting-summary", folder.read(tmp_path / "skills" / "meeting-summary"))
    assert skill.procedure is not None
    assert [step.tool for step in skill.procedure.steps] == [None]

    asked = len(stage.server.asked)
    assert (await stage.say("Please write a summary of our meeting on the lamps.")).text == SHORT
    prompts = [request["messages"][-1]["content"] for request in stage.server.asked[asked:] if "tools" not in request]
    [prompt] = prompts
    assert WRITTEN["instructions"] in prompt
    assert "our meeting on the lamps" in prompt
