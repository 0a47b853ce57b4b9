"""What a turn shows of itself while it works: a native stream where Slack has one, else a message that is edited.

A stream only grows, needs a thread, and ends after some five minutes whatever is added to it; whenever Slack refuses to
begin or to go on with one, the message is edited instead. The Stop button stands at the head of both: threads know no
commands.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import delivering, refusal
from adapters.slack.ids import channel, team, user
from adapters.slack.marks import Marks
from adapters.slack.posting import Posting
from adapters.slack.text import (
    NOTHING,
    PART_CHARACTERS,
    Shown,
    blocks,
    buttons,
    notice,
    split,
    unformatted,
    without_calls,
)
from bot.domain.chat import Activity, Conversation, Progress
from bot.domain.json import JSON
from bot.domain.text import clean, shorten
from bot.errors import DeliverLater, MaybeDelivered
from bot.ports import Clock

log = structlog.get_logger()

MINUTE = timedelta(minutes=1)
STREAMS, UPDATES, APPENDS = 20, 50, 100
"""How many a minute Slack takes from one workspace of chat.startStream and chat.stopStream, of chat.update, and of
chat.appendStream (Tiers 2, 3 and 4: docs.slack.dev/apis/web-api/rate-limits)."""
SHARE = 0.5
"""What live messages take of UPDATES and APPENDS; the rest is for the answers that replace them."""
LOOKS = (0.5, 1.0, 2.0)
"""Seconds between looks for a live message whose beginning lost its answer, where Slack names none."""
REMEMBERED = 1000
"""Live messages that are known to be open; an older one ends all the same."""
TASKS, TASK_CHARACTERS = 40, 256
"""Task cards in a stream (blocks in a message: 50); the longest title of one."""
LINES, LINE_CHARACTERS = 5, 150
"""The newest activities that stand in the status of a message that is edited."""
STATES = {"running": "in_progress", "done": "complete", "failed": "error"}
SIGNS = {"running": "◐", "done": "✓", "failed": "✗"}
_UNFINISHED = re.compile(r"<[@#!]?\w*\Z")
"""An end that may become a call of people with the next words."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """How far a stream has come: the answer's `text` and the tasks that it shows; `length` counts all characters."""

    text: str = ""
    length: int = 0
    tasks: tuple[Activity, ...] = ()

    def grown(self, progress: Progress) -> tuple["_Stream", list[JSON]]:
        """The stream with what is new, and the chunks that bring it there. A text that begins anew follows the old."""
        tasks = progress.activities[:TASKS]
        chunks = [_task(place, task) for place, task in enumerate(tasks) if self.tasks[place : place + 1] != (task,)]
        text = _UNFINISHED.sub("", without_calls(progress.text))
        goes_on = bool(self.text) and text.startswith(self.text)
        fresh = text[len(self.text) :] if goes_on else text
        if fresh and self.length and not goes_on:
            fresh = f"\n\n{fresh}"
        fresh = fresh[: PART_CHARACTERS - self.length]
        if fresh:
            chunks.append({"type": "markdown_text", "text": fresh})
        return _Stream(text, self.length + len(fresh), tasks), chunks


@dataclass(slots=True)
class _Message:
    """A live message in the conversation of this key; without a stream it is edited."""

    place: str
    stream: _Stream | None


