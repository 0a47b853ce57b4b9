"""The Slack adapter before the emulator, as the contract wants it: over websockets, or by HTTP requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from adapters.slack.adapter import SlackAdapter
from adapters.slack.credentials import Credentials
from adapters.slack.http_events import PATH
from bot.domain.chat import Conversation, Person
from bot.engine.commands import COMMANDS
from tests.adapters.contract import Shown
from tests.adapters.telegram_harness import InstantClock
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_blocks import pressables
from tests.emulators.slack_state import Message
from tests.ports import kept_port

ACK_SECONDS = 30.0
"""How long the emulator waits for an acknowledgement: longer than Slack, as nothing comes twice on a slow machine."""


class SlackHarness:
    """Ann, alone with the bot."""

    redelivers = True

    def __init__(
        self,
        slack: SlackEmulator,
        adapter: SlackAdapter,
        clock: InstantClock,
        listening: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self.slack = slack
        self.listening = listening or (lambda: slack.wait_for(lambda: slack.sockets.connections))
        self.adapter = adapter
        self.clock = clock
        self.ann = slack.person("Ann")
        self.conversation = Conversation("slack", f"{slack.team}/{self.ann.direct.id}")
        self.person = Person(f"slack:{slack.team}/{self.ann.id}")

    async def say(self, text: str) -> None:
        """See the contract."""
        self.ann.say(self.ann.direct, text)

    async def share(self, name: str, content: bytes) -> None:
        """See the contract."""
        self.ann.say(self.ann.direct, "", files={name: content})

    async def press(self, label: str) -> None:
        """See the contract. Slack tells of a click once: it would find nobody before the app listens."""
        await self.listening()
        self.ann.press(next(message for message in reversed(self.posted) if label in message.buttons), label)

    @property
    def posted(self) -> list[Message]:
        """The bot's messages to Ann."""
        return [message for message in self.ann.direct.messages if message.sender is self.slack.bot]

    def shown(self) -> Sequence[Shown]:
        """See the contract."""
        return [Shown(shown_text(message), button_rows(message)) for message in self.posted if not message.only_for]


def shown_text(message: Message) -> str:
    """What people read in a message: its blocks where it has any, what is there of it while it is streamed."""
    if message.stream:
        return message.text
    texts = [block["text"] for block in message.blocks if "text" in block]
    return "\n".join(text if isinstance(text, str) else text["text"] for text in texts) if texts else message.text


def button_rows(message: Message) -> tuple[tuple[str, ...], ...]:
    """The labels of a message's buttons, row by row."""
    rows = [[pressable.label for pressable in pressables([block])] for block in message.blocks]
    return tuple(tuple(row) for row in rows if row)


@asynccontextmanager
async def slack_harness(
    kind: type[SlackAdapter] = SlackAdapter,
    answer_timeout: float = 30,
    ack_seconds: float = ACK_SECONDS,
    **credentials: str,
) -> AsyncIterator[SlackHarness]:
    """An adapter of this kind in Socket Mode, open, before an emulator of its own."""
    clock = InstantClock()
    async with SlackEmulator(ack_seconds=ack_seconds, retry_after=(0,) * 20) as slack:
        given = Credentials(**{"bot_token": slack.bot_token, "app_token": slack.app_token, **credentials})
        async with kind(given, slack.api_url, COMMANDS, clock, answer_timeout) as adapter:
            yield SlackHarness(slack, adapter, clock)


@asynccontextmanager
async def slack_http_harness() -> AsyncIterator[SlackHarness]:
    """An adapter that takes HTTP events, open, before an emulator of its own."""
    clock = InstantClock()
    with kept_port() as port:
        url = f"http://127.0.0.1:{port}{PATH}"
        async with SlackEmulator(http=url, ack_seconds=ACK_SECONDS, retry_after=(0.02,) * 3000) as slack:
            given = Credentials(slack.bot_token, "", slack.signing_secret, ("127.0.0.1", port))
            async with SlackAdapter(given, slack.api_url, COMMANDS, clock) as adapter:
                yield SlackHarness(slack, adapter, clock, lambda: answering(port))


async def answering(port: int) -> None:
    """Wait until somebody listens on a port."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0)
        else:
            writer.close()
            return
