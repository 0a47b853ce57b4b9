"""Updates come in by long polling, and are confirmed to Telegram only behind the commit of their event."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, NetworkError, TelegramError
from telegram.ext import Updater
from telegram.request import HTTPXRequest

from adapters.telegram.updates import UPDATES
from bot.domain.chat import Event
from bot.domain.json import JSON
from bot.errors import StoreError

log = structlog.get_logger()
POLL_SECONDS = 30


class CommitQueue(asyncio.Queue[object]):
    """The queue an Updater puts updates into. It holds nothing: a `put` is done when the event is committed."""

    def __init__(self, read: Callable[[Update], Event | None], accept: Callable[[Event], Awaitable[None]]) -> None:
        super().__init__()
        self._read = read
        self._accept = accept

    async def put(self, item: object) -> None:
        """Offer the update's event to `accept`.

        Raises NetworkError when nothing was committed: the Updater then keeps its offset, waits and asks again.
        """
        event = self._understand(item)
        if event is None:
            return
        try:
            await self._accept(event)
        except StoreError as error:
            raise NetworkError(
                f"The event {event.key} is not committed and will be asked for again: {error}"
            ) from error

    def _understand(self, item: object) -> Event | None:
        if not isinstance(item, Update):
            return None
        try:
            return self._read(item)
        except Exception as error:  # noqa: BLE001 - whatever an update holds, those behind it must come through
            log.error("telegram.update_skipped", update_id=item.update_id, error=repr(error))
            return None


@asynccontextmanager
async def polling(bot: Bot, queue: CommitQueue) -> AsyncIterator[asyncio.Future[None]]:
    """Poll while the context is open, or until the task that is given dies of what broke behind the queue.

    A webhook that was set is taken away; what waits at Telegram comes.
    """
    updater = Updater(bot, queue)
    await updater.initialize()
    await updater.start_polling(timeout=POLL_SECONDS, allowed_updates=UPDATES, error_callback=_report)
    # The one handle on the task: when it dies, `running` stays true and no callback comes.
    task: asyncio.Task[None] = updater._Updater__polling_task  # type: ignore[attr-defined]  # private, see above
    try:
        yield task
    finally:
        if not task.done():
            await updater.stop()


def _report(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        log.warning(
            "telegram.another_poller",
            error=error.message,
            advice="Another process takes this bot's messages: stop it, or give this one a token of its own.",
        )
    else:
        log.warning("telegram.polling_failed", error=error.message)


class BotApiRequest(HTTPXRequest):
    """Requests whose answers are checked before the SDK takes them apart."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, JSON]:
        """The answer's JSON. Raises TelegramError for what is no answer of the Bot API."""
        answer: JSON = HTTPXRequest.parse_json_payload(payload)
        if not isinstance(answer, dict) or not ("result" in answer or "error_code" in answer):
            raise TelegramError("The server's answer is not the Bot API's: check TELEGRAM_BASE_URL")
        return answer


class PollRequest(BotApiRequest):
    """The long poll's requests. The SDK would drop a whole answer for one broken update, and fetch it for ever."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, JSON]:
        """The answer's JSON, where an update that the SDK cannot parse has lost all but its id."""
        answer = BotApiRequest.parse_json_payload(payload)
        updates = answer.get("result", [])
        if not isinstance(updates, list) or not all(type(_id(update)) is int for update in updates):
            raise TelegramError("The server's answer is no list of updates: check TELEGRAM_BASE_URL")
        return {**answer, "result": [update if parsed(update) else {"update_id": _id(update)} for update in updates]}


def _id(update: JSON) -> JSON:
    return update.get("update_id") if isinstance(update, dict) else None


def parsed(update: JSON) -> Update | None:
    """The update, None for one that the SDK cannot parse: it is logged and left out."""
    try:
        return Update.de_json(update, None)
    except Exception as error:  # noqa: BLE001 - the SDK's parser raises whatever the broken value makes it raise
        log.error("telegram.update_skipped", update_id=_id(update), error=repr(error))
        return None
