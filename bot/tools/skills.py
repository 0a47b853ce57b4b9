"""The tools by which the model tells people about the bot's skills."""

from collections.abc import Sequence

from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.errors import Refused, ToolError
from bot.ports import ToolContext
from bot.skills import account
from bot.skills.library import Library
from bot.store import skills
from bot.store.store import Store
from bot.tools.arguments import Arguments, schema_of, validated


class _Nothing(Arguments):
    pass


class _Name(Arguments):
    name: str


_TOOLS = (
    Tool("list_skills", "Your learned skills here and how well they do", schema_of(_Nothing), reads=True),
    Tool("show_skill", "All about one of your skills", schema_of(_Name), reads=True),
)


class SkillTools:
    """`list_skills` and `show_skill`, for the skills of the conversation's scope."""

    def __init__(self, library: Library, store: Store) -> None:
        self._library = library
        self._store = store

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """Both, for everybody."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Tell about all skills of the scope, or about one. Raises ToolError for one that is not there."""
        scope = context.conversation.scope
        if name == "show_skill":
            return await self._show(validated(_Name, arguments).name, scope)
        validated(_Nothing, arguments)
        shelf = await self._library.shelf(scope)
        tallies = await self._store.read(lambda connection: [skills.tally(connection, entry.ref) for entry in shelf])
        return ToolResult(
            {
                "skills": [
                    {
                        "name": entry.name,
                        "state": account.STATES[entry.state],
                        "description": entry.skill.description if entry.skill else "",
                        "uses": tally.uses,
                        "good": tally.good,
                    }
                    for entry, tally in zip(shelf, tallies, strict=True)
                ]
            }
        )

    async def _show(self, name: str, scope: str) -> ToolResult:
        try:
            entry = await self._library.find(name.removeprefix("skill_"), scope)
        except Refused as error:
            raise ToolError(str(error)) from None
        tally = await self._store.read(lambda connection: skills.tally(connection, entry.ref))
        return ToolResult(account.full(entry, tally))
