"""The composition root: opens everything, routes turns to who runs them, owns the tasks; decides nothing."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.clients.clock import ticking
from bot.clients.dispatch import EmbeddedDispatcher
from bot.domain.privacy import Privacy
from bot.engine import standing
from bot.engine.agenda import PAGES, Agenda
from bot.engine.answers import Answers
from bot.engine.clicks import Clicks
from bot.engine.confirm import Confirm
from bot.engine.door import Door
from bot.engine.endings import ChatEndings
from bot.engine.follow_ups import FollowUps
from bot.engine.forget import Forget, Forgetting
from bot.engine.guests import Guests
from bot.engine.home import KIND as HOME
from bot.engine.home import Homes
from bot.engine.intake import Intake
from bot.engine.lanes import Handler, Lanes
from bot.engine.live import Lives
from bot.engine.membership import Membership
from bot.engine.memory import KIND as MEMORY
from bot.engine.memory import Memory
from bot.engine.outbox import Outbox
from bot.engine.prompt import House
from bot.engine.purse import Purse
from bot.engine.question import Questions
from bot.engine.received import Receiving
from bot.engine.reminding import Reminding
from bot.engine.resting import KIND as RESTS
from bot.engine.resting import Resting
from bot.engine.retention import Retention
from bot.engine.showcase import Showcase
from bot.engine.stop import Stop
from bot.engine.stopping import Stopping
from bot.engine.sweep import SECONDS, sweep
from bot.engine.toolbox import Toolbox
from bot.engine.turn import Limits, Turns
from bot.errors import ApprenticeError
from bot.jobs import Jobs
from bot.learning.cycle import Cycle, Terms
from bot.learning.digest import Digest, Weekly
from bot.learning.editing import Editing
from bot.learning.lifecycle import Lifecycle
from bot.learning.outcomes import Outcomes, Phrases, Verifiers
from bot.learning.posting import Posting
from bot.learning.promotion import Promotion
from bot.learning.quiet import Quiet
from bot.learning.retiring import Retiring
from bot.learning.review import Review
from bot.learning.shelf import Shelf
from bot.learning.teaching import Teaching
from bot.learning.versions import KIND, Versions
from bot.learning.workbench import Workbench
from bot.ports import ChatAdapter, Clock, Dispatcher, Embedder, ModelClient, ToolSource
from bot.settings import Settings
from bot.skills.git import GitRecord
from bot.skills.library import Library
from bot.skills.meaning import Meaning
from bot.skills.relevance import Relevance
from bot.skills.reviewers import Reviewers
from bot.store import buttons, people, schema, turns
from bot.store.store import Probe, Store
from bot.tools.builtin import own_tools
from bot.tools.documents import document_tools
from bot.tools.policed import policed
from bot.tools.reminders import KIND as REMINDER


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
        self._outside = outside
        self.store = store
        self._dispatcher: Dispatcher = EmbeddedDispatcher()
        clock, adapters = outside.clock, outside.adapters
        self.library = Library(settings.skills, store, clock)
        guests = Guests(store, clock, settings.reviewers)
        self._door = Door(store, clock, settings.allowed, outside.announce, guests)
        self._intake = Intake(store, clock)
        self._woken: asyncio.Queue[str] = asyncio.Queue()
        store.woken = self._wake_all
        workspace, outgoing = settings.workspace_folder, settings.outgoing_folder
        privacy = Privacy(settings.secrets)
        documents = document_tools(settings, clock, outside.embedder)
        own = own_tools(settings, clock, self.library, store, documents)
        sources = policed((*own, *outside.tools), settings.tables.tools.policy)
        meaning = Meaning(store, clock, outside.embedder) if outside.embedder else None
        relevance = Relevance(self.library, store, meaning)
        toolbox = Toolbox(sources, relevance, settings.tables.skills.tokens)
        limits = Limits(idle=settings.conversation_idle, memory=settings.tables.memory.tokens)
        reviewers = Reviewers(adapters, settings.reviewers, lambda: store.read(people.first_paired))
        hours, weekly = settings.tables.quiet, settings.tables.digest
        quiet = Quiet(hours.begins, hours.ends, hours.zone)
        posting = Posting(store, clock, quiet, settings.reviewers)
        review = Review(store, clock, self.library, reviewers, sources)
        versions = Versions(store, clock, self.library, reviewers)
        promotion = Promotion(store, clock, self.library, reviewers, sources)
        shelf = Shelf(store, clock, self.library, sources, privacy, quiet, settings.reviewers)
        phrases = Phrases(settings.tables.phrases.model_dump())
        follow_ups = FollowUps(adapters, lambda said: phrases.wants_privacy(said) or phrases.wants_teaching(said))
        receiving = Receiving(workspace, adapters)
        lives = Lives(store, clock, adapters, privacy)
        house, questions = House(settings.tables.house), Questions(privacy, outgoing)
        granted = settings.tables.granted
        speaking = Turns(
            store,
            clock,
            outside.model,
            toolbox,
            lives,
            follow_ups,
            receiving,
            questions,
            limits,
            house,
            Purse(clock, granted),
        )
        verifiers = Verifiers(settings.tables.verifiers, sources, settings.workspace_folder)
        outcomes = Outcomes(store, clock, settings.learn_after, verifiers, phrases)
        editing = Editing(store, clock, reviewers, adapters, sources, settings.secrets, outgoing)
        confirm = Confirm(store, clock, reviewers, questions)
        homes = Homes(store, clock, adapters, self.library, self._door.open_to, (confirm.waiting, review.waiting))
        decisions = {
            "proposal": review.decide,
            buttons.FORM: editing.decide,
            "why": review.explain,
            "promote": self._door.guests_only(promotion.decide),
            KIND: versions.decide,
            "confirmation": confirm.decide,
            "guest": guests.decide,
            "life": self._door.guests_only(Lifecycle(store, clock, self.library, reviewers).decide),
            "feedback": self._door.guests_only(outcomes.feedback),
            "stop": self._door.guests_only(Stop(store, clock, self._cancel).decide),
        }
        stopping = Stopping(store, self._cancel)
        resting = Resting(store, clock, self.library, reviewers)
        decisions[RESTS] = self._door.guests_only(resting.decide)
        forget = Forget(store, clock, resting, reviewers)
        decisions["forget"] = self._door.guests_only(forget.decide)
        showcase = Showcase(store, clock, self.library, outgoing)
        decisions["page"] = self._door.guests_only(showcase.turn_page)
        decisions[HOME] = homes.turn_page
        decisions[standing.KIND] = self._door.guests_only(standing.Standing(store, clock).decide)
        memory = Memory(store, clock, reviewers)
        decisions[MEMORY] = self._door.guests_only(memory.decide)
        agenda = Agenda(store, clock, reviewers)
        decisions[REMINDER] = self._door.guests_only(agenda.decide)
        decisions[PAGES] = self._door.guests_only(agenda.turn_page)
        answers = Answers(store, clock, showcase, stopping, forget, memory, agenda, granted.prices)
        reminding = Reminding(store, clock, adapters, self._door.open_to)
        teaching = Teaching(clock, phrases)
        retiring = Retiring(store, clock, self.library)
        digest = Digest(clock, Weekly(weekly.scopes, weekly.weekday, weekly.at, weekly.zone), granted)
        git = GitRecord(settings.skills, store)
        self.jobs = Jobs(settings, store, clock, shelf, git, documents, reminding, digest, quiet)
        mine = Workbench(settings.learn_min_tasks)
        terms = Terms(settings.learn_tokens, settings.learn_min_tasks, settings.secrets, phrases, quiet, granted)
        cycle = Cycle(store, clock, self.library, outside.learning, mine, sources, terms)
        handlers: dict[str, Handler] = {
            "message": self._door.guarded(outcomes.private(teaching.heard(speaking.message))),
            "command": self._door.guarded(answers),
            "click": Clicks(store, clock, adapters, decisions),
            "resume": speaking.resume,
            "reminder": reminding.say,
            "due": reminding.begin,
            "scheduled": reminding.counted(speaking.scheduled),
            "delivery": Outbox(store, clock, adapters, outside.probe),
            "home": homes.look,
            "publish-home": homes.publish,
            "reaction": self._door.guarded(outcomes.reacted),
            "membership": Membership(store, clock, stopping, self._door.open_to),
            "forget": Forgetting(store, clock, stopping, resting, workspace, outgoing),
            "retain": Retention(store, clock, self.library, workspace, settings.tables.retention.days),
            "close": outcomes.close,
            "mine": cycle,
            "publish": review.publish,
            "put-back": versions.put_back,
            "post": posting.post,
            "remind": posting.remind,
            "retire": retiring.look,
            "clear": retiring.clear,
            "digest": digest.tell,
        }
        self._lanes = Lanes(store, clock, handlers, ChatEndings(clock, limits.idle))

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
