"""The composition root: opens everything and owns the tasks; decides nothing. `wiring` has what takes which turn."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.clients.clock import ticking
from bot.clients.dispatch import EmbeddedDispatcher
from bot.domain.privacy import Privacy
from bot.engine.door import Door
from bot.engine.endings import ChatEndings
from bot.engine.guests import Guests
from bot.engine.intake import Intake
from bot.engine.lanes import Lanes
from bot.engine.outbox import Outbox
from bot.engine.purse import CountedEmbedder
from bot.engine.sweep import SECONDS, sweep
from bot.engine.toolbox import Toolbox
from bot.errors import ApprenticeError
from bot.jobs import Jobs
from bot.learning.outcomes import Phrases
from bot.learning.quiet import Quiet
from bot.ports import ChatAdapter, Clock, Dispatcher, Embedder, ModelClient, ToolSource
from bot.settings import Settings
from bot.skills.git import GitRecord
from bot.skills.library import Library
from bot.skills.meaning import Meaning
from bot.skills.relevance import Relevance
from bot.skills.reviewers import Reviewers
from bot.store import people, schema, turns
from bot.store.store import Probe, Store
from bot.tools.builtin import own_tools
from bot.tools.documents import document_tools
from bot.tools.policed import policed
from bot.wiring import Engine, Learning, Shared


@dataclass(frozen=True, slots=True)
class Outside:
    """What the process ends at.

    `learning` words proposals; `announce` shows the operator a pairing code; `tools` come beside the built-in ones;
    `probe` is told of each crash point; `embedder` ranks skills by meaning.
    """

    adapters: Mapping[str, ChatAdapter]
    model: ModelClient
    learning: ModelClient
    clock: Clock
    announce: Callable[[str], None]
    tools: Sequence[ToolSource] = ()
    probe: Probe = field(default=lambda _: None)
    embedder: Embedder | None = None


class App:
    """The running bot. Open it with `opened`."""

    def __init__(self, settings: Settings, outside: Outside, store: Store) -> None:
        clock, adapters, tables = outside.clock, outside.adapters, settings.tables
        self._outside = outside
        self.store = store
        self._dispatcher: Dispatcher = EmbeddedDispatcher()
        self.library = Library(settings.skills, store, clock)
        guests = Guests(store, clock, settings.reviewers)
        self._door = Door(store, clock, settings.allowed, outside.announce, guests)
        self._intake = Intake(store, clock)
        self._woken: asyncio.Queue[str] = asyncio.Queue()
        store.woken = self._wake_all
        embedder = CountedEmbedder(outside.embedder, store, clock, tables.granted) if outside.embedder else None
        documents = document_tools(settings, clock, embedder)
        own = own_tools(settings, clock, self.library, store, documents)
        sources = policed((*own, *outside.tools), tables.tools.policy)
        meaning = Meaning(store, clock, embedder) if embedder else None
        toolbox = Toolbox(sources, Relevance(self.library, store, meaning), tables.skills.tokens)
        reviewers = Reviewers(adapters, settings.reviewers, lambda: store.read(people.first_paired))
        phrases = Phrases(tables.phrases.model_dump())
        quiet = Quiet(tables.quiet.begins, tables.quiet.ends, tables.quiet.zone)
        shared = Shared(
            settings, store, clock, adapters, self.library, guests, self._door, reviewers, sources, phrases, quiet
        )
        learning = Learning(shared, outside.learning)
        engine = Engine(shared, outside.model, toolbox, learning, self._cancel)
        git = GitRecord(settings.skills, store)
        self.jobs = Jobs(
            settings, store, clock, learning.shelf, git, documents, engine.reminding, learning.digest, quiet
        )
        outbox = Outbox(store, clock, adapters, outside.probe)
        handlers = learning.handlers() | engine.handlers() | {"delivery": outbox}
        self._lanes = Lanes(store, clock, handlers, ChatEndings(clock, settings.conversation_idle))

    async def run(self) -> None:
        """Serve until every adapter has ended and all that is due is done, or until cancelled.

        Raises what an adapter ended with, such as ConfigError for a token that is refused.
        """
        try:
            await self._serve()
        except* ApprenticeError as group:
            raise _first(group) from None

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group, ticking([(SECONDS, self._sweep), *self.jobs.ticks()]):
            serving = [
                group.create_task(self._dispatcher.run(self._drain)),
                group.create_task(self._pump()),
            ]
            # What finds secrets takes a third of a second to load: here nobody waits for it.
            group.create_task(asyncio.to_thread(self.store.privacy.kept, "password"))
            if self._outside.adapters.keys() - {"console"}:
                await self._door.offer_code(anew=True)
            async with asyncio.TaskGroup() as platforms:
                for adapter in self._outside.adapters.values():
                    platforms.create_task(adapter.run(self._intake.accept))
            await self.settled()
            for task in serving:
                task.cancel()

    def _wake_all(self, lanes: Iterable[str]) -> None:
        for lane in lanes:
            self._woken.put_nowait(lane)

    async def _pump(self) -> None:
        while True:
            await self._dispatcher.wake(await self._woken.get())

    def _cancel(self, lane: str, before: int) -> None:
        self._lanes.stop(lane, before)

    async def _drain(self, lane: str) -> None:
        due = await self._lanes.drain(lane)
        if due is not None:
            wait = due - self._outside.clock.now().timestamp()
            asyncio.get_running_loop().call_later(max(wait, 0.0), self._woken.put_nowait, lane)

    async def settled(self) -> None:
        """Wait until no turn is due."""
        while await self.store.read(lambda connection: turns.due_lanes(connection, self._now())):
            await self._outside.clock.sleep(0.05)

    def _now(self) -> float:
        return self._outside.clock.now().timestamp()

    async def _sweep(self) -> None:
        await sweep(self.store, self._outside.clock, self._dispatcher.wake)


def _first(group: BaseExceptionGroup[ApprenticeError]) -> ApprenticeError:
    """The one that a person reads, out of the groups of tasks that it came through."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def collect_rarely() -> None:
    """Spare a process that only serves the search for garbage in what it has loaded, and in each few messages.

    100 conversations at once get some answers more a second (tests/benchmarks/throughput.py), for a megabyte.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@asynccontextmanager
async def opened(settings: Settings, outside: Outside) -> AsyncIterator[App]:
    """Bring the database to the newest schema and open the bot on it. Raises ConfigError."""
    settings.workspace_folder.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database)
    async with Store(settings.database, outside.probe, Privacy(settings.secrets)) as store:
        yield App(settings, outside, store)
