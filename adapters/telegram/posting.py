"""Calls that write into chats: at the rate that Telegram takes, formatted as far as it lets, in the port's errors."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, InvalidToken

from adapters.telegram.failures import delivering
from adapters.telegram.rates import Rates
from adapters.telegram.text import Part
from bot.domain.chat import Button, Conversation
from bot.errors import Undeliverable

log = structlog.get_logger()
Answer = TypeVar("Answer")
Rows = Sequence[Sequence[Button]]

CALLBACK_BYTES = 64


class Posting:
    """Writes as the bot. `moved` is told of a chat's old id and its new one before anything is posted there."""

    def __init__(self, bot: Bot, rates: Rates, moved: Callable[[str, str], Awaitable[None]]) -> None:
        self._bot = bot
        self._rates = rates
        self._moved = moved

    async def message(self, place: Conversation, part: Part, quoted: str = "", rows: Rows = ()) -> str:
        """Post a message; its id. Raises as the port's `send`, as all here do."""

        async def call(chat: int, entities: Sequence[MessageEntity]) -> str:
            posted = await self._bot.send_message(
                chat,
                part.text,
                entities=entities,
                message_thread_id=topic(place),
                reply_parameters=_quote(quoted),
                reply_markup=_keyboard(rows),
            )
            return str(posted.message_id)

        return await self._call(place.chat, part, call)

    async def document(
        self, place: Conversation, file: tuple[str, bytes], caption: Part, quoted: str = "", rows: Rows = ()
    ) -> str:
        """Post a file, given as its name and its bytes; the message's id."""
        name, content = file

        async def call(chat: int, entities: Sequence[MessageEntity]) -> str:
            posted = await self._bot.send_document(
                chat,
                content,
                filename=name,
                caption=caption.text,
                caption_entities=entities,
                message_thread_id=topic(place),
                reply_parameters=_quote(quoted),
                reply_markup=_keyboard(rows),
            )
            return str(posted.message_id)

        return await self._call(place.chat, caption, call)

    async def edit(self, place: Conversation, part: Part, message_id: str, rows: Rows = ()) -> None:
        """Replace a message's text and buttons."""

        async def call(chat: int, entities: Sequence[MessageEntity]) -> None:
            try:
                await self._bot.edit_message_text(
                    part.text, chat, int(message_id), entities=entities, reply_markup=_keyboard(rows)
                )
            except BadRequest as error:
                if "message is not modified" not in error.message.lower():
                    raise

        await self._call(place.chat, part, call)

    async def draft(self, place: Conversation, part: Part, draft_id: int) -> bool:
        """Show a draft in a direct chat, for thirty seconds; False where Telegram or its server takes none."""

        async def call(chat: int, entities: Sequence[MessageEntity]) -> bool:
            try:
                return await self._bot.send_message_draft(
                    chat, draft_id, part.text, message_thread_id=topic(place), entities=entities
                )
            except InvalidToken:  # "Not Found", of a server that is older than the method
                return False

        try:
            return await self._call(place.chat, part, call, draft_queue(place))
        except Undeliverable as error:
            log.info("telegram.draft_refused", chat=place.chat, error=str(error))
            return False

    async def _call(
        self, chat: str, part: Part, call: Callable[[int, Sequence[MessageEntity]], Awaitable[Answer]], queue: str = ""
    ) -> Answer:
        async with self._rates.turn(queue or chat):
            with delivering(chat):
                try:
                    return await _formatted(int(chat), part, call)
                except ChatMigrated as error:
                    await self._moved(chat, str(error.new_chat_id))
                    return await _formatted(error.new_chat_id, part, call)


def draft_queue(place: Conversation) -> str:
    """Drafts are no messages: they wait for each other, and no answer waits for them."""
    return f"draft {place.chat}"


def topic(place: Conversation) -> int | None:
    """The forum's topic in which a conversation goes on."""
    return int(place.thread) if place.thread else None


async def _formatted(
    chat: int, part: Part, call: Callable[[int, Sequence[MessageEntity]], Awaitable[Answer]]
) -> Answer:
    """Make the call with the part's entities, and once more without when Telegram refuses them."""
    entities = [MessageEntity(**entity.to_dict()) for entity in part.entities]
    try:
        return await call(chat, entities)
    except BadRequest as error:
        if not entities or "entit" not in error.message.lower():
            raise
        log.warning("telegram.formatting_refused", chat=chat, error=error.message)
        return await call(chat, ())


def _quote(message_id: str) -> ReplyParameters | None:
    return ReplyParameters(int(message_id), allow_sending_without_reply=True) if message_id else None


def _keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
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
