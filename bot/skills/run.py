"""A procedure is executed: in the order of its graph, by calls that the host makes and journals (FORMAT.md, Running).

Given the same outputs a run takes the same course, whatever the time and whichever call ends first, so that a host
that remembers outputs by their place can start a run anew and come out where it stopped.
"""

import asyncio
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.domain.json import JSON
from bot.domain.skill import Check, Procedure, Step
from bot.domain.text import shorten
from bot.domain.tool import Tool, ToolResult
from bot.errors import ModelError, ToolError
from bot.skills import sub_prompt
from bot.skills.at_once import at_once
from bot.skills.expressions import ExpressionInvalid, ExpressionNull, arguments, as_text, evaluate, references
from bot.skills.graph import next_round
from bot.skills.host import Host, PlannedCall
from bot.skills.output import normalise
from bot.skills.parameters import accepted
from bot.skills.schema import converted, shown, violations

AT_ONCE = 8
"""Calls under way at the same time (FORMAT.md, Running)."""
MOST_ELEMENTS = 1_000
"""Of a `for_each`: a list that is longer is no list that a person had in mind."""
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one entry of `verify` found; `reason` is a sentence."""

    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended. `outputs` are those of the steps that are done, by id, in the order of the file.

    `done`: `value` is what `returns` gives, and `checks` has a verdict for each entry of `verify`. `failed`:
    `failed_step` (None: no step was at fault) and `reason` say why, `unexpected` that `expect` refused an output.
    `waiting`: for a person's word before a write.
    """

    status: Literal["done", "failed", "waiting"]
    value: JSON = None
    outputs: Mapping[str, JSON] = field(default_factory=dict)
    failed_step: str | None = None
    reason: str = ""
    checks: tuple[Verdict, ...] = ()
    unexpected: bool = False

    def report(self) -> JSON:
        """What the agent reads as the tool's result."""
        if self.status == "failed":
            return {
                "status": "failed",
                "reason": self.reason,
                "done": dict(self.outputs),
                "note": "Go on by yourself from what is done; do not call this tool again for the same.",
            }
        failed = [verdict.reason for verdict in self.checks if not verdict.passed]
        if not failed:
            return self.value
        return {"result": self.value, "note": f"It ran to its end, but a check of success failed: {' '.join(failed)}"}


async def run(procedure: Procedure, parameters: Mapping[str, JSON], host: Host) -> Run:
    """Execute a valid procedure. What fails inside ends in a Run; what the host raises beyond ToolError and
    ModelError (the store is gone, the turn is stopped) passes through, as does cancellation.
    """
    values, wrong = accepted(procedure, parameters)
    if wrong:
        return Run("failed", reason=" ".join(wrong))
    execution = _Execution(procedure, values, host)
    try:
        execution.check_tools()
        await execution.steps()
        checks = [await execution.check(index, check) for index, check in enumerate(procedure.verify)]
        value = execution.returned()
    except _Stopped as stop:
        reason = _sentence(str(stop))
        return Run("failed", None, execution.done(), stop.step, reason, unexpected=isinstance(stop, _Unexpected))
    except _Waiting:
        return Run("waiting", outputs=execution.done())
    return Run("done", value, execution.done(), checks=tuple(checks))


def missing(procedure: Procedure, names: Container[str]) -> list[str]:
    """The tools that a procedure uses and that are not among these: it is unavailable until they are."""
    used = [*(step.tool for step in procedure.steps), *(check.tool for check in procedure.verify)]
    return [tool for tool in dict.fromkeys(used) if tool is not None and tool not in names]


class _Stopped(Exception):
    """The run cannot go on: why, and the step at fault."""

    def __init__(self, step: str | None, reason: str) -> None:
        super().__init__(reason)
        self.step = step


class _Unexpected(_Stopped):
    """A tool gave something else than its step expects."""


class _Waiting(Exception):
    """A person has to say whether the writes may be made."""


