"""The ChatAdapter for Slack."""

import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
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
from adapters.rests import Rests
from adapters.slack import http_events
from adapters.slack.credentials import Credentials
from adapters.slack.events import EventReader
from adapters.slack.failures import CALL_FAILED, TOKEN_REFUSED, delivering, refusal, wait_asked, why
from adapters.slack.files import FileRefused, Files
from adapters.slack.forms import Forms
from adapters.slack.home import view
from adapters.slack.ids import PLATFORM, Me, channel, team, user
from adapters.slack.live import Live
from adapters.slack.marks import Marks, mark
from adapters.slack.pane import Pane
from adapters.slack.people import People
from adapters.slack.posting import Posting
from adapters.slack.receiving import Receiver
from adapters.slack.response_urls import ResponseUrls
from adapters.slack.socket_mode import PAUSES, SocketMode
from adapters.slack.text import WHOLE, Part, cut, notice, shown
from bot.domain.chat import (
    Attachment,
    ButtonClicked,
    Conversation,
    Event,
    Form,
    Home,
    InPassing,
    Outgoing,
    Person,
    Progress,
)
from bot.domain.text import clean, shorten
from bot.errors import ConfigError, DeliverLater, MaybeDelivered, Undeliverable
from bot.ports import Clock
from bot.words import say

log = structlog.get_logger()

