"""The bot in an emulated Slack workspace, with a model in the model's place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import adapters.slack
from adapters.slack.adapter import SlackAdapter
from adapters.slack.credentials import Credentials
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.demo.model import DemoModel
from bot.engine.commands import COMMANDS
from bot.ports import ToolSource
from bot.settings import load
from tests.adapters.slack_harness import shown_text
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Message, Place


def workspace(name: str = "manifest.yaml") -> SlackEmulator:
    """A workspace with the app as a manifest has it: no scope more, no event more."""
    manifest = YAML(typ="safe").load((files(adapters.slack) / name).read_text())
    scopes, events = (
        manifest["oauth_config"]["scopes"]["bot"],
        manifest["settings"]["event_subscriptions"]["bot_events"],
    )
    return SlackEmulator(scopes=scopes, events=events, retry_after=(0,) * 20)


@dataclass
class Stage:
    """A channel of three, of whom Mia administers the workspace, and the bot in it while `running` is open."""

    path: Path
    slack: SlackEmulator
    model: DemoModel | OpenAIServer
    allowed: str = "*"
    tools: Sequence[ToolSource] = ()
    learn_after: int = 0
    reviewers: str = ""
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ana, self.ben = self.slack.person("Ana"), self.slack.person("Ben")
        self.mia = self.slack.person("Mia", admin=True)
        self.room = self.slack.channel("workshop", self.ana, self.ben, self.mia)
        self.bot = self.slack.bot.mention

    @asynccontextmanager
    async def running(self) -> AsyncIterator[App]:
        """One life of the bot."""
        clock = SystemClock()
        settings = load(
            home=self.path / "data",
            skills=self.path / "skills",
            allowed=self.allowed,
            reviewers=self.reviewers,
            conversation_idle=timedelta(0),
            learn_after=self.learn_after,
            learn_every=timedelta(0),
            learn_tokens=0,
        )
        credentials = Credentials(self.slack.bot_token, self.slack.app_token)
        async with (
            OpenAIModel("demo", clock, base_url=self.model.base_url) as model,
            SlackAdapter(credentials, self.slack.api_url, COMMANDS, clock) as adapter,
            opened(settings, Outside({"slack": adapter}, model, model, clock, self.codes.append, self.tools)) as app,
        ):
            serving = asyncio.create_task(app.run())
            await self.slack.wait_for(lambda: self.slack.sockets.connections)
            try:
                yield app
            finally:
                serving.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await serving

    def answers(self, place: Place, thread: str = "") -> list[Message]:
        """What the bot has posted in a place, or in one of its threads, for all to see."""
        said = (message for message in place.messages if message.sender is self.slack.bot and not message.only_for)
        return [message for message in said if not thread or message.thread_ts == thread]

    async def answer(self, place: Place, thread: str, number: int = 1) -> Message:
        """The answer of this number in a thread."""
        return await self.slack.wait_for(lambda: (self.answers(place, thread)[number - 1 :] or [None])[0])

    async def ask(self, person: Person, text: str) -> Message:
        """Mention the bot in the channel; its answer."""
        return await self.answer(self.room, person.say(self.room, f"{self.bot} {text}").ts)

    def said(self, place: Place, thread: str = "") -> list[str]:
        """What people read in these answers."""
        return [shown_text(message) for message in self.answers(place, thread)]

    def told(self, person: Person) -> list[str]:
        """What only one person sees in the channel."""
        return [message.text for message in self.room.messages if message.only_for is person]
