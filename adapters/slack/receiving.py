"""Requests from Slack become events that are committed before Slack is told that they arrived."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import structlog
from pydantic import ValidationError
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from adapters.slack.events import EventReader
from adapters.slack.forms import Forms, waiting
from adapters.slack.pane import Pane
from adapters.slack.response_urls import ResponseUrls
from bot.domain.chat import ButtonClicked, Event, MessageReceived
from bot.errors import StoreError
from bot.ports import Clock

log = structlog.get_logger()
PAUSES = (0.1, 0.5)
"""Seconds before an event that could not be committed is offered again; Slack waits three for the acknowledgement."""


class Receiver:
    """Reads requests and offers their events to `accept`, those of one chat in the order in which they came.

    What belongs around a conversation and into no store, the pane and the URLs of commands get from here.
    """

    def __init__(
        self,
        reader: EventReader,
        accept: Callable[[Event], Awaitable[None]],
        clock: Clock,
        pane: Pane,
        urls: ResponseUrls,
        forms: Forms,
    ) -> None:
        self._reader = reader
        self._accept = accept
        self._clock = clock
        self._pane = pane
        self._urls = urls
        self._forms = forms
        self._chats: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def app(self, signing_secret: str, quiet: logging.Logger) -> AsyncApp:
        """Bolt with all that comes in going through here; it checks signatures and leaves the bot's own posts out."""
        me = self._reader.me

        async def authorize() -> AuthorizeResult:
            # Known from the start: Bolt would ask at the first event, and let others overtake it meanwhile.
            return AuthorizeResult(enterprise_id=None, team_id=me.team, bot_user_id=me.user, bot_id=me.bot)

        app = AsyncApp(
            name="apprentice",
            logger=quiet,
            signing_secret=signing_secret,
            authorize=authorize,
            attaching_conversation_kwargs_enabled=False,
        )
        app.middleware(self._middleware)
        app.error(_report)
        return app

    async def _middleware(self, body: dict[str, Any]) -> BoltResponse:
        """Acknowledge what is committed or means nothing; what raises is not acknowledged and comes again."""
        async with self._chats.setdefault(_chat(body), asyncio.Lock()):
            try:
                event = await self._reader.read(body, self._clock.now())
            except ValidationError as error:
                log.error("slack.request_skipped", error=error.errors(include_input=False, include_url=False))
                event = None
            if event is not None and isinstance(url := body.get("response_url"), str):
                self._keep(url, event, body)
            if isinstance(event, ButtonClicked) and event.token and event.text is None:
                await self._forms.open(event)
            if event is not None:
                await self._offer(event)
            await self._pane.attend(body, event)
        if isinstance(event, ButtonClicked) and event.text is not None:
            return BoltResponse(status=200, body={"response_action": "update", "view": waiting(event)})
        return BoltResponse(status=200)

    def _keep(self, url: str, event: Event, body: Mapping[str, Any]) -> None:
        """Keep the URL of a command, and of a click under its answer where one person alone sees that."""
        if isinstance(event, MessageReceived):
            self._urls.keep(event.conversation, url)
        elif isinstance(event, ButtonClicked) and (body.get("container") or {}).get("is_ephemeral"):
            self._urls.keep(event.conversation, url, event.message_id)

    async def _offer(self, event: Event) -> None:
        """Hand an event on, while those behind it wait: Slack would bring it again after them."""
        for pause in PAUSES:
            try:
                return await self._accept(event)
            except StoreError as error:
                log.warning("slack.not_committed", error=str(error), again_in_seconds=pause)
            await self._clock.sleep(pause)
        return await self._accept(event)


async def _report(error: Exception) -> None:
    log.error("slack.not_taken", error=repr(error))


def _chat(body: Mapping[str, Any]) -> str:
    """The id of the chat in which it happened, where there is one."""
    happened = body.get("event")
    inner = [happened.get(name) for name in ("item", "assistant_thread")] if isinstance(happened, Mapping) else []
    for part in (*inner, happened, body.get("container"), body):
        if isinstance(part, Mapping):
            for name in ("channel", "channel_id"):
                if isinstance(part.get(name), str):
                    return str(part[name])
    return ""
