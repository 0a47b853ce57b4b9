"""Every limit of both platforms crossed on purpose, through the whole bot: texts, markup, names, commands, buttons."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import structlog

from bot.app import App
from bot.domain.json import JSON
from tests.adapters.slack_harness import shown_text
from tests.emulators.openai_server import OpenAIServer, text
from tests.emulators.telegram_state import User
from tests.scenarios import storm_slack, storm_telegram

FILE = "file: "
WORDS = " ".join(f"word{number}" for number in range(10_000))
ANSWERS = {
    "one unit more than a message": "a" * 4097,
    "half a character at the limit": "a" * 4095 + "😀" * 10,
    "emoji alone": "😀" * 5_000,
    "families of emoji": "👨‍👩‍👧‍👦" * 1_500,
    "many words": WORDS,
    "no gap at all": "x" * 60_000,
    "more than a post of Slack's": "line of words\n" * 3_000,
    "more bold words than entities": "**bold** plain " * 300,
    "links": "[link](https://example.com/a) " * 400,
    "many blocks": "\n\n".join(f"```\ncode {number}\n```" for number in range(200)),
    "many tables": "\n\n".join(f"|A|B|\n|-|-|\n|{number}|x|" for number in range(60)),
    "one long table": "|A|B|\n|-|-|\n" + "|cell|other|\n" * 2_000,
    "one long code block": "```PY\n" + "print(1)\n" * 4_000 + "```",
    "deep quotes": ">" * 2_000 + " quoted",
    "deep lists": "\n".join(f"{'  ' * depth}- item{depth}" for depth in range(200)),
    "markup never closed": "**" * 500 + "_" * 500 + "`" * 501 + "[" * 500 + "words",
    "headings": "\n".join(f"{'#' * (1 + number % 7)} heading{number}" for number in range(300)),
    "right to left": "\u202eאבג \u202d" * 800 + "end",
    "what calls people": "<!channel> <@U1> <!here> @everyone @apprentice_bot",
    "html": "<b>bold</b> & <script>alert(1)</script>",
    "half a surrogate": "a\ud800b",
    "control characters": "a\0b\x07c\x1b[31md\r\n\te",
    "nothing": " \n\t ",
    "nothing that is seen": "\u200b\u200d\ufeff\u2060",
    "combining marks": "e" + "\u0301" * 5_000,
}
SAID = (
    "😀" * 2_000,
    "\u200b\u200d\ufeff",
    "\u202eאבג",
    "a\0b\x07\x1b",
    "e" + "\u0301" * 3_000,
    "a" * 4_096,
    " \n ",
    "/skill " + "x" * 4_000,
    "/skill ../../etc/passwd",
    "/skill 😀\u202e",
    "/start " + "A" * 4_000,
    "/learn " + "\u200b" * 100,
    "/status " * 500,
    "/" * 4_000,
    "/help\u200b",
    "skills",
)
NAMES = ("N" * 3_000, "😀" * 500, "\u202eאבג", "\u200b", "**[x](https://example.com)** <!channel> `", "a\0\ud800b", " ")


@dataclass
class Talk:
    """Somebody alone with the bot. `say` speaks; `texts` are the bot's messages so far."""

    app: App
    model: OpenAIServer
    say: Callable[[str], object]
    texts: Callable[[], list[str]]
    until: Callable[[Callable[[], object]], Awaitable[None]]

    async def ask(self, said: str) -> list[str]:
        """Say something; what comes back, once all is quiet."""
        before = len(self.texts())
        self.say(said)
        await self.until(lambda: len(self.texts()) > before)
        await self.app.settled()
        return self.texts()[before:]


@pytest.fixture(params=["telegram", "slack"])
async def talk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Talk]:
    if request.param == "telegram":
        async with storm_telegram.stormy(tmp_path) as storm:
            ann = storm.people[0]
            yield Talk(storm.app, storm.model, ann.say, partial(on_telegram, ann), storm.until)
    else:
        async with storm_slack.stormy(tmp_path) as storm:
            ann = storm.people[0]
            say = partial(ann.say, ann.direct)
            yield Talk(storm.app, storm.model, say, partial(on_slack, storm), storm.until)


