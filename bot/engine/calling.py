"""Making the calls that one reply of the model wishes: of a tool, of a skill, or a question to the person before."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.engine.permitted import skill_may, tool_may
from bot.engine.question import Questions
from bot.engine.round import OFTEN, Calls, groups, in_circles, not_again, repeats
from bot.engine.skill_use import SkillUse
from bot.engine.tool_use import ToolUse
from bot.engine.toolbox import Executable, parsed
from bot.engine.work import Work
from bot.ports import Clock, ModelClient
from bot.skills.at_once import at_once
from bot.store.confirmations import WAITING
from bot.store.journal import Entry
from bot.store.store import Effect, Store

Make = Callable[[dict[str, JSON]], Awaitable[ToolResult]]
"""Makes a call with its arguments, or asks a person."""


class Calling:
    """Makes calls, each journaled at its place. `model` is asked by skills."""

    def __init__(self, store: Store, clock: Clock, model: ModelClient, questions: Questions) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._questions = questions

    async def all_of(self, work: Work, round: int, calls: Calls) -> list[Entry]:
        """Make the calls of a round, or find them made. Raises LimitReached in a turn that goes round in circles."""
        log, reads = work.log, work.offer.reads
        before = [call for each in range(round) for call in log.known[f"model:{each}"].result["calls"]]
        often = repeats(before, calls, reads)
        if (most := max(often, default=0)) > OFTEN:
            raise in_circles(calls[often.index(most)], log.known.values())

        def make(index: int) -> Coroutine[Any, Any, Entry]:
            place, call = f"tool:{round}.{index}", calls[index]
            if often[index] < OFTEN:
                return self._call(work, place, call)
            return log.call(Entry(place, call["name"], call["arguments"], once=False), not_again)

        return [entry for group in groups(calls, reads) for entry in await at_once(map(make, group))]

    async def _call(self, work: Work, place: str, call: Mapping[str, JSON]) -> Entry:
        log, offer, name, raw = work.log, work.offer, call["name"], call["arguments"]
        found, tool = offer.skill(name), offer.tools.get(name)
        if found is not None:
            skill = SkillUse(found, offer, log, self._model, self._questions, place)
            return await self._ask_or_make(
                work, place, call, partial(self._run, work, place, found, skill), skill.record
            )
        if tool is not None and not await self._may(work, place, tool):
            asking = ToolUse(tool, offer.context, self._questions, log.turn.id, place)
            return await self._ask_or_make(work, place, call, partial(asking.make, self._clock.now()), asking.record)
        entry = Entry(place, name, raw, once=tool is not None and not tool.reads)
        return await log.call(entry, lambda: offer.call(name, parsed(raw), allowed=True))

    async def _ask_or_make(self, work: Work, place: str, call: Mapping[str, JSON], make: Make, record: Effect) -> Entry:
        async def made() -> ToolResult:
            result = await make(parsed(call["arguments"]))
            if result.content == WAITING:
                await work.live.rest()  # the question takes the live message's place
            return result

        return await work.log.call(Entry(place, call["name"], call["arguments"], once=False), made, record)

    async def _run(
        self, work: Work, place: str, found: Executable, use: SkillUse, parameters: dict[str, JSON]
    ) -> ToolResult:
        turn, tools, scope = work.log.turn, work.offer.tools, work.offer.context.conversation.scope
        leave = await self._store.read(lambda connection: skill_may(connection, turn, place, found, tools, scope))
        return await use.make(parameters, self._clock.now, leave)

    async def _may(self, work: Work, place: str, tool: Tool) -> bool:
        """Whether it is called at once, without a word of a person."""
        if tool.policy != "ask":
            return True
        turn, scope = work.log.turn, work.offer.context.conversation.scope
        return await self._store.read(lambda connection: tool_may(connection, turn, place, tool, scope))
