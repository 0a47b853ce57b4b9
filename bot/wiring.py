"""What is made of what: the parts of learning and of the engine, and which of them takes which turn and which click."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.engine import agenda, home, memory, resting, showcase, standing
from bot.engine.agenda import Agenda
from bot.engine.agent_loop import AgentLoop
from bot.engine.answers import Answers
from bot.engine.calling import Calling
from bot.engine.clicks import Clicks, Decide
from bot.engine.confirm import Confirm
from bot.engine.door import Door
from bot.engine.follow_ups import FollowUps
from bot.engine.forget import Forget, Forgetting
from bot.engine.guests import Guests
from bot.engine.home import Homes
from bot.engine.lanes import Handler
from bot.engine.live import Lives
from bot.engine.membership import Membership
from bot.engine.memory import Memory
from bot.engine.prompt import House
from bot.engine.purse import Purse
from bot.engine.question import Questions
from bot.engine.received import Receiving
from bot.engine.reminding import Reminding
from bot.engine.resting import Resting
from bot.engine.retention import Retention
from bot.engine.showcase import Showcase
from bot.engine.standing import Standing
from bot.engine.stop import Stop
from bot.engine.stopping import Cancel, Stopping
from bot.engine.toolbox import Toolbox
from bot.engine.turn import Turns
from bot.engine.work import Limits
from bot.learning import versions
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
from bot.learning.versions import Versions
from bot.learning.workbench import Workbench
from bot.ports import ChatAdapter, Clock, ModelClient, ToolSource
from bot.settings import Settings
from bot.skills.library import Library
from bot.skills.reviewers import Reviewers
from bot.store import buttons
from bot.store.store import Store
from bot.tools import reminders


@dataclass(frozen=True, slots=True)
class Shared:
    """What both have; `sources` are the bot's tools, each under its policy."""

    settings: Settings
    store: Store
    clock: Clock
    adapters: Mapping[str, ChatAdapter]
    library: Library
    guests: Guests
    door: Door
    reviewers: Reviewers
    sources: Sequence[ToolSource]
    phrases: Phrases
    quiet: Quiet


class Learning:
    """Tasks become skills, and people decide on them. `model` judges tasks and words proposals."""

    def __init__(self, shared: Shared, model: ModelClient) -> None:
        settings, tables, quiet, phrases = shared.settings, shared.settings.tables, shared.quiet, shared.phrases
        store, clock, library = shared.store, shared.clock, shared.library
        reviewers, sources = shared.reviewers, shared.sources
        verifiers = Verifiers(tables.verifiers, sources, settings.workspace_folder)
        self._door = shared.door
        self.outcomes = Outcomes(store, clock, settings.learn_after, verifiers, phrases)
        self.teaching = Teaching(clock, phrases)
        mine = Workbench(settings.learn_min_tasks)
        terms = Terms(settings.learn_tokens, settings.learn_min_tasks, settings.secrets, phrases, quiet, tables.granted)
        self._cycle = Cycle(store, clock, library, model, mine, sources, terms)
        self._posting = Posting(store, clock, quiet, settings.reviewers)
        self.review = Review(store, clock, library, reviewers, sources)
        outgoing = settings.outgoing_folder
        self._editing = Editing(store, clock, reviewers, shared.adapters, sources, settings.secrets, outgoing)
        self._versions = Versions(store, clock, library, reviewers)
        self._promotion = Promotion(store, clock, library, reviewers, sources)
        self._lifecycle = Lifecycle(store, clock, library, reviewers)
        self._retiring = Retiring(store, clock, library)
        weekly = tables.digest
        self.digest = Digest(clock, Weekly(weekly.scopes, weekly.weekday, weekly.at, weekly.zone), tables.granted)
        self.shelf = Shelf(store, clock, library, sources, store.privacy, quiet, settings.reviewers)

    def handlers(self) -> dict[str, Handler]:
        """Who runs a turn of a kind."""
        return {
            "reaction": self._door.guarded(self.outcomes.reacted),
            "close": self.outcomes.close,
            "mine": self._cycle,
            "post": self._posting.post,
            "remind": self._posting.remind,
            "publish": self.review.publish,
            "put-back": self._versions.put_back,
            "retire": self._retiring.look,
            "clear": self._retiring.clear,
            "digest": self.digest.tell,
        }

    def decisions(self) -> dict[str, Decide]:
        """Who takes a click on a button of a kind."""
        return {
            "proposal": self.review.decide,
            "why": self.review.explain,
            buttons.FORM: self._editing.decide,
            versions.KIND: self._versions.decide,
            "promote": self._door.guests_only(self._promotion.decide),
            "life": self._door.guests_only(self._lifecycle.decide),
            "feedback": self._door.guests_only(self.outcomes.feedback),
        }


