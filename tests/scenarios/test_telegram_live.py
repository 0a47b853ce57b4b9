"""What people on Telegram see while the bot works, and how the answer takes its place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from adapters.telegram import live as pacing
from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.engine import live
from bot.ports import ToolContext
from tests.emulators.openai_server import OpenAIServer, calls, in_turn, slowly, text
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_faults import Fault, flood
from tests.emulators.telegram_state import Message
from tests.scenarios.telegram_stage import Stage

ANSWER = "The shop has **two** orders that are still open: 41 and 42."
SHOWN = ANSWER.replace("**", "")


class Shop:
    """A tool that takes as long as the test wants."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        return [Tool("ask_shop", "Ask the shop", {"type": "object", "properties": {}}, reads=True)]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        await self.open.wait()
        return ToolResult({"orders": [41, 42]})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def stage(tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """The bot shows itself soon, and as often as there is something new."""
    monkeypatch.setattr(live, "PATIENCE_SECONDS", 0.02)
    monkeypatch.setattr(live, "SHOWN_SECONDS", 0.05)
    monkeypatch.setattr(pacing, "DRAFT_SECONDS", 0.05)
    monkeypatch.setattr(pacing, "EDIT_SECONDS", 0.05)
    (tmp_path / "skills").mkdir()
    script = in_turn(calls(("ask_shop", {})), slowly(text(ANSWER), 0.05))
    async with TelegramEmulator() as telegram, OpenAIServer(script) as model:
        yield Stage(tmp_path, telegram, model, [shop])


async def live_message(stage: Stage) -> Message:
    """The message in the group that has a Stop button."""
    return await stage.telegram.wait_for(
        lambda: next((message for message in stage.by_bot(stage.group) if message.buttons == [["Stop"]]), None)
    )


async def test_alone_with_the_bot_a_person_sees_a_draft_grow_and_then_one_message(stage: Stage, shop: Shop) -> None:
    seen: list[str] = []

    def look() -> bool:
        seen.extend(draft.text for draft in stage.telegram.drafts(stage.ana.direct).values())
        if "⏳ Ask shop" in seen:
            shop.open.set()
        return bool(stage.by_bot(stage.ana.direct))

    async with stage.running() as app:
        stage.ana.say("which orders are open?")
        await stage.telegram.wait_for(look)
        await app.settled()
    assert [message.text for message in stage.by_bot(stage.ana.direct)] == [SHOWN]
    assert stage.telegram.drafts(stage.ana.direct) == {}
    written = {text for text in seen if text.startswith("✓ Ask shop\n\n")}
    assert len(written) > 2
    assert all(SHOWN.startswith(text.removeprefix("✓ Ask shop\n\n").rstrip("*")) for text in written)


async def test_in_a_group_a_message_is_edited_until_it_is_the_answer(stage: Stage, shop: Shop) -> None:
    async with stage.running() as app:
        asked = stage.ana.say("@apprentice_bot which orders are open?", stage.group)
        message = await live_message(stage)
        assert (message.text, message.reply_to) == ("⏳ Ask shop", asked)
        shop.open.set()
        await stage.telegram.wait_for(lambda: message.buttons != [["Stop"]])
        await app.settled()
    assert stage.by_bot(stage.group) == [message]
    assert message.text == SHOWN
    assert message.edits > 3


async def test_the_button_stops_the_work_and_the_message_says_so(stage: Stage) -> None:
    async with stage.running() as app:
        stage.ana.say("@apprentice_bot which orders are open?", stage.group)
        message = await live_message(stage)
        query = stage.ana.press("Stop", message)
        await stage.telegram.wait_for(lambda: message.buttons == [] and query.answered)
        await app.settled()
    assert stage.by_bot(stage.group) == [message]
    assert message.text.startswith("Stopped.")


async def test_the_answer_stands_though_somebody_deleted_the_live_message(stage: Stage, shop: Shop) -> None:
    async with stage.running() as app:
        stage.ana.say("@apprentice_bot which orders are open?", stage.group)
        stage.group.messages.remove(await live_message(stage))
        shop.open.set()
        await stage.telegram.wait_for(lambda: [message.text for message in stage.by_bot(stage.group)] == [SHOWN])
        await app.settled()
    assert [message.buttons for message in stage.by_bot(stage.group)] == [[]]


@pytest.mark.parametrize(
    "fault", [flood(1), Fault("refuse", 502, "Bad Gateway"), Fault("refuse", 400, "Bad Request: no"), Fault("lose")],
    ids=str,
)  # fmt: skip
async def test_progress_that_fails_costs_no_answer(stage: Stage, shop: Shop, fault: Fault) -> None:
    stage.telegram.fault("sendMessageDraft", fault, times=3)
    async with stage.running() as app:
        stage.ana.say("which orders are open?")
        await stage.telegram.wait_for(lambda: stage.telegram.called("sendMessageDraft"))
        shop.open.set()
        await stage.telegram.wait_for(
            lambda: any(message.text == SHOWN and not message.buttons for message in stage.by_bot(stage.ana.direct))
        )
        await app.settled()
    assert [message.text for message in stage.by_bot(stage.ana.direct)] == [SHOWN]


async def test_work_goes_on_behind_a_restart_in_the_same_message(stage: Stage, shop: Shop) -> None:
    stage.model.script = in_turn(calls(("ask_shop", {})), calls(("ask_shop", {})), slowly(text(ANSWER), 0.02))
    async with stage.running():
        stage.ana.say("@apprentice_bot which orders are open?", stage.group)
        message = await live_message(stage)
        await stage.telegram.wait_for(lambda: message.text == "⏳ Ask shop")
    shop.open.set()
    async with stage.running() as app:
        await stage.telegram.wait_for(lambda: message.buttons == [])
        await app.settled()
    assert stage.by_bot(stage.group) == [message]
    assert message.text == SHOWN


async def test_who_was_not_let_in_stops_nothing_and_who_was_finds_it_over(stage: Stage, shop: Shop) -> None:
    stage.allowed = (f"telegram:{stage.ana.id}",)
    async with stage.running() as app:
        stage.ana.say("@apprentice_bot which orders are open?", stage.group)
        message = await live_message(stage)
        data = message.keyboard[0][0]["callback_data"]
        refused = stage.ben.press("Stop", message)
        await stage.telegram.wait_for(lambda: refused.answered)
        shop.open.set()
        await stage.telegram.wait_for(lambda: message.buttons == [])
        late = stage.telegram.query(stage.ana, message, data)
        await stage.telegram.wait_for(lambda: late.answered)
        await app.settled()
    assert refused.answer == "I work only for people who were let in."
    assert late.answer == "This piece of work has come to its end already."
    assert message.text == SHOWN


async def test_a_long_answer_begins_in_the_live_message_and_goes_on_behind_it(stage: Stage, shop: Shop) -> None:
    long = "\n".join(f"Order {number} is open." for number in range(500))
    stage.model.script = in_turn(calls(("ask_shop", {})), text(long))
    async with stage.running() as app:
        stage.ana.say("@apprentice_bot which orders are open?", stage.group)
        message = await live_message(stage)
        shop.open.set()
        await stage.telegram.wait_for(lambda: stage.by_bot(stage.group)[-1].text.endswith("Order 499 is open."))
        await app.settled()
    assert stage.by_bot(stage.group)[0] is message
    assert "\n".join(one.text for one in stage.by_bot(stage.group)).split() == long.split()


@pytest.mark.parametrize("fault", [flood(1), Fault("refuse", 500), Fault("lose"), Fault("drop")], ids=str)
async def test_an_answer_comes_into_the_live_message_through_all_troubles(
    stage: Stage, shop: Shop, fault: Fault
) -> None:
    async with stage.running() as app:
        stage.ana.say("@apprentice_bot which orders are open?", stage.group)
        message = await live_message(stage)
        stage.telegram.fault("editMessageText", fault, times=3)
        shop.open.set()
        await stage.telegram.wait_for(lambda: message.buttons == [])
        await app.settled()
    assert [one.text for one in stage.by_bot(stage.group)] == [SHOWN]
