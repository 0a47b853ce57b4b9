"""The assistant pane, and what Slack shows around a thread: suggested prompts, a title, that the bot works."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.rests import Rests
from adapters.slack.events import STOPPED
from adapters.slack.failures import CALL_FAILED, wait_asked, why
from adapters.slack.home import OPENED, Opened
from adapters.slack.ids import channel
from adapters.slack.people import People
from bot.domain.chat import Conversation, Event, MessageReceived
from bot.domain.text import shorten
from bot.ports import Clock
from bot.words import Sentence, say

log = structlog.get_logger()

THREAD_OPENED, CONTEXT_CHANGED = "assistant_thread_started", "assistant_thread_context_changed"
"""The events of an app with an `assistant_view`: a person began a thread in the pane, looks at another channel."""
FILES = Sentence("Which files do you see?")
PROMPTS = (
    (Sentence("What can you do?"), "help"),
    (Sentence("Which skills do you have?"), "skills"),
    (FILES, FILES),
    (Sentence("Look for work that repeats"), "learn"),
)
"""What a fresh pane suggests (Slack shows four at most): how it reads, and the command or the words that are said."""
STATUS = "status"
RENEWED = timedelta(seconds=60)
"""How long the sign of work is left alone; Slack takes it away after two minutes."""
NEVER = datetime.min.replace(tzinfo=UTC)
SECONDS = 1.0
"""How long an event waits for the pane; Slack wants it acknowledged within three seconds."""
TITLE_CHARACTERS = 80
REMEMBERED = 1000
"""Threads whose title is still to come: who opens the pane need not write."""


class _Thread(BaseModel):
    channel_id: str
    thread_ts: str
    user_id: str = ""


class Pane:
    """Shows what belongs around a conversation. Nothing here is worth failing for: what Slack refuses is logged."""

    def __init__(self, client: AsyncWebClient, people: People, clock: Clock) -> None:
        self._client = client
        self._people = people
        self._clock = clock
        self._rests = Rests(clock)
        self._untitled: dict[tuple[str, str], None] = {}
        self._working: dict[str, datetime] = {}

    async def attend(self, body: Mapping[str, Any], heard: Event | None) -> None:
        """Follow what Slack told in `body`, which the bot heard as `heard`."""
        event = body.get("event")
        try:
            async with asyncio.timeout(SECONDS):
                await self._follow(event if isinstance(event, Mapping) else {}, heard)
        except (*CALL_FAILED, ValidationError) as error:
            log.info("slack.pane_not_shown", error=why(error))

    async def working(self, place: Conversation) -> None:
        """A line in the thread until the next message; Slack has no such sign outside of threads."""
        now = self._clock.now()
        if place.thread and now - self._working.get(place.key, NEVER) >= RENEWED:
            self._working[place.key] = now
            await self._status(place, say(place.language, "is working…"))

    async def rest(self, place: Conversation) -> None:
        """Take the line away, where no message did it."""
        if place.key in self._working:
            self.posted(place)
            await self._status(place, "")

    def posted(self, place: Conversation) -> None:
        """A message took the line away."""
        self._working.pop(place.key, None)

    async def _follow(self, event: Mapping[str, Any], heard: Event | None) -> None:
        kind = event.get("type")
        if kind == THREAD_OPENED:
            thread = _Thread.model_validate(event.get("assistant_thread"))
            self._untitled[thread.channel_id, thread.thread_ts] = None
            if len(self._untitled) > REMEMBERED:
                del self._untitled[next(iter(self._untitled))]
            await self._suggest(thread.user_id, thread.channel_id, thread.thread_ts)
        elif kind == OPENED:  # of an app with an `agent_view`: docs.slack.dev/ai/migrating-to-agent-messaging
            opened = Opened.model_validate(event)
            if opened.tab == "messages":
                await self._suggest(opened.user, opened.channel, None)
        elif isinstance(heard, MessageReceived):
            await self._entitle(heard)
        if kind == STOPPED and heard is not None:  # the status stays until the app ends it
            await self._status(heard.conversation, "")

    async def _suggest(self, user: str, where: str, thread_ts: str | None) -> None:
        known = (await self._people.known({user} - {""})).get(user)
        language = known.language if known else ""
        prompts = [{"title": title.told(language), "message": _told(said, language)} for title, said in PROMPTS]
        await self._client.assistant_threads_setSuggestedPrompts(channel_id=where, thread_ts=thread_ts, prompts=prompts)

    async def _entitle(self, heard: MessageReceived) -> None:
        """Name a thread of the pane after the first that is said in it."""
        here = channel(heard.conversation), heard.conversation.thread
        if here not in self._untitled or not heard.text or heard.text.startswith("/"):
            return
        del self._untitled[here]
        title = shorten(" ".join(heard.text.split()), TITLE_CHARACTERS)
        await self._client.assistant_threads_setTitle(channel_id=here[0], thread_ts=here[1], title=title)

    async def _status(self, place: Conversation, status: str) -> None:
        if STATUS in self._rests:
            return
        try:
            await self._client.assistant_threads_setStatus(
                channel_id=channel(place), thread_ts=place.thread, status=status
            )
        except CALL_FAILED as error:
            self._rests.begin(STATUS, wait_asked(error))
            log.debug("slack.status_not_shown", conversation=place.key, error=why(error))


def _told(said: str, language: str) -> str:
    return said.told(language) if isinstance(said, Sentence) else said
