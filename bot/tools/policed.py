"""A group of tools under the operator's policy: what is denied is refused here, whoever calls it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.json import JSON
from bot.domain.policy import Policy
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import ToolContext, ToolSource

DENIED = "{name} may not be used here: the operator's apprentice.toml denies it. Do without it, and say so."


class Policed:
    """Tells of each tool what holds for it in the conversation.

    A denied one stays known, so that its absence has a reason.
    """

    def __init__(self, source: ToolSource, policy: Policy) -> None:
        self._source = source
        self._policy = policy

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """The source's tools, each with its policy."""
        return [self._policed(tool, context.conversation.scope) for tool in await self._source.tools(context)]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Call one that is not denied. Raises ToolError."""
        if self._policy.of(name, context.conversation.scope, outside=False) == "deny":
            raise ToolError(DENIED.format(name=name))
        return await self._source.call(name, arguments, context)

    def _policed(self, tool: Tool, scope: str) -> Tool:
        word = self._policy.of(tool.name, scope, outside=tool.outside)
        if word == "deny":
            return replace(tool, policy=word, away=DENIED.format(name=tool.name))
        return tool if word == tool.policy else replace(tool, policy=word)


def policed(sources: Iterable[ToolSource], policy: Policy) -> tuple[ToolSource, ...]:
    """All sources under one policy."""
    return tuple(Policed(source, policy) for source in sources)
