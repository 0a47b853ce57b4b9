"""A skill's run inside a turn: journaled step by step, a person's word before the first write, a record of the use."""

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.domain.chat import Outgoing
from bot.domain.json import JSON
from bot.domain.text import shorten
from bot.domain.tool import Tool, ToolResult
from bot.engine.journal import Journal
from bot.engine.toolbox import Executable, Offer
from bot.errors import ToolError
from bot.ports import ModelClient, ModelReply, ModelRequest
from bot.skills import life
from bot.skills.core_yaml import UNWANTED
from bot.skills.parameters import accepted
from bot.skills.run import PlannedCall, Run, run
from bot.store import buttons, confirmations
from bot.store.confirmations import Confirmation
from bot.store.deliveries import conclude
from bot.store.journal import Entry
from bot.store.skills import Use
from bot.store.store import Connection
from bot.words import Sentence, say

ANSWERS = {"once": Sentence("Run once"), "always": Sentence("Always here"), "no": Sentence("No")}
"""What a person can say to a question before a write, and how it reads."""
WAITING = {
    "status": "waiting for a person",
    "note": "Asked in the chat; nothing was changed yet. Do not call it again.",
}
SHOWN_ARGUMENT = 600
"""Characters of an argument that the question shows."""


class SkillUse:
    """One use of a live skill at a place of a turn's journal."""

    def __init__(self, found: Executable, offer: Offer, journal: Journal, model: ModelClient, place: str) -> None:
        self._found = found
        self._offer = offer
        self._journal = journal
        self._model = model
        self._place = place
        self._confirmed = False
        self._planned: Sequence[PlannedCall] = ()
        self._parameters: dict[str, JSON] = {}
        self._now = 0.0
        self._run: Run | None = None

    async def make(self, parameters: dict[str, JSON], now: Callable[[], datetime], *, confirmed: bool) -> ToolResult:
        """Run it; what the model reads comes back. `confirmed`: a person said yes to its writes.

        Raises ToolError for parameters that do not fit: that is no use of the skill, and the model can mend it.
        """
        if wrong := accepted(self._found.procedure, parameters)[1]:
            raise ToolError(" ".join(wrong))
        self._parameters, self._confirmed = parameters, confirmed
        self._run = await run(self._found.procedure, parameters, self)
        self._now = now().timestamp()
        if self._run.status == "waiting":
            return ToolResult(WAITING)
        return ToolResult(self._run.report(), failed=self._run.status == "failed")

    def record(self, connection: Connection) -> None:
        """Write what came of it: the use, or the question to the person."""
        if self._run is None:  # it never began: the call's end says why
            return
        if self._run.status == "waiting":
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
        """A tool the skill may use."""
        return self._offer.tools.get(name)

    async def call(self, place: str, tool: str, arguments: dict[str, JSON]) -> ToolResult:
        """Make a step's call, journaled like any other."""
        once = not self._offer.tools[tool].reads
        entry = Entry(f"{self._place}/{place}", tool, arguments, once)
        ended = await self._journal.call(entry, lambda: self._offer.call(tool, arguments))
        return ToolResult(ended.result, ended.status == "failed")

    async def prompt(self, place: str, text: str, schema: JSON | None) -> str:
        """Ask the working model without tools or history. Raises ModelError."""
        request = ModelRequest([{"role": "user", "content": text}], schema=schema)
        ended = await self._journal.prompt(f"{self._place}/{place}", text, lambda: self._complete(request))
        return str(ended.result)

    async def confirm(self, calls: Sequence[PlannedCall]) -> bool:
        """Whether the writes may be made; if not, the run waits for a person."""
        self._planned = calls
        return self._confirmed

    async def _complete(self, request: ModelRequest) -> ModelReply:
        return await self._model.complete(request)

    def _ask(self, connection: Connection) -> None:
        context = self._offer.context
        id = secrets.token_urlsafe(12)
        confirmation = Confirmation(
            id,
            self._journal.turn.id,
            self._place,
            self._found.ref,
            context.conversation.scope,
            context.person.id,
        )
        confirmations.ask(connection, confirmation, self._now)
        language = context.conversation.language
        choices = ((words, answer) for answer, words in ANSWERS.items())
        row = buttons.row(connection, "confirmation", id, choices, language)
        text = question(language, self._found.ref.name, self._planned)
        asked = Outgoing(context.conversation, text, (row,))
        conclude(connection, self._journal.turn.id, asked, f"confirm:{id}", self._now)


def question(language: str, name: str, calls: Sequence[PlannedCall]) -> str:
    """The question before a skill's first write, with the exact calls."""
    lines = [say(language, "The skill **{name}** is about to change something:", name=name)]
    for call in calls:
        arguments = ", ".join(
            f"{key}={shorten(_shown(value), SHOWN_ARGUMENT)}" for key, value in call.arguments.items()
        )
        lines.append(f"- `{call.tool}({arguments.replace('`', 'ˋ')})`")
    return "\n".join([*lines, say(language, "Shall it?")])


def _shown(value: JSON) -> str:
    """A value in one line, and nothing in it that cannot be seen: its text shall not pass for words of the bot."""
    return UNWANTED.sub(
        lambda found: f"\\u{ord(found[0]):04x}", " ".join(json.dumps(value, ensure_ascii=False).split())
    )