class _Execution:
    def __init__(self, procedure: Procedure, parameters: Mapping[str, JSON], host: Host) -> None:
        self._procedure = procedure
        self._host = host
        self._outputs: dict[str, JSON] = {}
        self._values: Mapping[str, JSON] = {"parameters": parameters, "steps": self._outputs}
        self._confirmed = False
        self._free = asyncio.Semaphore(AT_ONCE)

    def done(self) -> dict[str, JSON]:
        return {step.id: self._outputs[step.id] for step in self._procedure.steps if step.id in self._outputs}

    def check_tools(self) -> None:
        """Refuse what can be known to fail before anything is called."""
        for tool in missing(self._procedure, ()):
            self._tool(tool)
        for step in self._procedure.steps:
            if step.for_each is not None and self._writes(step.tool):
                raise _Stopped(step.id, f"Step `{step.id}`: `{step.tool}` may write, and a `for_each` only reads")

    async def steps(self) -> None:
        waiting = list(self._procedure.steps)
        while waiting:
            chosen = next_round(waiting, lambda step: step.tool is not None and _needs_a_word(self._tool(step.tool)))
            if not chosen:
                raise _Stopped(None, f"The steps {', '.join(step.id for step in waiting)} wait for one another")
            ends = await at_once(self._attempt(step) for step in chosen)
            pairs = list(zip(chosen, ends, strict=True))
            self._outputs.update((step.id, end) for step, end in pairs if not isinstance(end, _Stopped))
            _raise_first(ends)
            waiting = [step for step in waiting if step.id not in self._outputs]

    async def check(self, index: int, check: Check) -> Verdict:
        """One entry of `verify`."""
        name = f"`{check.tool or as_text(check.value)}`"
        try:
            await self._checked(f"verify/check/{index}", check)
        except (ExpressionNull, ExpressionInvalid, _Stopped) as error:
            return Verdict(False, _sentence(f"The check of {name} failed: {error}"))
        return Verdict(True, f"The check of {name} passed.")

    def returned(self) -> JSON:
        if self._procedure.returns is None:
            return self.done()
        try:
            return evaluate(self._procedure.returns, self._values, nulls=True)
        except ExpressionInvalid as error:
            raise _Stopped(None, f"What it returns cannot be made: {error}") from error

    async def _attempt(self, step: Step) -> JSON:
        """The step's output, or a _Stopped: what runs beside it is not cut off."""
        try:
            output = await self._output(step)
        except (ExpressionNull, ExpressionInvalid, ModelError, _Stopped) as error:
            return _Stopped(step.id, f"Step `{step.id}`: {error}")
        if step.expect is not None and (wrong := violations(output, step.expect)):
            return _Unexpected(step.id, f"Step `{step.id}` gave what later steps cannot use: {'; '.join(wrong)}")
        return output

    async def _output(self, step: Step) -> JSON:
        if step.tool is None:
            return await self._answer(step, step.prompt or "")
        tool = self._tool(step.tool)
        if step.for_each is not None:
            return await self._outputs_of_each(step, tool, evaluate(step.for_each, self._values))
        given = arguments(step.arguments, self._values, tool.schema)
        await self._confirm(tool)
        return await self._call(step.id, tool, given)

    async def _outputs_of_each(self, step: Step, tool: Tool, elements: JSON) -> list[JSON]:
        if not isinstance(elements, list):
            raise _Stopped(step.id, f"{step.for_each} gave {shown(elements)}: expected a list")
        if len(elements) > MOST_ELEMENTS:
            raise _Stopped(step.id, f"{step.for_each} gave {len(elements)} elements: expected at most {MOST_ELEMENTS}")
        if elements:
            await self._confirm(tool)
        outputs: list[JSON] = []
        for start in range(0, len(elements), AT_ONCE):
            some = enumerate(elements[start : start + AT_ONCE], start)
            ends = await at_once(self._element(step, tool, index, element) for index, element in some)
            _raise_first(ends)
            outputs += ends
        return outputs

    async def _element(self, step: Step, tool: Tool, index: int, element: JSON) -> JSON:
        try:
            given = arguments(step.arguments, {**self._values, "item": element}, tool.schema)
            return await self._call(f"{step.id}/{index}", tool, given)
        except (ExpressionNull, ExpressionInvalid, _Stopped) as error:
            return _Stopped(step.id, f"element {index}: {error}")

    async def _answer(self, step: Step, prompt: str) -> JSON:
        text = sub_prompt.fenced(prompt, self._values)
        answer = await self._ask(step.id, text, step.output_schema)
        if step.output_schema is None:
            return answer
        value, wrong = sub_prompt.read(answer, step.output_schema)
        if wrong:
            text = sub_prompt.again(text, wrong, step.output_schema)
            answer = await self._ask(f"{step.id}/retry", text, step.output_schema)
            value, wrong = sub_prompt.read(answer, step.output_schema)
        if wrong:
            raise _Stopped(step.id, f"the model answered twice with what its schema refuses: {wrong}")
        return value

    async def _checked(self, place: str, check: Check) -> None:
        if check.tool is None:
            found = evaluate(check.value, self._values)
        else:
            tool = self._tool(check.tool)
            given = converted(evaluate(check.arguments, self._values), tool.schema)
            await self._confirm(tool)
            found = await self._call(place, tool, given)
        if check.expect is not None and (wrong := violations(found, check.expect)):
            raise _Stopped(None, "; ".join(wrong))

    async def _ask(self, place: str, text: str, schema: JSON | None) -> str:
        async with self._free:
            return await self._host.prompt(place, text, schema)

    async def _call(self, place: str, tool: Tool, given: dict[str, JSON]) -> JSON:
        async with self._free:
            try:
                result = await self._host.call(place, tool.name, given)
            except ToolError as error:
                result = ToolResult(str(error), failed=True)
        if result.failed:
            raise _Stopped(None, f"`{tool.name}` failed: {shorten(as_text(result.content), _LONGEST_REASON)}")
        return normalise(result.content)

    async def _confirm(self, tool: Tool) -> None:
        if self._confirmed or not _needs_a_word(tool):
            return
        if not await self._host.confirm(list(self._planned())):
            raise _Waiting
        self._confirmed = True

    def _planned(self) -> Iterator[PlannedCall]:
        """The calls ahead that need a person's word, as exactly as can be told now."""
        calls = [(step.id, step.tool, step.arguments) for step in self._procedure.steps if step.id not in self._outputs]
        calls += [(f"verify/check/{n}", check.tool, check.arguments) for n, check in enumerate(self._procedure.verify)]
        for place, name, template in calls:
            if name is None or not _needs_a_word(self._tool(name)):
                continue
            try:
                known = {id for root, id in references(template) if root == "steps"} <= self._outputs.keys()
                given = arguments(template, self._values, self._tool(name).schema) if known else template
            except (ExpressionNull, ExpressionInvalid):
                known, given = False, template
            yield PlannedCall(place, name, given, known)

    def _tool(self, name: str) -> Tool:
        tool = self._host.tool(name)
        if tool is None:
            raise _Stopped(None, f"The tool `{name}` is not here, and the skill needs it")
        return tool

    def _writes(self, tool: str | None) -> bool:
        return tool is not None and not self._tool(tool).reads


def _needs_a_word(tool: Tool) -> bool:
    return not tool.reads or tool.policy == "ask"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _raise_first(ends: Sequence[JSON]) -> None:
    for end in ends:
        if isinstance(end, _Stopped):
            raise end
