"""What a turn may use: the built-in tools, and the live skills of its scope as tools."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.json import JSON, too_deep
from bot.domain.skill import Procedure, Skill, SkillRef
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import ToolContext, ToolSource
from bot.skills.library import Library, Shelved
from bot.skills.rank import MOST, rank
from bot.skills.run import missing


@dataclass(frozen=True, slots=True)
class Executable:
    """A live skill whose tools are all here."""

    ref: SkillRef
    skill: Skill
    procedure: Procedure


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools of one turn. `shown` go to the model; every live skill of the scope can be called by name."""

    context: ToolContext
    sources: Mapping[str, ToolSource]
    tools: Mapping[str, Tool]
    skills: Mapping[str, Executable]
    shown: Sequence[Tool]

    async def call(self, name: str, arguments: dict[str, JSON]) -> ToolResult:
        """Call a built-in tool. Raises ToolError."""
        source = self.sources.get(name)
        if source is None:
            known = ", ".join(tool.name for tool in self.shown)
            raise ToolError(f"There is no tool named {name}. The tools are: {known}.")
        result = await source.call(name, arguments, self.context)
        if too_deep(result.content):
            raise ToolError(f"What {name} gave is nested too deep to be used.")
        return result


class Toolbox:
    """Collects the tools of all sources; where two have a name in common, the first source wins."""

    def __init__(self, sources: Sequence[ToolSource], library: Library) -> None:
        self._sources = sources
        self._library = library

    async def offer(self, context: ToolContext, text: str) -> Offer:
        """What may be used to answer `text` in this conversation."""
        sources: dict[str, ToolSource] = {}
        tools: dict[str, Tool] = {}
        for source in self._sources:
            for tool in await source.tools(context):
                if tools.setdefault(tool.name, tool) is tool:
                    sources[tool.name] = source
        scope = context.conversation.scope
        live = await self._library.live(scope)
        by_text = await self._library.ranked_by_text(live, scope, text) if len(live) > 1 else ()
        ranked = rank(live, text, by_text)
        usable = [found for entry in ranked if (found := _executable(entry, tools))]
        skills = {found.skill.tool_name: found for found in usable}
        shown = [*tools.values(), *(skill_tool(found, tools) for found in usable[:MOST])]
        return Offer(context, sources, tools, skills, shown)


def parsed(arguments: str) -> dict[str, JSON]:
    """A call's arguments. Raises ToolError when they are no JSON object."""
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        raise ToolError(f"The arguments are not valid JSON ({error}). Send one JSON object.") from None
    if not isinstance(value, dict) or too_deep(value):
        raise ToolError("The arguments are not a JSON object, or nested too deep. Send one JSON object.")
    return value


def skill_tool(found: Executable, tools: Mapping[str, Tool]) -> Tool:
    """A skill as the model sees it."""
    procedure = found.procedure
    schema = {
        "type": "object",
        "properties": dict(procedure.parameters),
        "required": list(procedure.required),
        "additionalProperties": False,
    }
    used = [*(step.tool for step in procedure.steps), *(check.tool for check in procedure.verify)]
    reads = all(tool is None or tools[tool].reads for tool in used)
    description = f"{found.skill.description} {procedure.trigger.condition}".strip()
    return Tool(found.skill.tool_name, description, schema, reads)


def _executable(entry: Shelved, tools: Mapping[str, Tool]) -> Executable | None:
    skill = entry.skill
    if skill is None or skill.procedure is None or missing(skill.procedure, tools):
        return None
    return Executable(entry.ref, skill, skill.procedure)
