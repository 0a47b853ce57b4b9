"""What people in Slack see while the bot works: what it does, a button to stop it, and in the end one message."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from adapters.slack import live as pacing
from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.engine import live
from bot.ports import ToolContext
from tests.adapters.slack_harness import shown_text
from tests.emulators.openai_server import OpenAIServer, Reply, calls, in_turn, slowly, text
from tests.emulators.slack_faults import flood, refused
from tests.emulators.slack_state import Message, Place
from tests.scenarios.slack_stage import Stage, workspace

ANSWER = "The shop has **two** orders that are still open: 41 and 42."


class Shop:
    """A tool that takes as long as the test wants."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked = asyncio.Event()

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        return [Tool("ask_shop", "Ask the shop", {"type": "object", "properties": {}}, reads=True)]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        self.asked.set()
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
    monkeypatch.setattr(pacing, "SHARE", 100)
    (tmp_path / "skills").mkdir()
    script = in_turn(calls(("ask_shop", {})), slowly(text(ANSWER), 0.05))
    async with workspace() as slack, OpenAIServer(script) as model:
        yield Stage(tmp_path, slack, model, tools=[shop])


def titles(message: Message) -> list[tuple[str, str]]:
    """The task cards of a stream, as they stand."""
    return [(task["title"], task["status"]) for task in message.tasks.values()]


async def live_message(stage: Stage, place: Place, thread: str = "") -> Message:
    """The message in which the bot shows what it does."""

    def look() -> Message | None:
        return next((message for message in stage.answers(place, thread) if "Stop" in message.buttons), None)

    return await stage.slack.wait_for(look)


async def test_a_thread_sees_the_tools_at_work_the_answer_grow_and_one_message(stage: Stage, shop: Shop) -> None:
    states: set[tuple[str, str]] = set()
    texts: list[str] = []
    async with stage.running() as app:
        root = stage.ana.say(stage.room, f"{stage.bot} which orders are open?")
        message = await live_message(stage, stage.room, root.ts)
        assert message.stream
        states.update(titles(message))
        shop.open.set()

        def done() -> bool:
            states.update(titles(message))
            texts.append(message.text)
            return not message.stream

        await stage.slack.wait_for(done)
        await app.settled()
    assert states == {("Ask shop", "in_progress"), ("Ask shop", "complete")}
    assert len(set(texts)) > 2
    assert all(ANSWER.startswith(said) for said in texts[:-1])
    assert stage.answers(stage.room) == [message]
    assert (shown_text(message), message.buttons, message.edited) == (ANSWER, [], False)
    assert stage.slack.status(stage.room, root.ts) == ""


async def test_without_a_thread_one_message_is_edited(stage: Stage, shop: Shop) -> None:
    async with stage.running() as app:
        stage.ana.say(stage.ana.direct, "which orders are open?")
        message = await live_message(stage, stage.ana.direct)
        assert message.blocks[0]["elements"][0]["text"] == "◐ Ask shop"
        shop.open.set()
        await stage.slack.wait_for(lambda: message.buttons == [])
        await app.settled()
    assert stage.answers(stage.ana.direct) == [message]
    assert shown_text(message) == ANSWER
    assert message.edits > 2


@pytest.mark.parametrize("way", ["the button", "Slack's own button", "the command"])
async def test_work_is_stopped_where_it_stands(stage: Stage, shop: Shop, way: str) -> None:
    async with stage.running() as app:
        root = stage.ana.say(stage.ana.direct, "hello") if way != "the command" else None
        if root:
            shop.open.set()
            await stage.slack.wait_for(lambda: stage.said(stage.ana.direct) == [ANSWER])
            shop.open.clear()
            stage.model.script = in_turn(calls(("ask_shop", {})), text(ANSWER))  # type: ignore[union-attr] # a server
        thread = root.ts if root else ""
        stage.ana.say(stage.ana.direct, "which orders are open?", root)
        message = await live_message(stage, stage.ana.direct, thread)
        if way == "the button":
            stage.ana.press(message, "Stop")
        elif way == "the command":
            stage.ana.command("/apprentice", "stop", stage.ana.direct)
        else:
            stage.ana.stop_work(stage.ana.direct, thread)
        await stage.slack.wait_for(lambda: shown_text(message) == "Stopped.")
        await app.settled()
    assert message.buttons == []
    assert not message.stream
    told = [only.text for only in stage.ana.direct.messages if only.only_for is stage.ana]
    said = [shown_text(one) for one in stage.answers(stage.ana.direct, thread) if one is not message]
    assert told == []
    if way == "the button":
        assert said == []
    else:
        assert ANSWER not in said if thread else True
        assert sum(words.startswith("Stopped.") for words in said) == 1


