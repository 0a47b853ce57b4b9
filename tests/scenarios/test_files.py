"""People send files to the bot on both platforms, and get files back: the real adapters and the real model client."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.credentials import Credentials
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.rates import Limits
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.domain.json import JSON
from bot.engine.commands import COMMANDS
from bot.ports import ChatAdapter
from bot.settings import load
from tests.emulators.openai_server import OpenAIServer, Reply, calls, error, text
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_faults import server_error
from tests.emulators.slack_state import Message as SlackMessage
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_faults import flood
from tests.emulators.telegram_state import Message, User
from tests.tools.pdfs import pdf

AT_ONCE = Limits(chat=1_000, everywhere=1_000)
PNG = b"\x89PNG\r\n\x1a\nand more"
CSV = b"id,city\n1,Rome\n2,Oslo\n"


def reading(request: JSON) -> Reply:
    """A model that reads what was sent, sends it back when asked to, and refuses to look at pictures."""
    said = [message for message in request["messages"] if message["role"] == "user"][-1]["content"]
    if isinstance(said, list):
        return error(400, "this model does not support image input")
    last = request["messages"][-1]
    if last["role"] == "tool":
        return text(last["content"])
    path = said.rpartition(' text="' if ' text="' in said else 'path="')[2].partition('"')[0]
    if "path=" not in said:
        return text("I see.")
    if "back" in said:
        return calls(("send_file", {"path": path, "text": "As you sent it."}))
    return calls(("read_file", {"path": path})) if path.endswith((".csv", ".txt")) else text("I see.")


@asynccontextmanager
async def served(path: Path, adapter: ChatAdapter, model: str) -> AsyncIterator[App]:
    """The bot on one platform."""
    settings = load(home=path / "data", skills=path / "skills", allowed="*", learn_tokens=0)
    clock = SystemClock()
    async with (
        OpenAIModel("m", clock, base_url=model) as client,
        opened(settings, Outside({adapter.platform: adapter}, client, client, clock, print)) as app,
    ):
        running = asyncio.create_task(app.run())
        yield app
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


class Telegram:
    """Ann's direct chat with the bot."""

    def __init__(self, emulator: TelegramEmulator, ann: User) -> None:
        self.emulator, self.ann, self.files = emulator, ann, emulator.files

    async def send(self, said: str, file: dict[str, JSON], answers: int = 1) -> list[Message]:
        """Send a file; what the bot posts."""
        before = self.ann.direct.last_id
        self.ann.say(said, caption=True, **file)

        def posted() -> list[Message]:
            found = [one for one in self.ann.direct.messages if one.sender.is_bot and one.id > before]
            return found if len(found) >= answers else []

        return await self.emulator.wait_for(posted)


async def test_on_telegram(tmp_path: Path) -> None:
    async with (
        TelegramEmulator() as emulator,
        OpenAIServer(reading) as model,
        TelegramAdapter(
            emulator.token, emulator.base_url, tuple(COMMANDS.items()), SystemClock(), limits=AT_ONCE
        ) as adapter,
        served(tmp_path, adapter, model.base_url),
    ):
        ann = Telegram(emulator, emulator.person("Ann"))
        files = emulator.files

        emulator.fault("getFile", flood(0))
        [answer] = await ann.send("Which orders?", files.document("orders.csv", CSV, "text/csv"))
        assert answer.text == CSV.decode().strip()
        [answer] = await ann.send("", files.document("scan.pdf", pdf("Total 12"), "application/pdf"))
        assert "Total 12" in answer.text

        [answer] = await ann.send("What is it?", files.photo(PNG))
        assert answer.text.split("\n") == ["I see.", "", "My model takes no pictures: I have not looked at them."]
        album: dict[str, JSON] = {"media_group_id": "7"}
        asked = len(model.asked)
        ann.ann.say("", caption=True, **files.document("one.bin", b"\0one"), **album)
        [answer] = await ann.send("Both.", {**files.document("two.bin", b"\0two"), **album})
        assert (answer.text, len(model.asked) - asked) == ("I see.", 1)

        asked = len(model.asked)
        [answer] = await ann.send("", files.voice(b"hm"))
        assert answer.text.startswith("I do not understand voice messages")
        [answer] = await ann.send("", files.sticker())
        assert answer.text == "I do not understand stickers."
        [answer] = await ann.send("", files.document("huge.csv", b"", size=30_000_000))
        assert answer.text == "huge.csv is larger than 20 MB: I have not taken it."
        assert len(model.asked) == asked

        sent, answer = await ann.send("Send it back", files.document("größe.csv", CSV, "text/csv"), answers=2)
        assert sent.text == "As you sent it."
        document = sent.extra["document"]
        assert (document["file_name"], files.known[document["file_id"]].content) == ("größe.csv", CSV)
        assert json.loads(answer.text)["status"] == "on its way"

        folder = tmp_path / "data" / "workspace" / "files" / f"telegram_{ann.ann.id}"
        assert sorted(file.name for file in folder.iterdir()) == [
            *("größe.csv", "one.bin", "orders.csv", "photo.jpg", "scan.pdf", "scan.pdf.txt", "two.bin"),
        ]


async def test_on_slack(tmp_path: Path) -> None:
    async with (
        SlackEmulator(retry_after=(0,) * 20) as slack,
        OpenAIServer(reading) as model,
        SlackAdapter(Credentials(slack.bot_token, slack.app_token), slack.api_url, COMMANDS, SystemClock()) as adapter,
        served(tmp_path, adapter, model.base_url) as app,
    ):
        await slack.wait_for(lambda: slack.sockets.connections)
        ana, ben = slack.person("Ana"), slack.person("Ben")
        room = slack.channel("workshop", ana, ben)

        def answers(thread: SlackMessage, number: int) -> Callable[[], list[SlackMessage]]:
            def posted() -> list[SlackMessage]:
                said = [one for one in room.thread(thread.ts) if one.sender is slack.bot]
                return said if len(said) >= number else []

            return posted

        # In a channel the bot takes what is for it, and in a thread of its own what follows.
        ana.say(room, "among ourselves", files={"secret.csv": CSV})
        root = ana.say(room, f"{slack.bot.mention} which orders?", files={"orders.csv": CSV})
        [answer] = await slack.wait_for(answers(root, 1))
        assert "Rome" in answer.text
        ben.say(room, "", root, files={"more.csv": b"3,Bonn\n", "archive.zip": b"PK\3\4\0"})
        [_, answer] = await slack.wait_for(answers(root, 2))
        assert "cannot read files of its kind" in answer.text

        slack.fault("files.getUploadURLExternal", server_error())
        ben.say(room, "and back", root, files={"back.csv": CSV})
        posted = await slack.wait_for(answers(root, 4))
        [shared] = [one for one in posted if one.files]
        assert shared.files[0]["name"] == "back.csv"
        assert slack.files.files[shared.files[0]["id"]].content == CSV
        await app.settled()

        # Another thread of the same room sees none of it.
        other = ana.say(room, f"{slack.bot.mention} what is there?")
        await slack.wait_for(answers(other, 1))
        kept = tmp_path / "data" / "workspace" / "files"
        [folder] = kept.iterdir()
        assert sorted(file.name for file in folder.iterdir()) == ["archive.zip", "back.csv", "more.csv", "orders.csv"]