class Engine:
    """Messages become replies. `cancel` ends the turn that runs in a lane."""

    def __init__(
        self, shared: Shared, model: ModelClient, toolbox: Toolbox, learning: Learning, cancel: Cancel
    ) -> None:
        self._shared, self._learning = shared, learning
        store, clock, adapters, library = shared.store, shared.clock, shared.adapters, shared.library
        reviewers, open_to, outgoing = shared.reviewers, shared.door.open_to, shared.settings.outgoing_folder
        questions = Questions(store.privacy, outgoing)
        self._speaking = _speaking(shared, model, toolbox, questions)
        self._confirm = Confirm(store, clock, reviewers, questions)
        self._homes = Homes(store, clock, adapters, library, open_to, (self._confirm.waiting, learning.review.waiting))
        self._stop = Stop(store, clock, cancel)
        self._stopping = Stopping(store, cancel)
        self._resting = Resting(store, clock, library, reviewers)
        self._forget = Forget(store, clock, self._resting, reviewers)
        self._showcase = Showcase(store, clock, library, toolbox, outgoing)
        self._memory = Memory(store, clock, reviewers)
        self._agenda = Agenda(store, clock, reviewers)
        self.reminding = Reminding(store, clock, adapters, open_to)

    def handlers(self) -> dict[str, Handler]:
        """Who runs a turn of a kind."""
        store, clock, library, door = self._shared.store, self._shared.clock, self._shared.library, self._shared.door
        settings, heard = self._shared.settings, self._learning.teaching.heard(self._speaking.message)
        tables, workspace, outgoing = settings.tables, settings.workspace_folder, settings.outgoing_folder
        commands = (self._showcase, self._stopping, self._forget, self._memory, self._agenda)
        return {
            "message": door.guarded(self._learning.outcomes.private(heard)),
            "command": door.guarded(Answers(store, clock, *commands, tables.granted.prices)),
            "click": Clicks(store, clock, self._shared.adapters, self._decisions() | self._learning.decisions()),
            "resume": self._speaking.resume,
            "reminder": self.reminding.say,
            "due": self.reminding.begin,
            "scheduled": self.reminding.counted(self._speaking.scheduled),
            "home": self._homes.look,
            "publish-home": self._homes.publish,
            "membership": Membership(store, clock, self._stopping, door.open_to),
            "forget": Forgetting(store, clock, self._stopping, self._resting, workspace, outgoing),
            "retain": Retention(store, clock, library, workspace, tables.retention.days),
        }

    def _decisions(self) -> dict[str, Decide]:
        """Who takes a click on a button of a kind."""
        for_guests: dict[str, Decide] = {
            "stop": self._stop.decide,
            "forget": self._forget.decide,
            resting.KIND: self._resting.decide,
            showcase.KIND: self._showcase.turn_page,
            memory.KIND: self._memory.decide,
            agenda.PAGES: self._agenda.turn_page,
            reminders.KIND: self._agenda.decide,
            standing.KIND: Standing(self._shared.store, self._shared.clock).decide,
        }
        return {kind: self._shared.door.guests_only(decide) for kind, decide in for_guests.items()} | {
            "confirmation": self._confirm.decide,
            "guest": self._shared.guests.decide,
            home.KIND: self._homes.turn_page,
        }


def _speaking(shared: Shared, model: ModelClient, toolbox: Toolbox, questions: Questions) -> Turns:
    store, clock, adapters, phrases = shared.store, shared.clock, shared.adapters, shared.phrases
    settings, tables = shared.settings, shared.settings.tables
    follow_ups = FollowUps(adapters, lambda said: phrases.wants_privacy(said) or phrases.wants_teaching(said))
    limits = Limits(idle=settings.conversation_idle, memory=tables.memory.tokens)
    calling = Calling(store, clock, model, questions)
    loop = AgentLoop(clock, model, calling, follow_ups, House(tables.house), limits)
    lives, receiving = Lives(store, clock, adapters, store.privacy), Receiving(settings.workspace_folder, adapters)
    return Turns(store, clock, loop, toolbox, lives, receiving, Purse(clock, tables.granted), limits)
