"""Answers to slash commands where the bot may not post: people use them in any channel, with or without the bot.

Each command brings a URL that answers whoever typed it, for half an hour, and so does each click under such an answer,
which only its URL can replace (docs.slack.dev/interactivity/handling-user-interaction).
"""

from datetime import datetime, timedelta

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import CALL_FAILED, why
from adapters.slack.text import Shown
from bot.domain.chat import Conversation
from bot.ports import Clock

log = structlog.get_logger()
LIFE = timedelta(minutes=30)


class ResponseUrls:
    """The URLs of the last half hour, the newest of each room and of each message that one person alone sees.

    In memory: after a restart they are forgotten.
    """

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._client = client
        self._session = session
        self._clock = clock
        self._urls: dict[tuple[str, str], tuple[str, datetime]] = {}

    def keep(self, place: Conversation, url: str, message_id: str = "") -> None:
        """A command was used there, or a button was pressed under this message, which stands for one person."""
        now = self._clock.now()
        self._urls = {where: (kept, until) for where, (kept, until) in self._urls.items() if until > now}
        self._urls[place.chat, ""] = self._urls[place.chat, message_id] = url, now + LIFE

    async def answer(self, place: Conversation, shown: Shown) -> bool:
        """Show a message to who used a command there lately, and to nobody else. Whether Slack took it."""
        return not place.thread and await self._post(place, "", shown)

    async def replace(self, place: Conversation, message_id: str, shown: Shown) -> bool:
        """Replace a message that one person alone sees. Whether it is such a one, and Slack took it."""
        return await self._post(place, message_id, shown)

    async def _post(self, place: Conversation, message_id: str, shown: Shown) -> bool:
        url, until = self._urls.get((place.chat, message_id), ("", self._clock.now()))
        if self._clock.now() >= until:
            return False
        said = {"response_type": "ephemeral", "replace_original": bool(message_id)}
        said |= {"text": shown.notice, "blocks": shown.formatted}
        try:
            async with self._session.post(url, json=said, proxy=self._client.proxy) as answer:
                return answer.ok
        except CALL_FAILED as error:
            log.warning("slack.command_not_answered", chat=place.chat, error=why(error))
            return False
