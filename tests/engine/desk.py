"""The engine's upper half at work: real database, folders and lanes; the model and the chat are scripted."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.apprentice_toml import Tables
from bot.domain.chat import ButtonClicked, Conversation, Outgoing, Person
from bot.domain.cost import Budgets
from bot.domain.json import JSON
from bot.domain.policy import Policy
from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure, Skill, SkillRef
from bot.domain.tool import Tool, ToolCall, ToolResult
from bot.engine import standing
from bot.engine.agenda import PAGES, Agenda
from bot.engine.agent_loop import AgentLoop
from bot.engine.answers import Answers
from bot.engine.calling import Calling
from bot.engine.clicks import Clicks, Decide
from bot.engine.confirm import Confirm
from bot.engine.endings import ChatEndings
from bot.engine.follow_ups import FollowUps
from bot.engine.forget import Forget, Forgetting
from bot.engine.intake import Intake
from bot.engine.lanes import Handler, Lanes
from bot.engine.live import Lives
from bot.engine.membership import Membership
from bot.engine.memory import Memory
from bot.engine.outbox import Outbox
from bot.engine.prompt import House
from bot.engine.purse import Purse
from bot.engine.question import Questions
from bot.engine.received import Receiving
from bot.engine.reminding import Reminding
from bot.engine.resting import Resting
from bot.engine.showcase import Showcase
from bot.engine.stop import Stop
from bot.engine.stopping import Stopping
from bot.engine.toolbox import Toolbox
from bot.engine.turn import Turns
from bot.engine.work import Limits
from bot.learning.outcomes import Outcomes
from bot.ports import ChatAdapter, ModelReply, ModelRequest, ToolContext, ToolSource
from bot.skills import folder, format
from bot.skills.library import Library
from bot.skills.relevance import Relevance
from bot.skills.reviewers import Reviewers
from bot.store import skills, turns
from bot.store.commits import Commit
from bot.store.skills import Approval
from bot.store.store import Effect, Store
from bot.store.turns import Turn
from bot.tools.builtin import builtin
from bot.tools.policed import policed
from bot.tools.reminders import KIND
from tests.engine.made import ANA, ROOM, HandClock, KeptChat, said

Asked = Callable[[ModelRequest], Awaitable[ModelReply]]


def words(text: str, tokens: int = 10) -> ModelReply:
    """The model answers in words."""
    return ModelReply(text, (), tokens, 0, False, 100)


def wishes(*calls: tuple[str, JSON], text: str = "", tokens: int = 10) -> ModelReply:
    """The model wishes calls; arguments that are text go as they stand."""
    made = (
        ToolCall(f"c{place}", name, given if isinstance(given, str) else json.dumps(given))
        for place, (name, given) in enumerate(calls)
    )
    return ModelReply(text, tuple(made), tokens, 0, False, 100)


class ScriptedModel:
    """Answers by a list: a reply, an error that is raised, or a function that is awaited.

    `heard` is what listens to the call that was made last.
    """

    def __init__(self, *script: ModelReply | Exception | Asked) -> None:
        self.script = list(script)
        self.requests: list[ModelRequest] = []
        self.heard: Callable[[str], None] | None = None

    async def complete(self, request: ModelRequest, heard: Callable[[str], None] | None = None) -> ModelReply:
        self.heard = heard
        self.requests.append(replace(request, messages=[*request.messages]))
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, ModelReply) else await step(request)


class Orders:
    """Tools of a far system: `get_order` reads, `set_order` writes. `faults`, one a call: an error, no end, or none."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, JSON]]] = []
        self.faults: list[Exception | asyncio.Event | None] = []
        schema = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
        self.known = [Tool("get_order", "An order", schema, reads=True), Tool("set_order", "Change an order", schema)]

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        return self.known

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        self.calls.append((name, arguments))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, asyncio.Event):
            fault.set()
            await asyncio.Event().wait()
        elif fault is not None:
            raise fault
        return ToolResult({"id": arguments["id"], "city": "Rome"})

    def made(self, name: str) -> list[dict[str, JSON]]:
        """The arguments of the calls of one tool."""
        return [arguments for called, arguments in self.calls if called == name]