def on_telegram(person: User) -> list[str]:
    """What the bot has posted to a person."""
    return [message.text for message in person.direct.messages if message.sender.is_bot]


def on_slack(storm: storm_slack.Storm) -> list[str]:
    """What the bot has posted to the first person; of a file its content."""
    files = storm.slack.files.files
    return [
        FILE + (files[message.files[0]["id"]].content or b"").decode() if message.files else shown_text(message)
        for message in storm.by_bot(0)
    ]


def letters(shown: str) -> str:
    """What people read of a text, its markup apart: letters, digits and emoji."""
    return "".join(re.findall(r"[a-z0-9א-ת😀👨👩👧👦]", re.sub(r"\(https?:[^)]*\)", "", shown)))


async def test_every_answer_arrives_whole_and_in_order(talk: Talk) -> None:
    for what, answer in ANSWERS.items():
        talk.model.script = lambda _, answer=answer: text(answer)
        with structlog.testing.capture_logs() as logged:
            shown = await talk.ask(what)
        files = [one.removeprefix(FILE) for one in shown if one.startswith(FILE)]
        assert all(one.strip() for one in shown), what
        assert letters("".join(files or shown)) == letters(answer) or not letters(answer), what
        assert troubles(logged) == [], what


async def test_whatever_is_said_the_bot_goes_on(talk: Talk) -> None:
    talk.model.script = lambda request: text(request["messages"][-1]["content"])
    with structlog.testing.capture_logs() as logged:
        for said in SAID:
            talk.say(said)
        talk.say("still there?")
        await talk.until(lambda: any(one.endswith("still there?") for one in talk.texts()))
        await talk.app.settled()
    assert troubles(logged) == []


def troubles(logged: list[JSON]) -> list[JSON]:
    """What was refused, or broke."""
    return [line for line in logged if line["log_level"] == "error" or "refused" in line["event"]]


async def test_people_of_any_name_are_let_in_on_telegram(tmp_path: Path) -> None:
    codes: list[str] = []
    async with storm_telegram.stormy(tmp_path, allowed="", announce=codes.append) as storm:
        boss = storm.people[0]
        await storm.until(lambda: codes)
        boss.say(f"/start {codes[-1]}")
        await storm.until(lambda: on_telegram(boss))
        with structlog.testing.capture_logs() as logged:
            for name in NAMES:
                person = storm.telegram.person(name, "somebody")
                person.say("hello")
                await storm.until(lambda: boss.direct.messages[-1].buttons)
                card = boss.direct.messages[-1]
                boss.press("Yes", card)
                await storm.until(lambda card=card, person=person: not card.buttons and len(on_telegram(person)) == 2)
                await storm.app.settled()
        assert troubles(logged) == []


async def test_people_of_any_name_are_let_in_on_slack(tmp_path: Path) -> None:
    codes: list[str] = []
    async with storm_slack.stormy(tmp_path, allowed="", announce=codes.append) as storm:
        slack, boss = storm.slack, storm.people[0]
        await storm.until(lambda: codes)
        boss.command("/apprentice", f"start {codes[-1]}", boss.direct)
        await storm.until(lambda: storm.by_bot(0))
        with structlog.testing.capture_logs() as logged:
            for name in NAMES:
                person = slack.person(name)
                person.say(person.direct, "hello")
                await storm.until(lambda: storm.by_bot(0)[-1].buttons)
                card = storm.by_bot(0)[-1]
                boss.press(card, "Yes")
                said = partial(lambda place: [one for one in place.messages if one.sender is slack.bot], person.direct)
                await storm.until(lambda card=card, said=said: not card.buttons and len(said()) == 2)
                await storm.quiet()
        assert troubles(logged) == []
