"""What a running turn shows of itself: a sign that it works, and after a while how far it has come.

The live message is posted and edited beside the work, which waits for it at its end only. What lasts is the answer, a
delivery like any other that takes the live message's place. A crash between the post of a live message and the record
of its id leaves it standing (the only window).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from types import TracebackType
from typing import Any, Self

import structlog

from bot.domain.chat import Activity, Button, Outgoing, Progress
from bot.domain.privacy import Privacy
from bot.engine.activity import title
from bot.engine.journal import Journal
from bot.engine.toolbox import parsed
from bot.errors import DeliverLater, DeliveryError, Fenced, Stopped, StoreError, ToolError
from bot.ports import ChatAdapter, Clock, ToolContext
from bot.store import buttons, journal, turns
from bot.store.buttons import Meaning
from bot.store.commits import Commit
from bot.store.confirmations import WAITING
from bot.store.deliveries import LIVE, deliver, quoted
from bot.store.journal import Entry
from bot.store.store import Connection, Store
from bot.words import Sentence, say

log = structlog.get_logger()

PATIENCE_SECONDS = 0.4
"""An answer that is there sooner needs no sign that it is coming."""
SIGN_SECONDS = 4.0
"""How often the working sign is renewed (Telegram's fades after five seconds)."""
SHOWN_SECONDS = 2.0
"""How long a turn runs before it shows more than the sign."""
KEEP_PAUSES = (0.1, 0.5, 2.0, 5.0)
"""Seconds between tries to record where the live message is."""
LONG_SECONDS = 60.0
"""Who has waited longer is told that a restart interrupted the work."""
TOLD = "told"
"""The place in the journal which says that the person was told of an interruption."""
GOES_ON = Sentence("I was interrupted and go on now.")


@dataclass(frozen=True, slots=True)
class Lives:
    """Makes the Live of each turn."""

    store: Store
    clock: Clock
    adapters: Mapping[str, ChatAdapter]
    privacy: Privacy

    def of(self, journal: Journal, context: ToolContext) -> "Live":
        """For the turn of this journal; open it while the turn runs."""
        return Live(self, journal, context)


class Live:
    """Shows one turn while the context is open. Nothing of it disturbs the turn."""

    def __init__(self, lives: Lives, journal: Journal, context: ToolContext) -> None:
        self._store, self._clock, self._privacy = lives.store, lives.clock, lives.privacy
        self._journal = journal
        self._context = context
        self._adapter = lives.adapters.get(context.conversation.platform)
        self._entries = {place: entry for place, entry in journal.known.items() if entry.name}
        self._titles: dict[str, str] = {}
        self._text = ""
        self._interrupted: int | None = None
        """How much had been done when a restart interrupted the work, if the live message tells of that."""
        self._stop: Button | None = None
        self._message_id: str = journal.known[LIVE].result if LIVE in journal.known else ""
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._posting: asyncio.Task[float] | None = None

    async def __aenter__(self) -> Self:
        asked = any(entry.result == WAITING for entry in self._journal.known.values())
        if self._adapter is not None and not asked:
            self._journal.watch = self._watch
            self._running = asyncio.create_task(self._run(self._adapter))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.rest()

    def listener(self, before: str) -> Callable[[str], None] | None:
        """What hears the model's answer as it comes, behind the text `before`; None where nobody would see it."""
        if self._adapter is None or self._adapter.pace(self._context.conversation) == inf:
            return None

        def heard(text: str) -> None:
            self._text = f"{before}\n\n{text}" if before else text
            self._changed.set()

        return heard

    async def rest(self) -> None:
        """Show nothing from here on: what is delivered now takes the live message's place.

        A post that is under way is waited for: cut off, it could stand for ever.
        """
        if self._running is not None:
            self._running.cancel()
            await _over(self._running)
        if self._posting is not None:
            await _over(self._posting)

    def _watch(self, entry: Entry) -> None:
        if entry.name:
            self._entries[entry.place] = entry
            self._changed.set()

    async def _run(self, adapter: ChatAdapter) -> None:
        await self._clock.sleep(PATIENCE_SECONDS)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sign(adapter))
            group.create_task(self._show(adapter))

    async def _sign(self, adapter: ChatAdapter) -> None:
        while True:
            await adapter.working(self._context.conversation)
            await self._clock.sleep(SIGN_SECONDS)

    async def _show(self, adapter: ChatAdapter) -> None:
        try:
            await self._tell()
            await self._clock.sleep(SHOWN_SECONDS - PATIENCE_SECONDS)
            while adapter.pace(self._context.conversation) < inf:
                await self._changed.wait()
                self._posting = asyncio.create_task(self._post(adapter))
                await self._clock.sleep(await asyncio.shield(self._posting))
        except (DeliveryError, StoreError) as error:
            log.info("live.ended", turn=self._journal.turn.id, reason=str(error))

    async def _post(self, adapter: ChatAdapter) -> float:
        """Show what there is; the seconds until there may be a next time."""
        pace = adapter.pace(self._context.conversation)
        self._stop = self._stop or await self._begun()
        if self._stop is None:
            return pace
        self._changed.clear()
        try:
            message_id = await adapter.progress(await self._progress(self._stop), self._message_id)
        except DeliverLater as error:
            self._changed.set()
            return max(pace, error.after or 0.0)
        if message_id != self._message_id:
            self._message_id = message_id
            await self._keep(message_id)
        return pace

    async def _begun(self) -> Button | None:
        """The Stop button; None while messages wait to be sent to this chat, which must stand before."""
        turn, conversation = self._journal.turn, self._context.conversation

        def work(connection: Connection) -> Button | None:
            turns.go_on(connection, turn)
            if turns.busy(connection, conversation.out_lane):
                return None
            return buttons.make(connection, say(conversation.language, "Stop"), Meaning("stop", str(turn.id), "stop"))

        return await self._store.write(Commit.SHOW, work)

    async def _keep(self, message_id: str) -> None:
        """Record where the live message is: for the last words, and for who carries on after a crash.

        A database that refuses is asked again: unknown, the message would stand there for ever.
        """

        def work(connection: Connection) -> None:
            turns.hold(connection, self._journal.turn)
            self._record(connection, LIVE, message_id)

        for pause in KEEP_PAUSES:
            try:
                await self._store.write(Commit.LIVE, work)
            except (Fenced, Stopped):
                raise
            except StoreError as error:
                log.warning("live.not_recorded", turn=self._journal.turn.id, reason=str(error), again_in_seconds=pause)
                await self._clock.sleep(pause)
            else:
                break
        self._journal.known[LIVE] = _entry(LIVE, message_id)

    async def _tell(self) -> None:
        """Tell who has waited long, once, that a restart interrupted the work: in the live message if there is one."""
        turn, conversation, now = self._journal.turn, self._context.conversation, self._clock.now().timestamp()
        interrupted = turn.epoch - turn.failures > 1 and now - turn.created > LONG_SECONDS
        if not interrupted or TOLD in self._journal.known:
            return

        def work(connection: Connection) -> None:
            turns.go_on(connection, turn)
            self._record(connection, TOLD, None)
            if not self._message_id:
                words = GOES_ON.told(conversation.language)
                message = Outgoing(conversation, words, (), quoted(turn.payload, conversation))
                deliver(connection, message, f"told:{turn.id}", now)

        await self._store.write(Commit.TOLD, work)
        self._journal.known[TOLD] = _entry(TOLD, None)
        if self._message_id:
            self._interrupted = len(self._entries)
            self._changed.set()

    def _record(self, connection: Connection, place: str, result: Any) -> None:
        now, entry = self._clock.now().timestamp(), _entry(place, result)
        journal.start(connection, self._journal.turn.id, entry, now, again=True)
        journal.end(connection, self._journal.turn.id, entry, now)

    async def _progress(self, stop: Button) -> Progress:
        conversation, person = self._context.conversation, self._context.person
        answered = quoted(self._journal.turn.payload, conversation)
        return Progress(conversation, person, answered, self._privacy.kept(self._text), await self._activities(), stop)

    async def _activities(self) -> tuple[Activity, ...]:
        """What was done and is being done, in order. Looking for secrets takes long the first time, so in a thread."""
        entries = dict(self._entries)
        untitled = [entry for place, entry in entries.items() if place not in self._titles]
        if untitled:
            self._titles |= await asyncio.to_thread(lambda: {entry.place: self._title(entry) for entry in untitled})
        shown = [self._activity(entry) for entry in entries.values()]
        if self._interrupted is not None:
            shown.insert(self._interrupted, Activity(GOES_ON.told(self._context.conversation.language), "done"))
        return tuple(shown)

    def _activity(self, entry: Entry) -> Activity:
        return Activity(self._titles[entry.place], "running" if entry.status == "started" else entry.status)

    def _title(self, entry: Entry) -> str:
        try:
            arguments = parsed(entry.request) if isinstance(entry.request, str) else entry.request
        except ToolError:
            arguments = {}
        return title(entry.name, arguments, self._context.conversation.language, self._privacy)


def _entry(place: str, result: Any) -> Entry:
    return journal.ended(Entry(place, "", None, once=False), result)


async def _over(task: asyncio.Task[Any]) -> None:
    """Wait for the task's end, also if cancelled meanwhile; what broke it is logged."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    broken = None if task.cancelled() else task.exception()
    if broken and not isinstance(broken, DeliveryError | StoreError):
        log.error("live.broke", exc_info=broken)
    if cancelled:
        raise cancelled
