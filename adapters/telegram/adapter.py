"""The ChatAdapter for Telegram."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import structlog
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.constants import ChatAction, ReactionEmoji
from telegram.error import BadRequest, Conflict, InvalidToken, TelegramError
from telegram.ext import Updater

from adapters.loopback import is_loopback
from adapters.telegram.failures import delivering
from adapters.telegram.polling import BotApiRequest, CommitQueue, PollRequest
from adapters.telegram.text import Part, cut, split
from adapters.telegram.updates import PLATFORM, UPDATES, UpdateReader
from bot.domain.chat import Button, ButtonClicked, Conversation, Event, Outgoing, Person
from bot.errors import ConfigError, DeliverLater, MaybeDelivered
from bot.ports import Clock

log = structlog.get_logger()
Answer = TypeVar("Answer")

OFFICIAL = "https://api.telegram.org/bot"
POLL_SECONDS = 30
ANSWER_UNITS = 200
CALLBACK_BYTES = 64
PAUSES = (1.0, 30.0)
"""Seconds before polling is started again: the first pause, and the longest of those that double."""


class TelegramAdapter:
    """One bot on Telegram. An async context manager: its connections are open inside.

    `commands` are pairs of a name (`/skills`) and what Telegram's menu says about it. `base_url` is where the
    Bot API lives, as python-telegram-bot takes it (None: Telegram's). `read_timeout` in seconds is for all but
    the long poll. Raises ConfigError for a token that cannot be one and for a proxy that cannot be used.
    """

    platform = PLATFORM

    def __init__(
        self,
        token: str,
        base_url: str | None,
        commands: Sequence[tuple[str, str]],
        clock: Clock,
        read_timeout: float = 20.0,
    ) -> None:
        if not re.fullmatch(r"[\w:-]+", token, re.ASCII):
            raise ConfigError("TELEGRAM_BOT_TOKEN is no token: it has letters, digits, `:`, `_` and `-` only.")
        _silence_sdk()
        self._base_url = base_url or OFFICIAL
        self._commands = [BotCommand(name.removeprefix("/"), text) for name, text in commands]
        self._clock = clock
        self._requests = [_request(kind, self._base_url, read_timeout) for kind in (PollRequest, BotApiRequest)]
        self._bot = Bot(token, self._base_url, get_updates_request=self._requests[0], request=self._requests[1])
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for request in self._requests:
            await self._open.enter_async_context(request)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Poll until cancelled, through every failure but one: ConfigError when the token is refused."""
        first, longest = PAUSES
        pause = first
        while True:
            started = self._clock.now()
            try:
                await self._poll(accept)
            except InvalidToken:
                # The SDK's sentence and its chain of errors hold the token.
                raise ConfigError(
                    f"Telegram at {urlsplit(self._base_url).netloc} does not know this bot's token: check "
                    "TELEGRAM_BOT_TOKEN, and TELEGRAM_BASE_URL if it is set."
                ) from None
            except Exception as error:
                # Whatever broke behind `accept`, the event is still with Telegram: it costs neither it nor the process.
                if self._clock.now() - started > timedelta(seconds=2 * longest):
                    pause = first
                told = None if isinstance(error, TelegramError) else error
                log.error("telegram.polling_stopped", error=repr(error), again_in_seconds=pause, exc_info=told)
            await self._clock.sleep(pause)
            pause = min(2 * pause, longest)

    async def _poll(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        """Poll until cancelled or until polling dies, with what it died of."""
        await self._bot.initialize()
        reader = UpdateReader(self._bot.bot, [command.command for command in self._commands])
        updater = Updater(self._bot, CommitQueue(lambda update: reader.read(update, self._clock.now()), accept))
        await updater.initialize()
        await updater.start_polling(timeout=POLL_SECONDS, allowed_updates=UPDATES, error_callback=_report_polling_error)
        # The one handle on the task: when it dies, `running` stays true and no callback comes.
        polling: asyncio.Task[None] = updater._Updater__polling_task  # type: ignore[attr-defined]  # private, see above
        log.info("telegram.polling", bot=self._bot.username)
        try:
            await self._register_commands()
            await asyncio.wait([polling])
        finally:
            if not polling.done():
                await updater.stop()
        await polling

    async def _register_commands(self) -> None:
        try:
            await self._bot.set_my_commands(self._commands)
        except TelegramError as error:
            log.warning("telegram.commands_not_registered", error=error.message)

    def parts(self, message: Outgoing) -> int:
        """See the port."""
        return len(split(message.text))

    async def send(self, message: Outgoing, part: int) -> str:
        """See the port. The text may hold any Markdown; with nothing to show it is posted as an ellipsis."""
        parts = split(message.text)
        shown, chat = parts[part], message.conversation.chat

        async def post(entities: Sequence[MessageEntity]) -> Message:
            return await self._bot.send_message(
                int(chat),
                shown.text,
                entities=entities,
                message_thread_id=_topic(message.conversation),
                reply_parameters=_quote(message.reply_to) if part == 0 else None,
                reply_markup=_keyboard(message.buttons) if part == len(parts) - 1 else None,
            )

        posted = await _deliver(chat, shown, post)
        return str(posted.message_id)

    async def posted(self, message: Outgoing, part: int) -> str | None:
        """See the port: bots cannot read what stands in a chat."""
        raise MaybeDelivered(f"Telegram does not tell bots what stands in chat {message.conversation.chat}.")

    async def edit(self, message: Outgoing, message_id: str) -> None:
        """See the port."""
        shown, chat = split(message.text)[0], message.conversation.chat

        async def replace(entities: Sequence[MessageEntity]) -> None:
            try:
                await self._bot.edit_message_text(
                    shown.text, int(chat), int(message_id), entities=entities, reply_markup=_keyboard(message.buttons)
                )
            except BadRequest as error:
                if "message is not modified" not in error.message.lower():
                    raise

        await _deliver(chat, shown, replace)

    async def answer(self, click: ButtonClicked, text: str) -> None:
        """See the port."""
        try:
            await self._bot.answer_callback_query(click.token, cut(text, ANSWER_UNITS))
        except TelegramError as error:
            log.warning("telegram.click_not_answered", click=click.key, error=error.message)

    async def working(self, conversation: Conversation) -> None:
        """See the port: "typing" for five seconds or until a message is posted."""
        try:
            await self._bot.send_chat_action(
                int(conversation.chat), ChatAction.TYPING, message_thread_id=_topic(conversation)
            )
        except TelegramError as error:
            log.warning("telegram.typing_not_shown", chat=conversation.chat, error=error.message)

    async def seen(self, conversation: Conversation, message_id: str) -> None:
        """See the port: a reaction, where the chat allows it."""
        try:
            await self._bot.set_message_reaction(int(conversation.chat), int(message_id), ReactionEmoji.EYES)
        except TelegramError as error:
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


async def _deliver(chat: str, shown: Part, call: Callable[[Sequence[MessageEntity]], Awaitable[Answer]]) -> Answer:
    """Make the call with the part's entities, and once more without when Telegram refuses them."""
    entities = [MessageEntity(**entity.to_dict()) for entity in shown.entities]
    with delivering(chat):
        try:
            return await call(entities)
        except BadRequest as error:
            if not entities or "entit" not in error.message.lower():
                raise
            log.warning("telegram.formatting_refused", chat=chat, error=error.message)
            return await call(())


def _topic(conversation: Conversation) -> int | None:
    return int(conversation.thread) if conversation.thread else None


def _quote(message_id: str) -> ReplyParameters | None:
    return ReplyParameters(int(message_id), allow_sending_without_reply=True) if message_id else None


def _keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(button.label, callback_data=_callback_data(button)) for button in row] for row in rows]
    )


def _callback_data(button: Button) -> str:
    """The button's id as it comes back with a click. Raises ValueError when Telegram cannot carry it."""
    if not 1 <= len(button.id.encode()) <= CALLBACK_BYTES:
        raise ValueError(f"The id of button {button.label!r} must have 1 to {CALLBACK_BYTES} bytes: {button.id!r}")
    return button.id


def _report_polling_error(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        log.warning(
            "telegram.another_poller",
            error=error.message,
            advice="Another process takes this bot's messages: stop it, or give this one a token of its own.",
        )
    else:
        log.warning("telegram.polling_failed", error=error.message)


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