class Desk:
    """Hears what people say and press, and works until nothing is due."""

    def __init__(
        self, store: Store, path: Path, *script: ModelReply | Exception | Asked, tools: Sequence[ToolSource] = ()
    ) -> None:
        self.store, self.path, self.tools = store, path, tools
        self.clock, self.chat, self.model, self.orders = HandClock(), KeptChat(), ScriptedModel(*script), Orders()
        self.watched: Mapping[str, ChatAdapter] = {}
        """Chats in which a turn shows itself while it runs; the sign that it works would move a clock set by hand."""
        self.house = House()
        self.numbers = iter(range(1, 10_000))
        (path / "workspace").mkdir(exist_ok=True)
        (path / "skills").mkdir(exist_ok=True)
        self.budgets = Budgets()
        self.open_to: Person | None = None
        self.policy = Policy()
        self.open()

    def open(
        self,
        limits: Limits | None = None,
        reviewers: Sequence[str] = (),
        apart: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Make everything that lives in memory anew, as a start of the process does."""
        store, clock, adapters = self.store, self.clock, {"telegram": self.chat}
        limits = limits or Limits()
        self.library = Library(self.path / "skills", store, clock)
        self.intake = Intake(store, clock)
        folders = self.path / "workspace", self.path / "outgoing"
        privacy = Privacy(("sesame-123",))
        own = builtin(*folders, clock, self.library, store, privacy, Tables())
        sources = policed((*own, self.orders, *self.tools), self.policy)
        self.toolbox = toolbox = Toolbox(sources, Relevance(self.library, store), 2_000)
        follow_ups = FollowUps(adapters, apart)
        receiving = Receiving(self.path / "workspace", adapters)
        lives = Lives(store, clock, self.watched, privacy)
        questions = Questions(privacy, self.path / "outgoing")
        calling = Calling(store, clock, self.model, questions)
        loop = AgentLoop(clock, self.model, calling, follow_ups, self.house, limits)
        speaking = Turns(store, clock, loop, toolbox, lives, receiving, Purse(clock, self.budgets), limits)
        outcomes = Outcomes(store, clock, 0)
        confirm = Confirm(store, clock, Reviewers(adapters, reviewers), questions)
        decisions: dict[str, Decide] = {"confirmation": confirm.decide, "feedback": outcomes.feedback}
        decisions["stop"] = Stop(store, clock, lambda lane, before: self.lanes.stop(lane, before)).decide
        stopping = Stopping(store, lambda lane, before: self.lanes.stop(lane, before))
        resting = Resting(store, clock, self.library, Reviewers(adapters, reviewers))
        decisions["rests"] = resting.decide
        forget = Forget(store, clock, resting, Reviewers(adapters, reviewers))
        decisions["forget"] = forget.decide
        showcase = Showcase(store, clock, self.library, toolbox, self.path / "outgoing")
        decisions["page"] = showcase.turn_page
        memory = Memory(store, clock, Reviewers(adapters, reviewers))
        decisions["memory"] = memory.decide
        agenda = Agenda(store, clock, Reviewers(adapters, reviewers))
        decisions |= {KIND: agenda.decide, PAGES: agenda.turn_page}
        decisions[standing.KIND] = standing.Standing(store, clock).decide
        self.reminding = Reminding(store, clock, adapters, self._is_open_to)
        handlers: dict[str, Handler] = {
            "message": speaking.message,
            "resume": speaking.resume,
            "reminder": self.reminding.say,
            "due": self.reminding.begin,
            "scheduled": self.reminding.counted(speaking.scheduled),
            "command": Answers(store, clock, showcase, stopping, forget, memory, agenda, self.budgets.prices),
            "forget": Forgetting(store, clock, stopping, resting, *folders),
            "membership": Membership(store, clock, stopping, self._is_open_to),
            "click": Clicks(store, clock, adapters, decisions),
            "delivery": Outbox(store, clock, adapters, lambda _: None),
            "close": outcomes.close,
            "mine": self._mine,
        }
        self.lanes = Lanes(store, clock, handlers, ChatEndings(clock, limits.idle))

    async def say(self, text: str, person: Person = ANA, conversation: Conversation = ROOM) -> list[str]:
        """Say something and wait; the texts that come back."""
        before = len(self.chat.sent)
        await self.hear(text, person, conversation)
        await self.work()
        return [message.text for message in self.chat.sent[before:]]

    async def hear(self, text: str, person: Person = ANA, conversation: Conversation = ROOM) -> None:
        """Take a message in, and no more."""
        await self.intake.accept(said(text, next(self.numbers), conversation, person))

    async def press(self, label: str, person: Person = ANA, *, message: int = -1) -> str:
        """Press a button of a message that was sent; the words that answer the click."""
        before = len(self.chat.answers)
        await self.touch(label, person, message=message)
        await self.work()
        return self.chat.answers[before]

    async def touch(self, label: str, person: Person = ANA, *, message: int = -1) -> None:
        """Take a click in, and no more."""
        under = self.chat.sent[message]
        [button] = [button for row in under.buttons for button in row if button.label == label]
        place, number = f"m{self.chat.sent.index(under) + 1}", next(self.numbers)
        at = self.clock.now()
        click = ButtonClicked(f"click:{number}", under.conversation, person, button.id, place, "token", at)
        await self.intake.accept(click)

    async def work(self) -> None:
        """Run all lanes until nothing is due."""
        while lanes := await self.due():
            for lane in lanes:
                await self.lanes.drain(lane)

    async def due(self) -> list[str]:
        """The lanes with work."""
        return await self.store.read(lambda connection: turns.due_lanes(connection, self.clock.now().timestamp()))

    async def killed(self, begun: asyncio.Event) -> None:
        """Work until `begun`, be cut off there, and start again."""
        working = asyncio.create_task(self.work())
        await begun.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        self.open()

    @property
    def last(self) -> Outgoing:
        """The message that was sent last."""
        return self.chat.sent[-1]

    async def _is_open_to(self, conversation: Conversation, person: Person) -> bool:
        return self.open_to in (None, person)

    async def _mine(self, turn: Turn) -> Effect:
        return lambda _: None

    async def learn(self, name: str, procedure: Procedure, scope: str | None = None) -> SkillRef:
        """Put a skill's folder there and approve it."""
        ref = self.put(name, procedure, scope)
        files = folder.read(self.path / "skills" / name)
        approval = Approval(ref, scope, files, "Mia", 1.0)
        await self.store.write(Commit.APPROVE, lambda connection: skills.approve(connection, approval))
        return ref

    def put(self, name: str, procedure: Procedure, scope: str | None = None) -> SkillRef:
        """Put a skill's folder there, unapproved."""
        files = format.render(Skill(name, f"Does {name}.", procedure, scope))
        folder.write(self.path / "skills" / name, files)
        return SkillRef(name, folder.digest(files))


def endless(begun: asyncio.Event) -> Asked:
    """A model that says when it was asked and never answers."""

    async def ask(request: ModelRequest) -> ModelReply:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    return ask
