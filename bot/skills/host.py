"""What the execution of a procedure needs from whoever wants it executed: tools, the model, a person's word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that may write. Unless `exact`, its arguments still hold expressions over outputs that are not there."""

    place: str
    tool: str
    arguments: Mapping[str, JSON]
    exact: bool


class Host(Protocol):
    """Makes the calls, and remembers them by place, one of its own for each.

    A step is at `orders`, an element of its `for_each` at `orders/7`, a prompt asked again at `summary/retry`, a check
    at `verify/check/0` (a step may be called `verify`).
    """

    def tool(self, name: str) -> Tool | None:
        """The tool of this name, if the person who asked may use it."""

    async def call(self, place: str, tool: str, arguments: dict[str, JSON]) -> ToolResult:
        """Call a tool. May raise ToolError."""

    async def prompt(self, place: str, text: str, schema: JSON | None) -> str:
        """Ask the model; with a schema (type object) the text is such JSON. Raises ModelError."""

    async def confirm(self, calls: Sequence[PlannedCall]) -> bool:
        """Whether these calls may be made: all of the run that may write, or whose policy is to ask.

        Asked once, before the first; False: wait.
        """
