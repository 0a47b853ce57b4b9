"""The tools by which the model tells people about the bot's skills."""

from collections.abc import Sequence

from bot.domain.chat import Conversation
from bot.domain.json import JSON
from bot.domain.skill import Skill
from bot.domain.tool import Tool, ToolResult
from bot.errors import Refused, ToolError
from bot.ports import Clock, ToolContext
from bot.skills import account
from bot.skills.library import Library, Shelved
from bot.store import audit, preferences, skills
from bot.store.audit import Event
from bot.store.commits import Commit
from bot.store.store import Connection, Store
from bot.tools.arguments import Arguments, schema_of, validated


class _Nothing(Arguments):
    pass


class _Name(Arguments):
    name: str


_TOOLS = (
    Tool("list_skills", "Your learned skills here and how well they do", schema_of(_Nothing), reads=True),
    Tool("show_skill", "All about one of your skills", schema_of(_Name), reads=True),
    Tool("explain_skill_use", "Why and how you used a skill last in this chat", schema_of(_Nothing), reads=True),
    Tool("avoid_skill", "Do not use a skill in this chat any more, because a person said so", schema_of(_Name)),
)
_ALLOW = Tool("allow_skill", "Use a skill here again that a person did not want", schema_of(_Name), outside=True)
"""As what lies outside it is asked about: no text that the model reads undoes a person's word."""


class SkillTools:
    """The skills of the conversation's scope: told of, the last use explained, and kept out at people's wish."""

    def __init__(self, library: Library, store: Store, clock: Clock) -> None:
        self._library = library
        self._store = store
        self._clock = clock

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """All, for everybody; one only where there is something for it to do."""
        unwanted = await self._library.unwanted(context.conversation.scope)
        return (*_TOOLS, _ALLOW) if unwanted else _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Tell about skills, or keep one out of the scope. Raises ToolError for one that is not there."""
        if name == "show_skill":
            return await self._show(validated(_Name, arguments).name, context.conversation.scope)
        if name in ("avoid_skill", "allow_skill"):
            return await self._wish(name == "allow_skill", validated(_Name, arguments).name, context)
        validated(_Nothing, arguments)
        if name == "explain_skill_use":
            return await self._explain(context.conversation)
        return await self._list(context.conversation.scope)

    async def _list(self, scope: str) -> ToolResult:
        shelf = await self._library.shelf(scope)
        tallies = await self._store.read(lambda connection: [skills.tally(connection, entry.ref) for entry in shelf])
        return ToolResult(
            {
                "skills": [
                    {
                        "name": entry.name,
                        "state": str(account.state(entry)),
                        "description": entry.skill.description if entry.skill else "",
                        "uses": tally.uses,
                        "good": tally.good,
                    }
                    for entry, tally in zip(shelf, tallies, strict=True)
                ]
            }
        )

    async def _find(self, name: str, scope: str) -> Shelved:
        try:
            return await self._library.find(name.removeprefix("skill_"), scope)
        except Refused as error:
            raise ToolError(str(error)) from None

    async def _wish(self, use: bool, name: str, context: ToolContext) -> ToolResult:
        here = context.conversation
        entry = await self._find(name, here.scope)
        now = self._clock.now().timestamp()

        def work(connection: Connection) -> None:
            if use:
                preferences.allow(connection, here.scope, entry.name)
            else:
                preferences.forbid(connection, here.scope, entry.name, context.person, now)
            audit.note(
                connection,
                Event("wanted" if use else "unwanted", entry.ref, here.scope, context.person, here.key),
                now,
            )

        await self._store.write(Commit.WISH, work)
        again = "It is used here again." if use else "It is not used here any more, until somebody wants it again."
        return ToolResult(f"{entry.name}: {again}")

    async def _explain(self, conversation: Conversation) -> ToolResult:
        found = await self._store.read(lambda connection: skills.last_use_in(connection, conversation.key))
        if found is None:
            return ToolResult("No skill was used in this chat yet.")
        use, said = found
        tally = await self._store.read(lambda connection: skills.tally(connection, use.ref))
        here = [entry for entry in await self._library.shelf(conversation.scope) if entry.ref == use.ref]
        return ToolResult(
            {
                "skill": use.ref.name,
                "version": use.ref.digest[:12],
                "the person had said": said,
                "it is for": [_purpose(entry.skill) for entry in here if entry.skill],
                "approved by": [str(entry.approved_by) for entry in here],
                "parameters": dict(use.parameters),
                "ended": use.status,
                "failed step": use.failed_step,
                "reason": use.reason,
                "checks passed": f"{sum(use.checks)} of {len(use.checks)}",
                "calls made": use.calls,
                "record": str(account.did(tally)),
            }
        )

    async def _show(self, name: str, scope: str) -> ToolResult:
        entry = await self._find(name, scope)
        tally = await self._store.read(lambda connection: skills.tally(connection, entry.ref))
        return ToolResult(account.full(entry, tally))


def _purpose(skill: Skill) -> str:
    """When it is used: what the model chose it by."""
    condition = skill.procedure.trigger.condition if skill.procedure else ""
    return f"{skill.description} {condition}".strip()
