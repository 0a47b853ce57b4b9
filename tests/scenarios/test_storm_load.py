"""Everything at once: the command itself as a process, many chats on both platforms, and all that goes wrong.

The law is in storm.py. What Slack could not deliver at once comes again behind what was said meanwhile, so there the
order counts in chats where nothing had to come again.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest

from bot.domain.json import JSON
from tests.adapters.slack_harness import shown_text
from tests.emulators import slack_events, slack_faults
from tests.emulators.openai_server import OpenAIServer, Reply, slowly
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_state import Message
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_faults import Fault, flood
from tests.emulators.telegram_rates import Rates
from tests.scenarios.storm import parrot, word, words

CHECKOUT = Path(__file__).parents[2]
AT_ONCE = 0.3
"""How often somebody goes on without a pause."""
RETRIES = (0.1, 1, 2, 4, *(8,) * 50)
"""Slack gives up after three, some minutes apart; the law is that nothing is lost."""
SLOW = 0.1
"""How often the model is so slow that its answer is shown while it comes."""
LOOK_SECONDS = 0.2
_LOST = (Fault("lose"), Fault("garble"))
_FAILS = (flood(1), Fault("refuse", 500), Fault("refuse", 502, "Bad Gateway"), Fault("page", 503), *_LOST)
TELEGRAM = {
    # No "drop": whether a post that was not answered stands there, Telegram does not tell, and it counts as made.
    "sendMessage": _FAILS,
    **dict.fromkeys(
        ("sendMessageDraft", "editMessageText", "setMessageReaction", "sendChatAction"), (*_FAILS, Fault("drop"))
    ),
    "getUpdates": (*_FAILS, Fault("drop"), Fault("slow", seconds=1)),
}
SLACK = dict.fromkeys(
    (
        "apps.connections.open",
        "assistant.threads.setStatus",
        "chat.appendStream",
        "chat.postMessage",
        "chat.startStream",
        "chat.stopStream",
        "chat.update",
        "conversations.history",
        "conversations.replies",
        "reactions.add",
        "users.info",
    ),
    (
        slack_faults.flood(1),
        slack_faults.server_error(),
        slack_faults.refused("internal_error"),
        slack_faults.lost_answer(),
        slack_faults.garbled(),
        slack_faults.dropped(),
    ),
)


@dataclass
class Chat:
    """Where one person says `count` words, and what the bot said. `in_order`: all came as it was said."""

    person: int
    count: int
    say: Callable[[str], object]
    texts: Callable[[], list[str]]
    in_order: Callable[[], bool]

    @property
    def said(self) -> list[str]:
        """What was to be said."""
        return [word(self.person, number) for number in range(self.count)]

    @property
    def heard(self) -> list[str]:
        """What the bot said."""
        return words(self.texts())

    async def talk(self, chance: random.Random, seconds: float) -> None:
        """Say everything within about so many seconds, whatever is answered."""
        pause = seconds / self.count / (1 - AT_ONCE)
        for one in self.said:
            self.say(one)
            if chance.random() > AT_ONCE:
                await asyncio.sleep(chance.uniform(0, 2 * pause))


def on_telegram(telegram: TelegramEmulator, number: int, count: int) -> Chat:
    """A direct chat."""
    person = telegram.person(f"T{number}")
    messages = person.direct.messages
    return Chat(number, count, person.say, lambda: [one.text for one in messages if one.sender.is_bot], lambda: True)


def on_slack(slack: SlackEmulator, number: int, count: int) -> Chat:
    """A direct conversation; for each fifth a thread in a channel."""
    person = slack.person(f"S{number}")
    threaded = number % 5 == 0
    place = slack.channel(f"c{number}", person) if threaded else person.direct
    said: list[Message] = []

    def say(text: str) -> None:
        mention = f"{slack.bot.mention} " if threaded else ""
        said.append(person.say(place, mention + text, said[0] if threaded and said else None))
        if len(said) % 7 == 0:  # again, under an event id of its own
            slack.feed.emit(slack_events.posted(said[-1]), place)

    def texts() -> list[str]:
        return [shown_text(one) for one in place.messages if one.sender is slack.bot and not one.only_for]

    def in_order() -> bool:
        events = ((sent.payload["event"], sent) for sent in slack.outbox.deliveries if sent.kind == "events_api")
        return not any(sent.failures for event, sent in events if event.get("channel") == place.id)

    return Chat(number, count, say, texts, in_order)


@dataclass
class Weather:
    """What goes wrong: at any time one method a platform, and now and then something on the way to the bot."""

    telegram: TelegramEmulator
    slack: SlackEmulator
    chance: random.Random

    async def storm(self) -> None:
        """One squall after the other, until cancelled."""
        while True:
            for world, faults in ((self.telegram, TELEGRAM), (self.slack, SLACK)):
                world.heal()
                method = self.chance.choice([*faults])
                world.fault(method, self.chance.choice(faults[method]), self.chance.randint(1, 5))
            self.strike()
            await asyncio.sleep(self.chance.uniform(0, 1))

    def strike(self) -> None:
        """Connections break, or what was delivered comes again."""
        match self.chance.randrange(8):
            case 0:
                self.slack.sockets.drop()
            case 1:
                self.slack.sockets.ask_to_reconnect()
            case 2 | 3:
                self.slack.outbox.twice = not self.slack.outbox.twice
            case 4 if self.telegram.updates.confirmed:
                self.telegram.updates.repeat()

    def clear(self) -> None:
        """All goes well from now on."""
        self.slack.outbox.twice = False
        self.slack.heal()
        self.telegram.heal()


@asynccontextmanager
async def command(
    path: Path, telegram: TelegramEmulator, slack: SlackEmulator, model: OpenAIServer
) -> AsyncIterator[None]:
    """`apprentice run` before the emulators, while the context is open. It must end well."""
    settings = {
        "HOME": str(path),
        "APPRENTICE_HOME": str(path / "data"),
        "APPRENTICE_SKILLS": str(path / "skills"),
        "APPRENTICE_ALLOWED": "*",
        "APPRENTICE_LEARN_AFTER": "0",
        "APPRENTICE_LEARN_EVERY": "0",
        "OPENAI_BASE_URL": model.base_url,
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_BASE_URL": telegram.base_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CHECKOUT),
    }
    with (path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=settings, cwd=path, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            status = await process.wait()
    assert status == 0, (path / "log").read_text()[-5000:]


async def answered(chats: Sequence[Chat], seconds: float) -> None:
    """Wait until somewhere nothing is missing any more. What is said twice or never is found afterwards."""
    missing = list(chats)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while missing:
                await asyncio.sleep(LOOK_SECONDS)
                missing = [chat for chat in missing if len(chat.heard) < chat.count]


@pytest.mark.parametrize(
    ("number", "each", "seconds"),
    [
        pytest.param(5, 4, 4, id="20 messages a platform"),
        pytest.param(100, 50, 150, id="5,000 messages a platform", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
async def test_nothing_is_lost_or_answered_twice(tmp_path: Path, number: int, each: int, seconds: float) -> None:
    chance = random.Random(number)

    def model(request: JSON) -> Reply:
        return slowly(parrot(request), 0.7 if chance.random() < SLOW else 0.0)

    async with (
        TelegramEmulator(rates=Rates()) as telegram,
        SlackEmulator(retry_after=RETRIES, pace=1) as slack,
        OpenAIServer(model, latency=0.1) as server,
        command(tmp_path, telegram, slack, server),
    ):
        chats = [on_telegram(telegram, one, each) for one in range(number)]
        chats += [on_slack(slack, one, each) for one in range(number, 2 * number)]
        await slack.wait_for(lambda: slack.sockets.connections, 60)
        weather = Weather(telegram, slack, chance)
        began = time.monotonic()
        async with asyncio.TaskGroup() as talking:
            storm = talking.create_task(weather.storm())
            talks = [talking.create_task(chat.talk(random.Random(chat.person), seconds)) for chat in chats]
            await asyncio.wait(talks)
            storm.cancel()
        weather.clear()
        await answered(chats, 300)
        took = time.monotonic() - began
        await slack.wait_for(lambda: all(sent.acknowledged for sent in slack.outbox.deliveries), 60)
    said = Counter(chain.from_iterable(chat.said for chat in chats))
    heard = Counter(chain.from_iterable(chat.heard for chat in chats))
    assert (said - heard, heard - said) == (Counter(), Counter()), "lost, and said twice"
    assert [chat.heard for chat in chats if chat.in_order() and chat.heard != chat.said] == []
    # The bot keeps to Telegram's limits by its own clock; a busy machine lets calls arrive closer than they were made.
    assert telegram.rates is not None
    assert telegram.rates.refused <= 0.02 * len(telegram.called("sendMessage"))
    answers = sum(len(chat.texts()) for chat in chats)
    print(f"{2 * number * each} messages over {2 * number} chats in {took:.0f} s, {answers} answers")
