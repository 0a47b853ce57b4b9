"""A tool that changes things elsewhere, on each platform: the card, who may answer it, and what the operator denies."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app import Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.ports import ToolContext
from bot.settings import load
from tests.adapters.console_harness import ConsoleHarness, console_harness
from tests.adapters.slack_harness import shown_text
from tests.emulators.openai_server import OpenAIServer, Reply, calls, text
from tests.emulators.slack_state import Message as SlackMessage
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Chat, Message
from tests.scenarios import slack_stage, telegram_stage

WORDS = "I would like to do this, and need a person's word:"
LABELS = ["Run once", "Always here", "No"]
SECRET = "Zx8Kq2LmN0vR7tYw3Bc5Hd9Jf1Gs6Pa4"
"""Looks like one: it is not shown, and nothing is sure enough of it to refuse the call."""


class Shop:
    """Sells, far away; `sold` is what really happened."""

    def __init__(self) -> None:
        self.sold: list[dict[str, JSON]] = []

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        schema = {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]}
        return [Tool("shop__buy", "Buy something", schema, outside=True)]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        self.sold.append(arguments)
        return ToolResult(f"Bought {arguments['what'][:20]}.")


def buyer(request: JSON) -> Reply:
    """Buys what stands behind `buy`, and tells what came of it."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        return text(last["content"])
    return calls(("shop__buy", {"what": last["content"].rpartition("buy ")[2], "voucher": SECRET}))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)  # the operator's table stands where the bot is started
    return Shop()


def card(what: str, who: str = "") -> str:
    """The question, or what stands there once somebody has answered `Run once`."""
    call = f'shop__buy(what="{what}", voucher="[secret]")'
    return f"{call}\n{who}: Run once." if who else f"{WORDS}\n{call}\nShall I?"


def rule(word: str) -> None:
    """The operator's word, from the next start on."""
    Path("apprentice.toml").write_text(f'[tools]\n"shop__*" = "{word}"\n')


async def test_on_telegram(tmp_path: Path, shop: Shop) -> None:
    async with TelegramEmulator() as telegram, OpenAIServer(buyer) as model:
        stage = telegram_stage.Stage(tmp_path, telegram, model, [shop])
        ana, ben, group = stage.ana, stage.ben, stage.group

        async def asked(chat: Chat) -> Message:
            return await telegram.wait_for(lambda: by_labels(stage.by_bot(chat)))

        async def told(words: str) -> Message:
            return await telegram.wait_for(
                lambda: found[-1] if (found := stage.by_bot(ana.direct)) and words in found[-1].text else None
            )

        async with stage.running():
            ana.say("@apprentice_bot buy milk", group)
            question = await asked(group)
            assert plain(question.text) == card("milk")
            refused = ben.press("Run once", question)
            await telegram.wait_for(lambda: refused.answered)
            assert "Only the person who asked" in refused.answer
            assert shop.sold == []

        # Between the question and the answer the bot is started anew; two clicks make one call.
        async with stage.running() as app:
            clicks = [ana.press("Run once", question), ana.press("No", question)]
            await telegram.wait_for(lambda: all(click.answered for click in clicks))
            await app.settled()
            assert shop.sold == [{"what": "milk", "voucher": SECRET}]
            assert (plain(question.text), question.buttons) == (card("milk", "Ana"), [])
            assert stage.by_bot(group)[-1].text == "Bought milk."
            assert clicks[1].answer == "Ana has decided already: Run once."

            # What is too long to show comes whole as a file, before the question.
            long = "eggs and " * 300
            ana.say(f"buy {long}")
            question = await asked(ana.direct)
            file = stage.by_bot(ana.direct)[0].extra["document"]
            [call] = json.loads(telegram.files.known[file["file_id"]].content)
            assert call["arguments"]["what"] == long.strip()
            assert "This is cut; the file shop__buy.json has all of it." in question.text

            # Alone with the bot she is a reviewer: always, until she takes it back.
            ana.press("Always here", question)
            await told("Bought eggs")
            ana.say("buy tea")
            await told("Bought tea.")
            ana.say("/status")
            ana.press("Take shop__buy back", await told("Without asking: shop__buy"))
            await told("I ask before shop__buy again: Ana decided it.")
            ana.say("buy salt")
            question = await asked(ana.direct)

        # What the operator denies meanwhile no click brings back.
        rule("deny")
        sold = len(shop.sold)
        async with stage.running():
            ana.press("Run once", question)
            await told("shop__buy may not be used here: the operator's apprentice.toml denies it")
            assert len(shop.sold) == sold
            assert "shop__buy" not in json.dumps(model.asked[-1]["tools"])


