"""The ChatAdapter for Telegram."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx
import structlog
from telegram import Bot
from telegram.constants import ChatAction, ReactionEmoji
from telegram.error import BadRequest, InvalidToken, TelegramError

from adapters.loopback import is_loopback
from adapters.rests import Rests
from adapters.telegram import files, menus
from adapters.telegram.failures import wait_asked
from adapters.telegram.live import Live
from adapters.telegram.polling import BotApiRequest, CommitQueue, PollRequest, polling
from adapters.telegram.posting import Posting, topic
from adapters.telegram.rates import LIMITS, Limits, Rates
from adapters.telegram.text import cut, parts_of, split
from adapters.telegram.updates import PLATFORM, UpdateReader, inside
from adapters.telegram.webhook import Webhook
from bot.domain.chat import Attachment, ButtonClicked, Conversation, Event, Form, Home, Outgoing, Person, Progress
from bot.errors import ConfigError, DeliverLater, DeliveryError, MaybeDelivered
from bot.ports import Clock

log = structlog.get_logger()

OFFICIAL = "https://api.telegram.org/bot"
ANSWER_UNITS = 200
PAUSES = (1.0, 30.0)
"""Seconds before receiving is started again: the first pause, and the longest of those that double."""
Accept = Callable[[Event], Awaitable[None]]


class TelegramAdapter:
    """One bot on Telegram. An async context manager: its connections are open inside.

    `commands` are pairs of a name (`skills`) and what Telegram's menu says about it, `translations` the same in other
    languages. `base_url` is where the Bot API lives, as python-telegram-bot takes it (None: Telegram's).
    `read_timeout` in seconds is for all but the long poll. With `webhook` Telegram calls, without it the bot polls.
    `met` is told the bot's name each time that it begins to receive. Raises ConfigError for a token that cannot be
    one, for an address that Telegram does not call and for a proxy that cannot be used.
    """

    platform = PLATFORM

    def __init__(
        self,
        token: str,
        base_url: str | None,
        commands: Sequence[tuple[str, str]],
        clock: Clock,
        read_timeout: float = 20.0,
        *,
        translations: Sequence[tuple[str, Mapping[str, str]]] = (),
        webhook: Webhook | None = None,
        limits: Limits = LIMITS,
        met: Callable[[str], None] = lambda _: None,
    ) -> None:
        if not re.fullmatch(r"[\w:-]+", token, re.ASCII):
            raise ConfigError("TELEGRAM_BOT_TOKEN is no token: it has letters, digits, `:`, `_` and `-` only.")
        if webhook and not base_url:
            webhook.check()
        _silence_sdk()
        self._base_url = base_url or OFFICIAL
        self._menus = {"": dict(commands), **dict(translations)}
        self._clock = clock
        self._webhook = webhook
        self._met = met
        self._requests = [_request(kind, self._base_url, read_timeout) for kind in (PollRequest, BotApiRequest)]
        self._bot = Bot(
            token,
            self._base_url,
            "/file/bot".join(self._base_url.rsplit("/bot", 1)),
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )
        self._downloads = httpx.AsyncClient(timeout=read_timeout, trust_env=not is_loopback(self._base_url))
        rates = Rates(clock, limits)
        self._posting = Posting(self._bot, rates, self._moved)
        self._live = Live(self._posting, rates, clock)
        self._rests = Rests(clock)
        self._receiving: tuple[UpdateReader, Accept] | None = None
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for request in self._requests:
            await self._open.enter_async_context(request)
        await self._open.enter_async_context(self._downloads)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def who(self) -> str:
        """The bot's name there, asked for once. Raises ConfigError for a token that is refused, else DeliverLater."""
        try:
            return f"@{(await self._bot.get_me()).username}"
        except InvalidToken:
            raise self._unknown() from None
        except TelegramError as error:
            host = urlsplit(self._base_url).netloc
            raise DeliverLater(f"Telegram at {host} cannot be asked: {error.message}.") from None

    async def run(self, accept: Accept) -> None:
        """Receive until cancelled, through every failure but those that ConfigError names: the operator mends them."""
        first, longest = PAUSES
        pause = first
        while True:
            started = self._clock.now()
            try:
                await self._receive(accept)
            except InvalidToken:
                raise self._unknown() from None
            except ConfigError:
                raise
            except Exception as error:
                # Whatever broke behind `accept`, the event is still with Telegram: it costs neither it nor the process.
                if self._clock.now() - started > timedelta(seconds=2 * longest):
                    pause = first
                told = None if isinstance(error, TelegramError) else error
                log.error("telegram.receiving_stopped", error=repr(error), again_in_seconds=pause, exc_info=told)
            await self._clock.sleep(pause)
            pause = min(2 * pause, longest)

    def _unknown(self) -> ConfigError:
        """For InvalidToken: the SDK's own sentence and its chain of errors hold the token."""
        return ConfigError(
            f"Telegram at {urlsplit(self._base_url).netloc} does not know this bot's token: check "
            "TELEGRAM_BOT_TOKEN, and TELEGRAM_BASE_URL if it is set."
        )

    async def _receive(self, accept: Accept) -> None:
        """Receive until cancelled or until polling dies, with what it died of."""
        await self._bot.initialize()
        reader = UpdateReader(self._bot.bot, self._menus[""].keys())
        self._receiving = reader, accept
        queue = CommitQueue(lambda update: reader.read(update, self._clock.now()), accept)
        async with self._source(queue) as ended:
            log.info("telegram.receiving", bot=self._bot.username, webhook=bool(self._webhook))
            self._met(self._bot.username)
            await menus.register(self._bot, self._menus)
            await asyncio.wait([ended])
        await ended

    async def _moved(self, chat: str, new: str) -> None:
        """Pass it on: that the chat itself will tell of it is not sure any more."""
        if self._receiving:
            reader, accept = self._receiving
            await accept(reader.moved(chat, new, self._clock.now()))

    def _source(self, queue: CommitQueue) -> AbstractAsyncContextManager[asyncio.Future[None]]:
        if self._webhook is None:
            return polling(self._bot, queue)
        from adapters.telegram.listening import listening  # a server's library: whoever polls needs none

        return listening(self._bot, self._webhook, queue)

    def parts(self, message: Outgoing) -> int:
        """See the port."""
        return len(parts_of(message))

    async def send(self, message: Outgoing, part: int) -> str:
        """See the port. The text may hold any Markdown; with nothing to show it is posted as an ellipsis.

        A file is posted last, with the text as its caption if that fits.
        """
        parts, place = parts_of(message), message.conversation
        last = part == len(parts) - 1
        quoted, rows = message.reply_to if part == 0 else "", message.buttons if last else ()
        self._live.over(place)
        if last and message.file:
            return await self._posting.document(place, await files.read(message.file), parts[part], quoted, rows)
        return await self._posting.message(place, parts[part], quoted, rows)

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """See the port: bots cannot read what stands in a chat."""
        raise MaybeDelivered(f"Telegram does not tell bots what stands in chat {message.conversation.chat}.")

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """See the port."""
        await self._posting.edit(message.conversation, split(message.text)[0], message_id, message.buttons)

    def pace(self, conversation: Conversation) -> float:
        """See the port."""
        return self._live.pace(conversation)

    async def progress(self, progress: Progress, message_id: str) -> str:
        """See the port: a draft in direct chats, which needs no message, and which an answer replaces by itself."""
        return await self._live.show(progress, message_id)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """See the port. Telegram hands out files of up to 20 MB."""
        return await files.fetch(self._bot, self._downloads, attachment, limit)

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """See the port: a click that is a message has nothing that waits for an answer."""
        if not click.token:
            return
        try:
            await self._bot.answer_callback_query(click.token, cut(text, ANSWER_UNITS))
        except TelegramError as error:
            log.warning("telegram.click_not_answered", click=click.key, error=error.message)

    async def form(self, click: ButtonClicked, form: Form) -> bool:
        """See the port: Telegram has none."""
        return False

    async def home(self, home: Home) -> None:
        """There are no such pages here."""

    async def working(self, conversation: Conversation) -> None:
        """See the port: "typing" for five seconds or until a message is posted."""
        sign = f"typing {conversation.chat}"
        if sign in self._rests:
            return
        try:
            await self._live.keep(conversation)
            await self._bot.send_chat_action(
                int(conversation.chat), ChatAction.TYPING, message_thread_id=topic(conversation)
            )
        except (DeliveryError, TelegramError) as error:
            self._rests.begin(sign, wait_asked(error))
            log.warning("telegram.typing_not_shown", chat=conversation.chat, error=str(error))

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        """See the port: a reaction, where the chat allows it."""
        sign = f"reaction {conversation.chat}"
        if sign in self._rests:
            return
        try:
            await self._bot.set_message_reaction(int(conversation.chat), int(message_id), ReactionEmoji.EYES)
        except TelegramError as error:
            self._rests.begin(sign, wait_asked(error))
            log.debug("telegram.reaction_not_shown", chat=conversation.chat, error=error.message)

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        """See the port: in a direct chat the person is their own."""
        if conversation.direct:
            return True
        try:
            admins = await self._bot.get_chat_administrators(int(conversation.chat))
        except TelegramError as error:
            raise DeliverLater(
                f"Telegram does not say who administers chat {conversation.chat}: {error.message}."
            ) from error
        return person.id in {f"{PLATFORM}:{admin.user.id}" for admin in admins}

    async def is_here(self, conversation: Conversation, person: Person) -> bool:
        """See the port: of a group's others Telegram need not tell who does not administer it."""
        if conversation.direct:
            return True
        try:
            member = await self._bot.get_chat_member(int(conversation.chat), int(person.id.partition(":")[2]))
        except BadRequest as error:
            return "not found" not in error.message.lower()
        except TelegramError as error:
            raise DeliverLater(f"Telegram does not say who is in chat {conversation.chat}: {error.message}.") from error
        return inside(member)


def _request(kind: type[BotApiRequest], base_url: str, read_timeout: float) -> BotApiRequest:
    """Raises ConfigError when the environment names a proxy that cannot be used."""
    try:
        return kind(read_timeout=read_timeout, httpx_kwargs={"trust_env": not is_loopback(base_url)})
    except (RuntimeError, ValueError) as error:
        raise ConfigError(f"Telegram cannot be reached by the proxy in the environment: {error}") from None


def _silence_sdk() -> None:
    """Keep the SDK's own lines out of the log: some carry the token in a URL, and what fails arrives as an error."""
    for name, level in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("telegram", logging.CRITICAL)):
        logging.getLogger(name).setLevel(level)
