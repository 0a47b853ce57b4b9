"""The ChatAdapter for Slack."""

import logging
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
import structlog
from pydantic import ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.loopback import is_loopback
from adapters.slack import http_events
from adapters.slack.events import PLATFORM, EventReader, Me
from adapters.slack.failures import CALL_FAILED, TOKEN_REFUSED, delivering, refusal, why
from adapters.slack.marks import Marks, mark
from adapters.slack.people import People
from adapters.slack.receiving import Receiver
from adapters.slack.socket_mode import PAUSES, SocketMode
from adapters.slack.text import blocks, notice, split, unformatted
from bot.domain.chat import ButtonClicked, Conversation, Event, Outgoing, Person
from bot.domain.json import JSON
from bot.domain.text import clean, shorten
from bot.errors import ConfigError, DeliverLater
from bot.ports import Clock

log = structlog.get_logger()

CONNECT_SECONDS = 10.0
ANSWER_CHARACTERS = 200
STATUS = "is working…"
_BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """What Slack gave out. With `app_token`: Socket Mode; else HTTP events, signed, on the host and port `listen`."""

    bot_token: str
    app_token: str = ""
    signing_secret: str = ""
    listen: tuple[str, int] = ("127.0.0.1", 3000)


class SlackAdapter:
    """One bot in one workspace. An async context manager: its connections are open inside.

    `commands` are the chat commands' words. `base_url` is where the Web API lives, as slack-sdk takes it (None:
    Slack's); `answer_timeout` is in seconds. Raises ConfigError for tokens that cannot be such.
    """

    platform = PLATFORM

    def __init__(
        self,
        credentials: Credentials,
        base_url: str | None,
        commands: Collection[str],
        clock: Clock,
        answer_timeout: float = 30.0,
    ) -> None:
        _check(credentials)
        self._credentials = credentials
        self._base_url = base_url or AsyncWebClient.BASE_URL
        self._commands = frozenset(commands)
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=answer_timeout, sock_connect=CONNECT_SECONDS)
        self._quiet = _silenced("slack_bolt")
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._session = await self._open.enter_async_context(aiohttp.ClientSession(timeout=self._timeout))
        self._client = AsyncWebClient(
            self._credentials.bot_token,
            self._base_url,
            session=self._session,
            logger=_silenced("slack_sdk"),
            retry_handlers=[],  # the SDK's own would post a message twice whose answer was lost
        )
        if is_loopback(self._base_url):
            self._client.proxy = None
        self._people = People(self._client)
        self._marks = Marks(self._client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Receive until cancelled, through every failure but one: ConfigError when a token is refused."""
        me = await self._introduce()
        receiver = Receiver(EventReader(me, self._commands, self._people), accept, self._clock)
        app = receiver.app(self._credentials.signing_secret, self._quiet)
        log.info("slack.receiving", team=me.team, bot=me.user)
        if token := self._credentials.app_token:
            await SocketMode(self._client, self._session, token, self._clock).run(app)
        else:
            await http_events.serve(app, *self._credentials.listen)

    async def _introduce(self) -> Me:
        """Who the bot is; asked until Slack says it. Raises ConfigError when the bot's token is refused."""
        pause, longest = PAUSES
        while True:
            try:
                known = await self._client.auth_test()
                return Me(*(str(known.get(name) or "") for name in ("team_id", "user_id", "bot_id")))
            except CALL_FAILED as error:
                code = refusal(error).code if isinstance(error, SlackApiError) else ""
                if code in TOKEN_REFUSED:
                    raise ConfigError(
                        f"Slack at {urlsplit(self._base_url).netloc} refused the bot's token ({code}): check "
                        "SLACK_BOT_TOKEN (xoxb-…), and SLACK_API_URL if it is set."
                    ) from None
                log.error("slack.not_reached", error=why(error), again_in_seconds=pause)
            await self._clock.sleep(pause)
            pause = min(2 * pause, longest)

    def parts(self, message: Outgoing) -> int:
        """See the port."""
        return len(split(message.text))

    async def send(self, message: Outgoing, part: int) -> str:
        """See the port. The text may hold any Markdown; with nothing to show it is posted as an ellipsis."""
        parts = split(message.text)
        place, shown = message.conversation, parts[part]
        rows = message.buttons if part == len(parts) - 1 else ()

        async def post(blocks: Sequence[JSON]) -> AsyncSlackResponse:
            return await self._client.chat_postMessage(
                channel=_channel(place),
                thread_ts=place.thread or None,
                text=notice(shown),
                blocks=blocks,
                metadata=mark(message, part),
                unfurl_links=False,
                unfurl_media=False,
            )

        posted = await _deliver(place.chat, post, blocks(shown, rows), unformatted(shown, rows))
        return str(posted.get("ts") or "")

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """See the port."""
        return await self._marks.find(message, part)

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """See the port."""
        place, shown = message.conversation, split(message.text)[0]

        async def replace(blocks: Sequence[JSON]) -> AsyncSlackResponse:
            return await self._client.chat_update(
                channel=_channel(place), ts=message_id, text=notice(shown), blocks=blocks
            )

        await _deliver(place.chat, replace, blocks(shown, message.buttons), unformatted(shown, message.buttons))

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """See the port: words that only the person who clicked sees."""
        place = click.conversation
        words = shorten(clean(text), ANSWER_CHARACTERS)
        try:
            await self._client.chat_postEphemeral(
                channel=_channel(place), user=_user(click.person), thread_ts=place.thread or None, text=notice(words)
            )
        except CALL_FAILED as error:
            log.warning("slack.click_not_answered", click=click.key, error=why(error))

    async def working(self, conversation: Conversation) -> None:
        """See the port: a line in the thread until the next message; Slack has no such sign outside of threads."""
        if not conversation.thread:
            return
        try:
            await self._client.assistant_threads_setStatus(
                channel_id=_channel(conversation), thread_ts=conversation.thread, status=STATUS
            )
        except CALL_FAILED as error:
            log.debug("slack.status_not_shown", conversation=conversation.key, error=why(error))

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        """See the port: admins and owners of the bot's workspace; in a direct chat the person is their own."""
        if conversation.direct:
            return True
        if _team(person.id) != _team(f"{PLATFORM}:{conversation.chat}"):
            return False
        try:
            return await self._people.administers(_user(person))
        except (*CALL_FAILED, ValidationError) as error:
            raise DeliverLater(f"Slack does not say whether {person.id} is an admin: {why(error)}.") from error


async def _deliver(
    chat: str,
    call: Callable[[Sequence[JSON]], Awaitable[AsyncSlackResponse]],
    formatted: Sequence[JSON],
    plain: Sequence[JSON],
) -> AsyncSlackResponse:
    """Make the call with the formatted blocks, and once more with the plain ones when Slack refuses those."""
    with delivering(chat):
        try:
            return await call(formatted)
        except SlackApiError as error:
            if refusal(error).code not in _BLOCKS_REFUSED:
                raise
            log.warning("slack.formatting_refused", chat=chat, error=why(error))
            return await call(plain)


def _check(credentials: Credentials) -> None:
    if not (credentials.app_token or credentials.signing_secret):
        raise ConfigError("Slack needs SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET to know its requests by.")
    for name, token in (("SLACK_BOT_TOKEN", credentials.bot_token), ("SLACK_APP_TOKEN", credentials.app_token)):
        if not re.fullmatch(r"[\w.-]*", token, re.ASCII):
            raise ConfigError(f"{name} is no token: it has letters, digits, `.`, `_` and `-` only.")


def _channel(conversation: Conversation) -> str:
    return conversation.chat.partition("/")[2]


def _user(person: Person) -> str:
    return person.id.partition("/")[2]


def _team(id: str) -> str:
    return id.partition("/")[0]


def _silenced(name: str) -> logging.Logger:
    """The SDK's logger, silent: its lines hold what people said, and what fails arrives as an error."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.CRITICAL + 1)
    return logger