def plain(words: str) -> str:
    """A card's text as it is compared: a list's mark differs from platform to platform."""
    return "\n".join(line.lstrip("-•⦁ ").replace("`", "") for line in words.splitlines() if line.strip())


def by_labels(messages: list[Message]) -> Message | None:
    """The newest message, if it is a question."""
    return messages[-1] if messages and messages[-1].buttons == [LABELS] else None


async def test_on_slack(tmp_path: Path, shop: Shop) -> None:
    async with slack_stage.workspace() as slack, OpenAIServer(buyer) as model:
        stage = slack_stage.Stage(tmp_path, slack, model, tools=[shop])
        async with stage.running() as app:
            question = await stage.ask(stage.ana, "buy milk")
            assert plain(shown_text(question)) == card("milk")
            assert question.buttons == LABELS

            # In a channel others may not, and she may not for all time.
            for person, label in ((stage.ben, "Run once"), (stage.ana, "Always here")):
                person.press(question, label)
                await slack.wait_for(lambda person=person: stage.told(person))
            assert shop.sold == []
            stage.mia.press(question, "Always here")
            answer = await stage.answer(stage.room, question.thread, 2)
            assert shown_text(answer) == "Bought milk."
            await app.settled()
            assert not question.buttons
            assert "Mia: Always here." in shown_text(question)
            assert shown_text(await stage.ask(stage.ben, "buy tea")) == "Bought tea."

            # Everybody may have it asked again.
            status = await stage.ask(stage.ben, "/status")
            assert "Without asking: `shop__buy`" in shown_text(status)
            stage.ben.press(status, "Take shop__buy back")
            again: SlackMessage = await slack.wait_for(
                lambda: next((m for m in stage.answers(stage.room) if "I ask before" in shown_text(m)), None)
            )
            assert "Ben decided it" in shown_text(again)
            assert plain(shown_text(await stage.ask(stage.ben, "buy tea"))) == card("tea")


@asynccontextmanager
async def at_the_terminal(path: Path, model: str, shop: Shop) -> AsyncIterator[ConsoleHarness]:
    settings, clock = load(home=path / "data", skills=path / "skills", learn_tokens=0), SystemClock()
    async with (
        console_harness() as harness,
        OpenAIModel("m", clock, base_url=model) as client,
        opened(settings, Outside({"console": harness.adapter}, client, client, clock, print, [shop])) as app,
    ):
        running = asyncio.create_task(app.run())
        try:
            yield harness
        finally:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running


async def test_at_the_terminal(tmp_path: Path, shop: Shop) -> None:
    async with OpenAIServer(buyer) as model, at_the_terminal(tmp_path, model.base_url, shop) as harness:

        async def drawn(words: str) -> None:
            await asyncio.to_thread(harness.terminal.wait, lambda lines: words in "\n".join(lines))

        await harness.say("buy milk")
        await drawn("[n] No")
        question = harness.shown()[-1]
        assert (plain(question.text), [*question.buttons[0]]) == (card("milk"), LABELS)
        await harness.press("Always here")
        await drawn("Bought milk.")
        await harness.say("buy tea")
        await drawn("Bought tea.")
        await harness.say("/status")
        await drawn("Take shop__buy back")
        await harness.press("Take shop__buy back")
        await drawn("I ask before shop__buy again: ann decided it.")
        await harness.say("buy salt")
        await drawn('what="salt"')
        await harness.press("No")
        await drawn("ann: No.")
        assert [one["what"] for one in shop.sold] == ["milk", "tea"]
