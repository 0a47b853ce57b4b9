"""The bot in an emulated Slack workspace, and people whose words it must not lose."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.slack.adapter import SlackAdapter
from adapters.slack.credentials import Credentials
from adapters.slack.http_events import PATH
from bot.app import App
from bot.clients.clock import SystemClock
from bot.engine.commands import COMMANDS
from tests.adapters.slack_harness import answering, shown_text
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Message
from tests.ports import kept_port
from tests.scenarios.storm import parrot, serving, word, words

SECONDS = 60.0
"""The longest that anything may take."""
SOCKETS, HTTP = "Socket Mode", "HTTP events"


@dataclass(eq=False)
class Storm:
    """The bot, and people who write to it: alone with it, and in threads of a channel that are theirs."""

    slack: SlackEmulator
    app: App
    model: OpenAIServer
    people: list[Person]

    def __post_init__(self) -> None:
        self.room = self.slack.channel("storm", *self.people)
        self.roots: dict[int, Message] = {}

    def say(self, person: int, number: int) -> Message:
        """One word more, in the direct conversation."""
        return self.people[person].say(self.people[person].direct, word(person, number))

    def mention(self, person: int, number: int) -> Message:
        """One word more, in the person's thread in the channel."""
        said = self.people[person].say(
            self.room, f"{self.slack.bot.mention} {word(person, number)}", self.roots.get(person)
        )
        self.roots.setdefault(person, said)
        return said

    def heard(self, person: int) -> list[str]:
        """The words that the bot has said to a person, or in their thread."""
        return words(map(shown_text, self.by_bot(person)))

    def heard_in_room(self) -> list[str]:
        """The words that the bot has said in the channel."""
        return words(shown_text(message) for message in self.room.messages if message.sender is self.slack.bot)

    def by_bot(self, person: int) -> list[Message]:
        """The bot's messages there."""
        root = self.roots.get(person)
        place = self.room if root else self.people[person].direct
        said = (message for message in place.messages if message.sender is self.slack.bot)
        return [message for message in said if not root or message.thread_ts == root.ts]

    async def until(self, look: Callable[[], object]) -> None:
        """Wait for something to be so."""
        await self.slack.wait_for(look, SECONDS)

    async def ended(self, person: int) -> None:
        """Wait until a person has an answer, and nothing more can be stopped."""
        await self.until(lambda: self.heard(person) and not any(message.buttons for message in self.by_bot(person)))
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until all was delivered and all is done."""
        await self.until(lambda: all(sent.acknowledged for sent in self.slack.outbox.deliveries))
        await self.app.settled()


@asynccontextmanager
async def stormy(path: Path, way: str = SOCKETS, answer_timeout: float = 30, **more: object) -> AsyncIterator[Storm]:
    """The bot on this folder, hearing of events by sockets or by requests. `more`: as `serving` takes it."""
    with kept_port() as port:
        async with _stormy(path, port if way == HTTP else 0, answer_timeout, **more) as storm:
            yield storm


@asynccontextmanager
async def _stormy(path: Path, port: int, answer_timeout: float, **more: object) -> AsyncIterator[Storm]:
    http = f"http://127.0.0.1:{port}{PATH}" if port else ""
    async with (
        SlackEmulator(http=http, retry_after=(0.02,) * 3000, ack_seconds=3) as slack,
        OpenAIServer(parrot) as model,
    ):
        listening = ("", slack.signing_secret, ("127.0.0.1", port)) if http else (slack.app_token,)
        async with (
            SlackAdapter(
                Credentials(slack.bot_token, *listening), slack.api_url, COMMANDS, SystemClock(), answer_timeout
            ) as adapter,
            serving(path, [adapter], model, **more) as app,
        ):
            if http:
                await answering(port)
            else:
                await slack.wait_for(lambda: slack.sockets.connections)
            try:
                yield Storm(slack, app, model, [slack.person(f"P{number}") for number in range(3)])
            finally:
                await slack.outbox.close()  # nothing is told to an app that is about to end