@pytest.mark.parametrize("trouble", ["no streams", "the stream ends", "a flood", "sockets drop"])
async def test_whatever_slack_refuses_the_answer_stands_there_once(stage: Stage, shop: Shop, trouble: str) -> None:
    slack = stage.slack
    if trouble == "no streams":
        slack.fault("chat.startStream", refused("not_allowed"))
    if trouble == "the stream ends":
        slack.fault("chat.appendStream", refused("stopped_by_user"))
    if trouble == "a flood":
        for method in ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update", "chat.postMessage"):
            slack.fault(method, flood(0))
    async with stage.running() as app:
        root = stage.ana.say(stage.room, f"{stage.bot} which orders are open?")
        message = await live_message(stage, stage.room, root.ts)
        if trouble == "sockets drop":
            slack.sockets.drop()
        shop.open.set()
        await slack.wait_for(lambda: not message.stream and message.buttons == [])
        await app.settled()
    assert stage.answers(stage.room) == [message]
    assert shown_text(message) == ANSWER


async def test_a_restart_ends_with_the_answer_in_the_same_message(stage: Stage, shop: Shop) -> None:
    async with stage.running():
        root = stage.ana.say(stage.room, f"{stage.bot} which orders are open?")
        message = await live_message(stage, stage.room, root.ts)
        assert message.stream
    shop.open.set()
    async with stage.running() as app:
        await stage.slack.wait_for(lambda: shown_text(message) == ANSWER and not message.stream)
        await app.settled()
    assert stage.answers(stage.room) == [message]
    assert message.buttons == []


async def test_quick_answers_need_no_live_message(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SHOWN_SECONDS", 30)
    stage.model.script = in_turn(text(ANSWER))  # type: ignore[union-attr] # a server
    async with stage.running() as app:
        answer = await stage.ask(stage.ana, "which orders are open?")
        await app.settled()
    assert (shown_text(answer), answer.edits) == (ANSWER, 0)
    assert stage.slack.called("chat.startStream") == []


def reply_with(request: JSON) -> Reply:
    """Read the file that came, and send it back under another name."""
    results = [message for message in request["messages"] if message["role"] == "tool"]
    asked = json.dumps(request["messages"], ensure_ascii=False)
    path = next(word for word in asked.replace('"', " ").replace("\\", " ").split() if word.endswith("orders.csv"))
    if not results:
        return calls(("read_file", {"path": path}))
    if len(results) == 1:
        return calls(("write_file", {"path": "report.md", "content": f"# Report\n{results[0]['content']}"}))
    if len(results) == 2:
        return calls(("send_file", {"path": "report.md", "text": "The **report**"}))
    return text("It is attached.")


async def test_a_file_comes_in_and_one_goes_out(stage: Stage, shop: Shop) -> None:
    stage.model.script = reply_with  # type: ignore[union-attr] # a server
    async with stage.running() as app:
        root = stage.ana.say(stage.room, f"{stage.bot} make a report", files={"orders.csv": b"id,state\n41,open\n"})
        await stage.slack.wait_for(lambda: len(stage.answers(stage.room, root.ts)) == 2)
        await app.settled()
    shared, answer = sorted(stage.answers(stage.room, root.ts), key=lambda message: not message.files)
    assert shared.text == "The report"
    assert shown_text(answer) == "It is attached."
    sent = stage.slack.files.files[shared.files[0]["id"]]
    assert sent.name == "report.md"
    assert "41,open" in (sent.content or b"").decode()