CONNECT_SECONDS = 10.0
ANSWER_CHARACTERS = 200
SEEN = "eyes"


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
        credentials.check()
        self._credentials = credentials
        self._base_url = base_url or AsyncWebClient.BASE_URL
        self._commands = frozenset(commands)
        self._clock = clock
        self._rests = Rests(clock)
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
        self._people = People(self._client, self._clock)
        self._posting = Posting(self._client)
        self._marks = Marks(self._client)
        self._live = Live(self._client, self._posting, self._marks, self._clock)
        self._files = Files(self._client, self._session, self._base_url)
        self._pane = Pane(self._client, self._people, self._clock)
        self._urls = ResponseUrls(self._client, self._session, self._clock)
        self._forms = Forms(self._client, self._clock)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Receive until cancelled, through every failure but one: ConfigError when a token is refused."""
        me = await self._introduce()
        reader = EventReader(me, self._commands, self._people)
        receiver = Receiver(reader, accept, self._clock, self._pane, self._urls, self._forms)
        app = receiver.app(self._credentials.signing_secret, self._quiet)
        log.info("slack.receiving", team=me.team, bot=me.user)
        if token := self._credentials.app_token:
            await self._socket_mode(token).run(app)
        else:
            await http_events.serve(app, *self._credentials.listen)

    async def who(self) -> str:
        """The bot's name and workspace, asked for once; with Socket Mode, the app-level token is tried as well.

        Raises ConfigError for a token that is refused, else DeliverLater.
        """
        try:
            known = await self._authenticated()
            if token := self._credentials.app_token:
                await self._socket_mode(token).address()
        except CALL_FAILED as error:
            raise DeliverLater(f"Slack at {urlsplit(self._base_url).netloc} cannot be asked: {why(error)}.") from None
        return f"{known.get('user')} in {known.get('team')}"

    def _socket_mode(self, app_token: str) -> SocketMode:
        return SocketMode(self._client, self._session, app_token, self._clock)

    async def _authenticated(self) -> AsyncSlackResponse:
        try:
            return await self._client.auth_test()
        except SlackApiError as error:
            if (code := refusal(error).code) not in TOKEN_REFUSED:
                raise
            raise ConfigError(
                f"Slack at {urlsplit(self._base_url).netloc} refused the bot's token ({code}): check "
                "SLACK_BOT_TOKEN (xoxb-…), and SLACK_API_URL if it is set."
            ) from None

    async def _introduce(self) -> Me:
        """Who the bot is; asked until Slack says it. Raises ConfigError when the bot's token is refused."""
        pause, longest = PAUSES
        while True:
            try:
                known = await self._authenticated()
                return Me(*(str(known.get(name) or "") for name in ("team_id", "user_id", "bot_id")))
            except CALL_FAILED as error:
                log.error("slack.not_reached", error=why(error), again_in_seconds=pause)
            await self._clock.sleep(pause)
            pause = min(2 * pause, longest)

    def parts(self, message: Outgoing) -> int:
        """See the port."""
        return len(cut(message))

    async def send(self, message: Outgoing, part: int) -> str:
        """See the port. The text may hold any Markdown; with nothing to show it is posted as an ellipsis."""
        place, one = message.conversation, cut(message)[part]
        self._pane.posted(place)
        try:
            if one.file or one.attached:
                return await self._share(place, one)
            return await self._posting.post(place, shown(one.text, one.rows), mark(message, part))
        except Undeliverable:
            if await self._urls.answer(place, shown(one.text, one.rows)):
                return ""
            raise

    async def _share(self, place: Conversation, part: Part) -> str:
        """Post a file; its message has no id that Slack would tell. Why it is not taken stands in its place."""
        beside = shown(part.text, part.rows)
        try:
            if part.attached:
                await self._files.upload(place, WHOLE, part.attached.encode(), beside)
            else:
                await self._files.share(place, part.file, beside)
        except FileRefused as error:
            text = f"{part.text}\n\n{error.sentence.told(place.language)}".strip()
            return await self._posting.post(place, shown(text, part.rows))
        return ""

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """See the port: a file's message bears no mark."""
        one = cut(message)[part]
        if one.file or one.attached:
            raise MaybeDelivered(f"Slack does not tell which files stand in chat {message.conversation.chat}.")
        return await self._marks.find(message, part)

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """See the port."""
        place, one = message.conversation, cut(message)[0]
        await self._live.end(place, message_id)
        if await self._urls.replace(place, message_id, shown(one.text, message.buttons)):
            return
        await self._posting.replace(place, message_id, shown(one.text, message.buttons))
        await self._pane.rest(place)

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """See the port: in the form that the click opened, else words that only the person who clicked sees."""
        words = shorten(clean(text), ANSWER_CHARACTERS)
        if click.token and words and await self._forms.end(click, words):
            return
        if words and not isinstance(text, InPassing):
            await self._whisper(click, words)

    async def form(self, click: ButtonClicked, form: Form) -> bool:
        """See the port."""
        if not await self._forms.fill(click, form):
            lost = say(click.conversation.language, "Slack did not show the form: press the button again.")
            await self._whisper(click, clean("\n".join(form.problems)) or lost)
        return True

    async def home(self, home: Home) -> None:
        """See the port."""
        with delivering(home.conversation.chat):
            await self._client.views_publish(user_id=user(home.person), view=view(home))

    async def _whisper(self, click: ButtonClicked, words: str) -> None:
        place = click.conversation
        try:
            await self._client.chat_postEphemeral(
                channel=channel(place), user=user(click.person), thread_ts=place.thread or None, text=notice(words)
            )
        except CALL_FAILED as error:
            if not await self._urls.answer(place, shown(words, ())):
                log.warning("slack.click_not_answered", click=click.key, error=why(error))

    async def working(self, conversation: Conversation) -> None:
        """See the port; a live message is sign enough."""
        if not self._live.stands_in(conversation):
            await self._pane.working(conversation)

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        """See the port: a reaction, which stands there already when the work was cut off."""
        if SEEN in self._rests:
            return
        try:
            await self._client.reactions_add(channel=channel(conversation), timestamp=message_id, name=SEEN)
        except CALL_FAILED as error:
            self._rests.begin(SEEN, wait_asked(error))
            log.debug("slack.reaction_not_shown", conversation=conversation.key, error=why(error))

    def pace(self, conversation: Conversation) -> float:
        """See the port."""
        return self._live.pace(conversation)

    async def progress(self, progress: Progress, message_id: str) -> str:
        """See the port."""
        self._pane.posted(progress.conversation)
        return await self._live.show(progress, message_id)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """See the port."""
        return await self._files.fetch(attachment, limit)

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        """See the port: admins and owners of the bot's workspace; in a direct chat the person is their own."""
        if conversation.direct:
            return True
        if team(person.id) != team(conversation.chat):
            return False
        try:
            return await self._people.administers(user(person))
        except (*CALL_FAILED, ValidationError) as error:
            raise DeliverLater(f"Slack does not say whether {person.id} is an admin: {why(error)}.") from error

    async def is_here(self, conversation: Conversation, person: Person) -> bool:
        """See the port."""
        if conversation.direct:
            return True
        try:
            return await self._people.are_in(channel(conversation), user(person))
        except CALL_FAILED as error:
            raise DeliverLater(f"Slack does not say whether {person.id} is in the channel: {why(error)}.") from error


def _silenced(name: str) -> logging.Logger:
    """The SDK's logger, silent: its lines hold what people said, and what fails arrives as an error."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.CRITICAL + 1)
    return logger
