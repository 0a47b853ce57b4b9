"""The Slack adapter before the emulator, as the contract wants it: over websockets, or by HTTP requests."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from adapters.slack.adapter import Credentials, SlackAdapter
from bot.domain.chat import Conversation, Event, Person
from bot.engine.commands import COMMANDS
from tests.adapters.contract import Shown
from tests.adapters.telegram_harness import InstantClock
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_state import Message

ACK_SECONDS = 0.2
"""How long the emulator waits for an acknowledgement: Slack's three seconds would make the tests slow."""


class SlackHarness:
    """Ann, alone with the bot."""

    redelivers = True

    def __init__(self, slack: SlackEmulator, adapter: SlackAdapter, clock: InstantClock) -> None:
        self.slack = slack
        self.adapter = adapter
        self.clock = clock
        self.ann = slack.person("Ann")
        self.conversation = Conversation("slack", f"{slack.team}/{self.ann.direct.id}")
        self.person = Person(f"slack:{slack.team}/{self.ann.id}")

    async def say(self, text: str) -> None:
        """See the contract."""
        self.ann.say(self.ann.direct, text)

    async def press(self, label: str) -> None:
        """See the contract. A click finds nobody while the app is not connected."""
        await self.slack.wait_for(lambda: self.slack.sockets.connections)
        self.ann.press(next(message for message in reversed(self.posted) if label in message.buttons), label)

    @property
    def posted(self) -> list[Message]:
        """The bot's messages to Ann."""
        return [message for message in self.ann.direct.messages if message.sender is self.slack.bot]

    def shown(self) -> Sequence[Shown]:
        """See the contract."""
        return [Shown(shown_text(message), button_rows(message)) for message in self.posted if not message.only_for]


def shown_text(message: Message) -> str:
    """What people read in a message: its blocks where it has any."""
    texts = [block["text"] for block in message.blocks if "text" in block]
    return "\n".join(text if isinstance(text, str) else text["text"] for text in texts) if texts else message.text


def button_rows(message: Message) -> tuple[tuple[str, ...], ...]:
    """The labels of a message's buttons, row by row."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return tuple(tuple(element["text"]["text"] for element in row) for row in rows)


@asynccontextmanager
async def slack_harness(
    kind: type[SlackAdapter] = SlackAdapter, answer_timeout: float = 30, **credentials: str
) -> AsyncIterator[SlackHarness]:
    """An adapter of this kind in Socket Mode, open, before an emulator of its own."""
    clock = InstantClock()
    async with SlackEmulator(ack_seconds=ACK_SECONDS, retry_after=(0,) * 20) as slack:
        given = {"bot_token": slack.bot_token, "app_token": slack.app_token, **credentials}
        async with kind(Credentials(**given), slack.api_url, COMMANDS, clock, answer_timeout) as adapter:
            yield SlackHarness(slack, adapter, clock)
