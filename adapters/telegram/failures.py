"""What python-telegram-bot raises, said in the port's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.errors import DeliverLater, DeliveryError, Gone, MaybeDelivered, Undeliverable

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@contextmanager
def delivering(chat: str) -> Iterator[None]:
    """Turn an SDK error in the body into DeliverLater, MaybeDelivered or Undeliverable for this chat."""
    try:
        yield
    except TelegramError as error:
        raise _delivery_error(error, chat) from error


def wait_asked(error: Exception) -> float:
    """Seconds that Telegram asks to wait, 0 if it does not."""
    match error:
        case RetryAfter(retry_after=after):
            return after.total_seconds() if isinstance(after, timedelta) else float(after)
        case DeliverLater():
            return error.after or 0.0
    return 0.0


def _delivery_error(error: TelegramError, chat: str) -> DeliveryError:
    match error:
        case RetryAfter():
            after = wait_asked(error)
            return DeliverLater(f"Telegram asks to wait {after:g} s before the next message to chat {chat}.", after)
        case ChatMigrated(new_chat_id=new):
            return DeliverLater(f"Chat {chat} became a supergroup, its id is {new} now.")
        case Forbidden() | BadRequest() if isinstance(error, Forbidden) or _closed(error.message.lower()):
            return Gone(f"Telegram lets the bot no longer write to chat {chat}: {error.message}.")
        case BadRequest():
            return Undeliverable(f"Telegram refused the message to chat {chat}: {error.message}.")
        case InvalidToken():
            return DeliverLater(f"Telegram refused the bot's token, chat {chat} waits: check TELEGRAM_BOT_TOKEN.")
        case NetworkError() if _surely_not_posted(error):
            return DeliverLater(f"Telegram cannot be reached for chat {chat}: {error.message}.")
        case _:
            return MaybeDelivered(f"Telegram's answer was lost, the message may stand in chat {chat}: {error.message}.")


def _closed(message: str) -> bool:
    """Whether it is the chat that takes nothing from the bot: it is gone, or the bot may not write there."""
    return any(words in message for words in ("chat not found", "rights to send text messages", "chat_write_forbidden"))


def _surely_not_posted(error: NetworkError) -> bool:
    """Whether no connection was made, or the server itself answered with a failure (5xx, with or without JSON)."""
    cause = error.__cause__
    return cause is None or isinstance(cause, (TelegramError, *_NEVER_SENT))
