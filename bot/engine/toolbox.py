"""What a turn may use: the built-in tools, and the live skills of its scope as tools."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.domain.json import JSON, too_deep
from bot.domain.privacy import MASK
from bot.domain.skill import Procedure, Skill, SkillRef
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import ToolContext, ToolSource
from bot.skills.library import Shelved
from bot.skills.rank import MOST, Ranked
from bot.skills.relevance import Relevance
from bot.skills.run import missing

MASKED = (
    "{name} was not called: [secret] stands for what was masked, and would be written in its place. "
    "Leave that part out, or ask the person to do it."
)
CONSIDERED = 4 * MOST
"""Skills that are looked at for such as have room."""


@dataclass(frozen=True, slots=True)
class Executable:
    """A live skill whose tools are all here."""

    ref: SkillRef
    skill: Skill
    procedure: Procedure


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools of one turn. `shown` go to the model, among them the skills `seen`; every live one can be called."""

    context: ToolContext
    sources: Mapping[str, ToolSource]
    tools: Mapping[str, Tool]
    ranked: Sequence[Ranked]
    seen: Sequence[Ranked]
    shown: Sequence[Tool]

    async def call(self, name: str, arguments: dict[str, JSON], *, allowed: bool = False) -> ToolResult:
        """Call a tool. `allowed`: a person said yes to this call, where one is to be asked. Raises ToolError."""
        source = self.sources.get(name)
        if source is None:
            raise ToolError(self._unknown(name))
        if self.tools[name].policy == "ask" and not allowed:
            raise ToolError(f"{name} needs a person's word, and nobody has given it.")
        if not self.tools[name].reads and MASK in json.dumps(arguments, ensure_ascii=False):
            raise ToolError(MASKED, name=name)
        result = await source.call(name, arguments, self.context)
        if too_deep(result.content):
            raise ToolError(f"What {name} gave is nested too deep to be used.")
        return result

    def reads(self, name: str) -> bool:
        """Whether a call is that of a tool that only reads; a skill's run, made of calls, counts as none."""
        tool = self.tools.get(name)
        return tool is not None and tool.reads

    def skill(self, tool: str) -> Executable | None:
        """The live skill of the scope that the model calls by this name."""
        named = self._named(tool)
        return None if named is None or tool in self.tools else _executable(named, self.tools)

    def _named(self, tool: str) -> Shelved | None:
        entries = (ranked.entry for ranked in self.ranked)
        return next((entry for entry in entries if entry.skill and entry.skill.tool_name == tool), None)

    def _unknown(self, name: str) -> str:
        """Why nothing can be called by this name: it is a skill whose tools are not here now, or it is none at all."""
        named = self._named(name)
        if named is not None and named.skill is not None and named.skill.procedure is not None:
            lacking = missing(named.skill.procedure, _here(self.tools))
            why = {
                self.tools[tool].away if tool in self.tools else f"There is no tool named {tool}." for tool in lacking
            }
            return f"The skill {named.name} cannot be used now. {' '.join(sorted(why))}"
        known = ", ".join(tool.name for tool in self.shown)
        return f"There is no tool named {name}. The tools are: {known}."


class Toolbox:
    """Collects the tools of all sources; where two have a name in common, the first source wins.

    `tokens` is what the skills that reach the model may take of a request.
    """

    def __init__(self, sources: Sequence[ToolSource], relevance: Relevance, tokens: int) -> None:
        self._sources = sources
        self._relevance = relevance
        self._tokens = tokens

    async def offer(self, context: ToolContext, text: str) -> Offer:
        """What may be used to answer `text` in this conversation."""
        tools, sources = await self._collected(context)
        ranked = await self._relevance.ranked(context.conversation.scope, text)
        fitting = _fitting(ranked, tools, self._tokens)
        offered = (tool for tool in tools.values() if tool.policy != "deny")
        seen, shown = [each for each, _ in fitting], [*offered, *(tool for _, tool in fitting)]
        return Offer(context, sources, tools, ranked, seen, shown)

    async def here(self, context: ToolContext) -> set[str]:
        """The names of the tools that can be called in this conversation now."""
        return _here((await self._collected(context))[0])

    async def _collected(self, context: ToolContext) -> tuple[dict[str, Tool], dict[str, ToolSource]]:
        """The tools by name, and where each comes from."""
        sources: dict[str, ToolSource] = {}
        tools: dict[str, Tool] = {}
        for source in self._sources:
            for tool in await source.tools(context):
                if tools.setdefault(tool.name, tool) is tool:
                    sources[tool.name] = source
        return tools, sources


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
    reads = all(tools[tool].reads for tool in missing(procedure, ()))
    description = f"{found.skill.description} {procedure.trigger.condition}".strip()
    return Tool(found.skill.tool_name, description, schema, reads)


def _fitting(ranked: Sequence[Ranked], tools: Mapping[str, Tool], left: int) -> list[tuple[Ranked, Tool]]:
    """The first skills that can be executed here and have room in the tokens left, with their tools."""
    usable = ((each, found) for each in ranked if (found := _executable(each.entry, tools)))
    fitting: list[tuple[Ranked, Tool]] = []
    for each, found in islice(usable, CONSIDERED):
        tool = skill_tool(found, tools)
        if (size := _tokens(tool)) <= left:
            fitting.append((each, tool))
            left -= size
        if len(fitting) == MOST:
            break
    return fitting


def _tokens(tool: Tool) -> int:
    """What a tool takes of a request, at four bytes a token as the clients estimate."""
    text = json.dumps([tool.name, tool.description, tool.schema], ensure_ascii=False)
    return len(text.encode(errors="replace")) // 4


def _executable(entry: Shelved, tools: Mapping[str, Tool]) -> Executable | None:
    skill = entry.skill
    if skill is None or skill.procedure is None or missing(skill.procedure, _here(tools)):
        return None
    return Executable(entry.ref, skill, skill.procedure)


def _here(tools: Mapping[str, Tool]) -> set[str]:
    return {name for name, tool in tools.items() if not tool.away}
