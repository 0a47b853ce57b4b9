"""Updates come in by long polling, and are confirmed to Telegram only behind the commit of their event."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from telegram import Update
from telegram.error import NetworkError, TelegramError
from telegram.request import HTTPXRequest

from bot.domain.chat import Event
from bot.domain.json import JSON
from bot.errors import StoreError

log = structlog.get_logger()


class Intake(asyncio.Queue[object]):
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


class BotApiRequest(HTTPXRequest):
    """Requests whose answers are checked before the SDK takes them apart."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, JSON]:
        """The answer's JSON; raises TelegramError for what is no Bot API answer.

        An update that the SDK cannot parse loses all but its id: otherwise it would be fetched for ever, and with
        it whatever stands behind it.
        """
        answer: JSON = HTTPXRequest.parse_json_payload(payload)
        if not isinstance(answer, dict) or not ("result" in answer or "error_code" in answer):
            raise TelegramError("The server's answer is not the Bot API's: check TELEGRAM_BASE_URL")
        if isinstance(answer.get("result"), list):
            answer["result"] = [_parsable(item) for item in answer["result"]]
        return answer


def _parsable(item: JSON) -> JSON:
    if not isinstance(item, dict) or "update_id" not in item:
        return item
    try:
        Update.de_json(item, None)
    except Exception as error:  # noqa: BLE001 - the SDK's parser raises whatever the broken value makes it raise
        log.error("telegram.update_skipped", update_id=item["update_id"], error=repr(error))
        return {"update_id": item["update_id"]}
    return item
