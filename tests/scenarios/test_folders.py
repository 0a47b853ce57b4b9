"""A folder is dropped into the skills of a running bot: a card, a click, a commit; an edit, and the way back."""

import asyncio
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.telegram.adapter import TelegramAdapter
from bot.app import Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.engine.commands import COMMANDS
from bot.learning import shelf
from bot.settings import load
from bot.skills import folder
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators import openai_server
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Message
from tests.skills.made import FRONT

NAME = "tone"
PROSE = {"SKILL.md": FRONT.replace("customer-orders", NAME).encode()}
EDITED = {"SKILL.md": PROSE["SKILL.md"].replace(b"Words.", b"Other words.")}


def commits(place: Path) -> list[str]:
    """The subjects of the commits, by git's own log of them: asking git itself would keep the loop of the bot."""
    log = place / ".git" / "logs" / "HEAD"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.split("\t")[1].split(": ", 1)[1] for line in lines]


async def committed(place: Path, count: int) -> list[str]:
    """The commits, as soon as there are so many: git tells nobody."""
    async with asyncio.timeout(60):
        while len(commits(place)) < count:
            await SystemClock().sleep(0.02)
    return commits(place)


async def test_a_folder_its_card_its_commit_and_the_way_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "SECONDS", 0.2)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)  # noqa: ASYNC221, S603, S607 (before anything runs)
    settings = load(
        home=tmp_path / "data",
        skills=tmp_path / "skills",
        skills_git="commit",
        learn_after=0,
        learn_every=timedelta(0),
        learn_tokens=0,
    )
    clock, codes = SystemClock(), list[str]()
    async with (
        TelegramEmulator() as telegram,
        OpenAIServer(lambda _: openai_server.text("Hello.")) as server,
        OpenAIModel("any", clock, base_url=server.base_url) as model,
        TelegramAdapter(telegram.token, telegram.base_url, tuple(COMMANDS.items()), clock, limits=UNLIMITED) as adapter,
        opened(settings, Outside({"telegram": adapter}, model, model, clock, codes.append)) as app,
    ):
        running = asyncio.create_task(app.run())
        mia = telegram.person("Mia")
        await telegram.wait_for(lambda: codes)
        mia.say(f"/start {codes[0]}")

        async def asked(words: str) -> Message:
            def found() -> Message | None:
                said = (message for message in reversed(mia.direct.messages) if message.buttons)
                return next((message for message in said if words in message.text), None)

            return await telegram.wait_for(found)

        async def press(label: str, words: str) -> None:
            query = mia.press(label, await asked(words))
            await telegram.wait_for(lambda: query.answered)
            await app.settled()

        folder.write(tmp_path / "skills" / NAME, PROSE)
        assert "It may be used in every chat" in (await asked("was put among my folders")).text
        assert commits(tmp_path) == []
        await press("Approve", "was put among my folders")
        assert [entry.name for entry in await app.library.live(None)] == [NAME]
        assert await committed(tmp_path, 1) == [f"{NAME}: approved by Mia"]

        folder.write(tmp_path / "skills" / NAME, EDITED)
        await press("Reject", "was edited in its folder")
        assert await app.library.live(None) == []
        offered = await asked("version of before")
        await press(offered.buttons[0][0], "version of before")
        assert folder.read(tmp_path / "skills" / NAME) == PROSE
        assert [entry.name for entry in await app.library.live(None)] == [NAME]
        assert (await committed(tmp_path, 2))[1] == f"{NAME}: rolled-back by Mia"
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
