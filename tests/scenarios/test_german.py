"""Somebody whose Telegram speaks German: pairing, help, work, a card, clicks, a stranger, all of it in German."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

from adapters.telegram.adapter import TelegramAdapter
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.demo.model import DemoModel
from bot.demo.sample import WORKSPACE
from bot.engine.commands import COMMANDS
from bot.settings import load
from bot.words import LANGUAGES
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators import openai_server
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Message, User
from tests.scenarios.test_confirmation import staged as at_the_archive

CUSTOMERS = ("ben-okoro", "ana-silva", "chen-wei", "ines-costa")


@dataclass
class Stage:
    """The bot, which is closed; Uwe and Eva write from German apps. `codes` are those the operator was shown."""

    telegram: TelegramEmulator
    app: App
    codes: list[str]
    uwe: User
    eva: User

    async def say(self, person: User, text: str) -> Message:
        """Say something to the bot alone; what it answers, once all is done."""
        last = person.direct.last_id
        person.say(text)
        await self.telegram.wait_for(lambda: by_bot(person, last))
        await self.app.settled()
        return by_bot(person, last)[0]

    async def press(self, person: User, label: str, message: Message) -> str:
        """Press a button; what the person is told at once."""
        query = person.press(label, message)
        await self.telegram.wait_for(lambda: query.answered)
        await self.app.settled()
        assert not ENGLISH.search(query.answer)
        return query.answer


def by_bot(person: User, after: int = 0) -> list[Message]:
    return [message for message in person.direct.messages if message.sender.is_bot and message.id > after]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


@asynccontextmanager
async def staged(path: Path) -> AsyncIterator[Stage]:
    shutil.copytree(WORKSPACE, path / "data" / "workspace")
    settings = load(
        home=path / "data",
        skills=path / "skills",
        conversation_idle=timedelta(0),
        learn_after=len(CUSTOMERS),
        learn_every=timedelta(0),
        learn_tokens=0,
    )
    clock, codes = SystemClock(), []
    async with (
        TelegramEmulator() as telegram,
        DemoModel() as server,
        OpenAIModel("demo", clock, base_url=server.base_url) as model,
        TelegramAdapter(telegram.token, telegram.base_url, tuple(COMMANDS.items()), clock, limits=UNLIMITED) as adapter,
        opened(settings, Outside({"telegram": adapter}, model, model, clock, codes.append)) as app,
    ):
        running = asyncio.create_task(app.run())
        await telegram.wait_for(lambda: codes)
        yield Stage(
            telegram, app, codes, telegram.person("Uwe", language="de"), telegram.person("Eva", language="de-AT")
        )
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


def english() -> Iterator[str]:
    """Parts of what the bot says in English that would stand in no German text."""
    for said, german in LANGUAGES["de"].items():
        for text, *_ in Formatter().parse(said):
            if len(text) > 10 and text not in german:
                yield text.strip(" .:;,")


ENGLISH = re.compile("|".join(map(re.escape, english())))


async def test_all_of_it_is_german(stage: Stage) -> None:
    uwe, eva = stage.uwe, stage.eva

    # The door: closed, a wrong code, the right one.
    assert "nur für Leute, die zugelassen sind" in (await stage.say(uwe, "Hallo")).text
    assert (await stage.say(uwe, "/start falsch")).text.startswith("Dieser Code ist falsch")
    assert (await stage.say(uwe, f"/start {stage.codes[-1]}")).text.startswith("Du bist dabei")

    # Commands.
    assert "Alles andere ist Arbeit für mich." in (await stage.say(uwe, "/help")).text
    assert (await stage.say(uwe, "/skills")).text.startswith("Ich habe hier noch keine Skills")
    assert "Arbeit hier: keine" in (await stage.say(uwe, "/status")).text
    assert (await stage.say(uwe, "/stop")).text == "Es lief nichts."
    assert (await stage.say(uwe, "Lern daraus nichts.")).text == "Verstanden: Daraus lerne ich nichts."

    # Work, and the card that comes of it.
    for customer in CUSTOMERS:
        await stage.say(uwe, f"Which orders of {customer} are still open?")
    card = await stage.telegram.wait_for(lambda: next((m for m in by_bot(uwe) if m.buttons), None))
    assert card.buttons == [["Freigeben", "Ablehnen", "Ändern", "Details"]]
    assert "In 4 Aufgaben gesehen" in card.text
    assert re.search(r"Spart jedes Mal etwa \d,\d Aufrufe", card.text)

    # Clicks.
    assert await stage.press(uwe, "Details", card) == "Die Details stehen unten."
    assert await stage.press(uwe, "Freigeben", card) == "Freigegeben."
    assert re.search(r"Freigegeben von Uwe am \d\d\.\d\d\.\d{4} um \d\d:\d\d UTC\.", card.text)
    answer = await stage.say(uwe, "Which orders of hugo-martin are still open?")
    assert await stage.press(uwe, "👍", answer) == "Danke, das zähle ich."
    assert "benutzt: 1, gut 1, schlecht 0" in (await stage.say(uwe, "/skills")).text

    # The second person: the operator is asked in German.
    assert "deinetwegen gefragt" in (await stage.say(eva, "Servus")).text
    question = by_bot(uwe)[-1]
    assert question.text.endswith("schreibt mir, ist aber nicht zugelassen. Zulassen?")
    assert await stage.press(uwe, "Ja", question) == "Eva ist dabei."
    assert by_bot(eva)[-1].text.startswith("Du bist dabei")

    said = [message.text for person in (uwe, eva) for message in by_bot(person)]
    assert [text for text in said if ENGLISH.search(text)] == []


async def test_a_question_and_a_failure_in_german(tmp_path: Path) -> None:
    async with at_the_archive(tmp_path) as stage:
        uwe = stage.telegram.person("Uwe", language="de")
        uwe.say("archive milk")
        [question] = await stage.telegram.wait_for(lambda: by_bot(uwe))
        assert question.text.startswith("Der Skill archive-note will etwas ändern:")
        assert question.buttons == [["Einmal ausführen", "Hier immer", "Nein"]]
        assert (await stage.press(uwe, "Nein", question)).answer == "Nein: notiert."
        assert question.text == "Der Skill archive-note hat vor einer Änderung gefragt. Uwe: Nein."

        stage.model.script = lambda request: openai_server.error(401, "no such key")
        uwe.say("archive eggs")
        [failed] = await stage.telegram.wait_for(lambda: by_bot(uwe, question.id))
        assert failed.text.startswith("Der Modellserver 127.0.0.1")
        assert failed.text.endswith("nimmt den Schlüssel nicht (er sagt: no such key): Setze OPENAI_API_KEY.")
