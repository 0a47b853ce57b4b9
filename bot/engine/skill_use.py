"""A skill's run inside a turn: journaled step by step, a person's word before the first write, a record of the use."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.engine.journal import Journal
from bot.engine.permitted import Leave
from bot.engine.question import Asked, Questions
from bot.engine.toolbox import Executable, Offer
from bot.errors import ToolError
from bot.ports import ModelClient, ModelReply, ModelRequest
from bot.skills import life
from bot.skills.host import PlannedCall
from bot.skills.parameters import accepted
from bot.skills.run import Run, run
from bot.store import skills
from bot.store.confirmations import WAITING
from bot.store.journal import Entry
from bot.store.skills import Use
from bot.store.store import Connection, Effect

NONE = Leave(writes=False, tools=(), changed=(), pins={})


class SkillUse:
    """One use of a live skill at a place of a turn's journal."""

    def __init__(
        self, found: Executable, offer: Offer, journal: Journal, model: ModelClient, questions: Questions, place: str
    ) -> None:
        self._found = found
        self._offer = offer
        self._journal = journal
        self._model = model
        self._questions = questions
        self._place = place
        self._leave = NONE
        self._ask: Effect | None = None
        self._planned: Sequence[PlannedCall] = ()
        self._parameters: dict[str, JSON] = {}
        self._now = 0.0
        self._run: Run | None = None

    async def make(self, parameters: dict[str, JSON], now: Callable[[], datetime], leave: Leave) -> ToolResult:
        """Run it; what the model reads comes back.

        Raises ToolError for parameters that do not fit: that is no use of the skill, and the model can mend it. So it
        does where a tool is not the one that was agreed to: then the skill is suspended.
        """
        self._leave, self._now = leave, now().timestamp()
        if leave.changed:
            names = ", ".join(leave.changed)
            raise ToolError(
                f"{self._found.ref.name} was not run and is suspended: its tool {names} has changed since a person "
                "approved it. Go on by yourself, without it."
            )
        if wrong := accepted(self._found.procedure, parameters)[1]:
            raise ToolError(" ".join(wrong))
        self._parameters = parameters
        self._run = await run(self._found.procedure, parameters, self)
        self._now = now().timestamp()
        if self._run.status == "waiting":
            ref, place, turn = self._found.ref, self._place, self._journal.turn.id
            asked = Asked(turn, place, ref, self._planned, ref.name)
            self._ask = await self._questions.about(asked, self._offer.context, self._now)
            return ToolResult(WAITING)
        return ToolResult(self._run.report(), failed=self._run.status == "failed")

    def record(self, connection: Connection) -> None:
        """Write what came of it: the use, the question to the person, or that it is out of use."""
        if self._leave.changed:
            use = Use(self._journal.turn.id, self._place, self._found.ref, {}, "failed")
            life.changed(connection, use, self._leave.changed, self._now)
        if self._run is None:  # it never began: the call's end says why
            return
        if self._leave.pins:
            skills.repin(connection, self._found.ref, self._leave.pins)
        if self._ask is not None:
            self._ask(connection)
            return
        steps = [entry for place, entry in self._journal.known.items() if place.startswith(f"{self._place}/")]
        use = Use(
            self._journal.turn.id,
            self._place,
            self._found.ref,
            self._parameters,
            self._run.status,
            tuple(check.passed for check in self._run.checks),
            self._run.failed_step,
            self._run.reason,
            sum(entry.name != "" for entry in steps),
            self._run.unexpected,
        )
        life.used(connection, use, self._now)

    def tool(self, name: str) -> Tool | None:
        """A tool the skill may use; one that may be called without asking asks for nothing."""
        tool = self._offer.tools.get(name)
        return replace(tool, policy="allow") if tool and name in self._leave.tools else tool

    async def call(self, place: str, tool: str, arguments: dict[str, JSON]) -> ToolResult:
        """Make a step's call, journaled like any other."""
        once = not self._offer.tools[tool].reads
        entry = Entry(f"{self._place}/{place}", tool, arguments, once)
        ended = await self._journal.call(entry, partial(self._offer.call, tool, arguments, allowed=self._may(tool)))
        return ToolResult(ended.result, ended.status == "failed")

    async def prompt(self, place: str, text: str, schema: JSON | None) -> str:
        """Ask the working model without tools or history. Raises ModelError."""
        request = ModelRequest([{"role": "user", "content": text}], schema=schema)
        ended = await self._journal.prompt(f"{self._place}/{place}", text, lambda: self._complete(request))
        return str(ended.result)

    async def confirm(self, calls: Sequence[PlannedCall]) -> bool:
        """Whether the writes may be made; if not, the run waits for a person."""
        self._planned = calls
        return self._leave.writes

    def _may(self, tool: str) -> bool:
        return self._leave.writes or tool in self._leave.tools

    async def _complete(self, request: ModelRequest) -> ModelReply:
        return await self._model.complete(request)
