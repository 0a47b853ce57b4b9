"""A call of a tool that the model wishes and a person has to allow: it is checked, and asked about."""

from datetime import datetime

from bot.domain.json import JSON
from bot.domain.skill import SkillRef
from bot.domain.tool import Tool, ToolResult, pin
from bot.engine.question import Asked, Questions
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.skills.host import PlannedCall
from bot.skills.schema import violations
from bot.store.confirmations import WAITING
from bot.store.store import Connection, Effect

NOT_KEPT = (
    "{name} was not called: a person is asked before, what waits for them is stored, and no secret is. "
    "Leave the secret out, or ask the person to do it."
)


class ToolUse:
    """One call, at a place of a turn's journal."""

    def __init__(self, tool: Tool, context: ToolContext, questions: Questions, turn: int, place: str) -> None:
        self._tool = tool
        self._context = context
        self._questions = questions
        self._turn = turn
        self._place = place
        self._ask: Effect | None = None

    async def make(self, now: datetime, arguments: dict[str, JSON]) -> ToolResult:
        """Prepare the question. Raises ToolError for arguments that the tool would refuse: nobody is asked then."""
        tool = self._tool
        if tool.away:
            raise ToolError(tool.away)
        if wrong := violations(arguments, tool.schema):
            raise ToolError(f"The arguments do not fit {tool.name}: {'; '.join(wrong)}.")
        if self._questions.holds_secret(arguments):
            raise ToolError(NOT_KEPT, name=tool.name)
        call = PlannedCall(self._place, tool.name, arguments, exact=True)
        asked = Asked(self._turn, self._place, SkillRef(tool.name, pin(tool)), [call])
        self._ask = await self._questions.about(asked, self._context, now.timestamp())
        return ToolResult(WAITING)

    def record(self, connection: Connection) -> None:
        """Put the question; without one the call's end says why."""
        if self._ask is not None:
            self._ask(connection)