class Live:
    """The live messages of one workspace."""

    def __init__(self, client: AsyncWebClient, posting: Posting, marks: Marks, clock: Clock) -> None:
        self._client = client
        self._posting = posting
        self._marks = marks
        self._clock = clock
        self._open: dict[str, _Message] = {}
        self._begun: list[datetime] = []
        self._unstreamed: set[str] = set()

    def pace(self, place: Conversation) -> float:
        """See the port: so slow that all live messages together stay within Slack's limits."""
        mine = self._standing_in(place)
        streams = mine.stream is not None if mine else self._may_stream(place)
        alike = sum((message.stream is not None) == streams for message in self._open.values())
        return max(alike, 1) * 60 / (SHARE * (APPENDS if streams else UPDATES))

    def stands_in(self, place: Conversation) -> bool:
        """Whether a live message is known to stand in a conversation."""
        return self._standing_in(place) is not None

    async def show(self, progress: Progress, ts: str) -> str:
        """See `progress` of the port."""
        if not ts:
            return await self._begin(progress)
        message = self._open.setdefault(ts, _Message(progress.conversation.key, None))
        if message.stream is None or not await self._append(progress, ts, message, message.stream):
            await self._posting.replace(progress.conversation, ts, in_progress(progress))
        return ts

    async def end(self, place: Conversation, ts: str) -> None:
        """Let the message be edited from now on. Raises DeliverLater."""
        message = self._open.get(ts)
        if message is not None and message.stream is not None:
            await self._posting.end_stream(place, ts)
        self._open.pop(ts, None)

    def _standing_in(self, place: Conversation) -> _Message | None:
        return next((message for message in self._open.values() if message.place == place.key), None)

    async def _begin(self, progress: Progress) -> str:
        ts, stream = await self._posted(progress)
        self._open[ts] = _Message(progress.conversation.key, stream)
        while len(self._open) > REMEMBERED:
            del self._open[next(iter(self._open))]
        return ts

    async def _posted(self, progress: Progress) -> tuple[str, _Stream | None]:
        """A new live message; where Slack's answer was lost, the one that stands there, to be edited."""
        place = progress.conversation
        try:
            ts, stream = await self._stream(progress) if self._may_stream(place) else ("", None)
            return (ts, stream) if ts else (await self._posting.post(place, in_progress(progress)), None)
        except MaybeDelivered as error:
            found = await self._found(progress)
            if found is None:
                raise DeliverLater(f"{error} It is not there.") from error
            return found, None

    async def _found(self, progress: Progress) -> str | None:
        """The live message that stands there, asked for again and again: nobody comes back for one that is missed."""
        for pause in LOOKS:
            try:
                return await self._marks.find_live(progress.conversation, progress.stop.id)
            except DeliverLater as error:
                await self._clock.sleep(error.after or pause)
        return await self._marks.find_live(progress.conversation, progress.stop.id)

    def _may_stream(self, place: Conversation) -> bool:
        now = self._clock.now()
        self._begun = [at for at in self._begun if now - at < MINUTE]
        return place.thread != "" and place.chat not in self._unstreamed and len(self._begun) < STREAMS

    async def _stream(self, progress: Progress) -> tuple[str, _Stream | None]:
        """Begin a stream; its ts, empty if Slack does not let us."""
        place = progress.conversation
        stream, chunks = _Stream().grown(progress)
        stop = {"type": "blocks", "blocks": [buttons([progress.stop])]}
        self._begun.append(self._clock.now())
        with delivering(place.chat):
            try:
                started = await self._client.chat_startStream(
                    channel=channel(place),
                    thread_ts=place.thread,
                    recipient_user_id=user(progress.person),
                    recipient_team_id=team(progress.person.id),
                    chunks=[stop, *chunks],
                )
            except SlackApiError as error:
                refused = refusal(error)
                if refused.unreadable:
                    raise
                log.info("slack.not_streamed", chat=place.chat, error=refused.why)
                if not (refused.passing or refused.closed):
                    self._unstreamed.add(place.chat)
                return "", None
        return str(started.get("ts") or ""), stream

    async def _append(self, progress: Progress, ts: str, message: _Message, before: _Stream) -> bool:
        """Add what is new to a message's stream, if anything is; whether the stream goes on."""
        place = progress.conversation
        message.stream, chunks = before.grown(progress)
        if not chunks:
            return True
        try:
            with delivering(place.chat):
                goes_on = await self._appended(place, ts, chunks)
        except DeliverLater:
            message.stream = before
            raise
        if not goes_on:
            message.stream = None
        return goes_on

    async def _appended(self, place: Conversation, ts: str, chunks: list[JSON]) -> bool:
        """Add to a stream; whether it takes more. Raises as calls do."""
        try:
            await self._client.chat_appendStream(channel=channel(place), ts=ts, chunks=chunks)
        except SlackApiError as error:
            refused = refusal(error)
            if refused.passing or refused.unreadable:
                raise
            log.info("slack.stream_ended", conversation=place.key, error=refused.why)
            return False
        return True


def in_progress(progress: Progress) -> Shown:
    """A message that is edited while a turn works: the text so far, the newest activities, the Stop button."""
    part = split(progress.text)[0] if progress.text.strip() or not progress.activities else ""
    lines = [f"{SIGNS[task.state]} {_title(task, LINE_CHARACTERS)}" for task in progress.activities[-LINES:]]
    status = [{"type": "context", "elements": [{"type": "plain_text", "text": "\n".join(lines)}]}] if lines else []
    below = [*status, buttons([progress.stop])]
    return Shown(notice(part or lines[-1]), [*blocks(part, ()), *below], [*unformatted(part, ()), *below])


def _task(place: int, task: Activity) -> JSON:
    title = _title(task, TASK_CHARACTERS)
    return {"type": "task_update", "id": str(place), "title": title, "status": STATES[task.state]}


def _title(task: Activity, limit: int) -> str:
    return shorten(" ".join(clean(task.title).split()), limit) or NOTHING
