"""Answers to slash commands where the bot may not post: people use them in any channel, with or without the bot.

Each command brings a URL that answers whoever typed it, for half an hour (docs.slack.dev/interactivity/
handling-user-interaction).
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
    """The URLs of the last half hour, the newest of each room. In memory: after a restart they are forgotten."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._client = client
        self._session = session
        self._clock = clock
        self._urls: dict[str, tuple[str, datetime]] = {}

    def keep(self, place: Conversation, url: str) -> None:
        """A command was used there."""
        now = self._clock.now()
        self._urls = {chat: (kept, until) for chat, (kept, until) in self._urls.items() if until > now}
        self._urls[place.chat] = url, now + LIFE

    async def answer(self, place: Conversation, shown: Shown) -> bool:
        """Show a message to who used a command there lately, and to nobody else. Whether Slack took it."""
        url, until = self._urls.get(place.chat, ("", self._clock.now()))
        if place.thread or self._clock.now() >= until:
            return False
        said = {"response_type": "ephemeral", "text": shown.notice, "blocks": shown.formatted}
        try:
            async with self._session.post(url, json=said, proxy=self._client.proxy) as answer:
                return answer.ok
        except CALL_FAILED as error:
            log.warning("slack.command_not_answered", chat=place.chat, error=why(error))
            return False
