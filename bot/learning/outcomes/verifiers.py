"""The operator's checks of success, from `apprentice.toml`: outside the model, so what they say decides.

A check that cannot run is no evidence: it is reported, in the log, in the task's detail and by `apprentice judge`.
"""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from bot.apprentice_toml import Verifier
from bot.domain.chat import Person
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.text import shorten
from bot.errors import ApprenticeError, ConfigError, ToolError
from bot.learning.outcomes.phrases import words
from bot.learning.outcomes.record import Call, Record
from bot.ports import ToolContext, ToolSource
from bot.skills import schema
from bot.skills.expressions import ExpressionInvalid, ExpressionNull, evaluate, references
from bot.skills.output import normalise
from bot.store.evidence import Evidence
from bot.tools.process import run

log = structlog.get_logger()
LONGEST_LINE = 200
"""Characters of a command's output in the evidence."""
KEPT = 4_000
"""Bytes of a command's output that are kept."""


class NotRun(ApprenticeError):
    """A check told nothing: it could not be made, or was ended before it came to its end."""


class Verifiers:
    """Runs the checks that match a task. `sources` are the bot's tools, `workspace` is where commands run."""

    def __init__(self, rules: Sequence[Verifier], sources: Sequence[ToolSource], workspace: Path) -> None:
        """Raises ConfigError for schemas and expressions that are none."""
        if problems := [problem for rule in rules for problem in _problems(rule)]:
            raise ConfigError(*problems)
        self._rules = rules
        self._sources = sources
        self._workspace = workspace

    async def verify(self, record: Record) -> list[Evidence]:
        """What the matching checks say, one after the other: they may look at the same files."""
        return [await self._verified(rule, record) for rule in self._rules if matches(rule, record)]

    async def _verified(self, rule: Verifier, record: Record) -> Evidence:
        try:
            wrong = await self._wrong(rule, record)
        except (ApprenticeError, TimeoutError) as error:
            reason = str(error) or f"it took more than {rule.seconds:g} seconds"
            log.warning("verifier.not_run", verifier=rule.name, task=record.task.id, reason=reason)
            text = f"The check {rule.name} could not run: {reason.rstrip('.')}."
            return Evidence("verifier", "unknown", text, rule=rule.name)
        if wrong is None:
            return Evidence("verifier", "success", f"The check {rule.name} held.", rule=rule.name)
        text = f"The check {rule.name} did not hold: {wrong}."
        return Evidence("verifier", "failure", text, rule=rule.name)

    async def _wrong(self, rule: Verifier, record: Record) -> str | None:
        """What is wrong, or None. Raises ApprenticeError or TimeoutError where that cannot be told."""
        if rule.command is not None:
            return await _commanded(rule.command, self._workspace, rule.seconds)
        async with asyncio.timeout(rule.seconds):
            found = await self._read_back(rule, record) if rule.tool else _output(rule, record)
        expected = rule.expect.json_schema if rule.expect else {}
        return "; ".join(schema.violations(found, expected)) or None

    async def _read_back(self, rule: Verifier, record: Record) -> JSON:
        """What the tool gives now; `parameters` in its arguments are those of the last call that matched."""
        context = ToolContext(record.conversation, Person(record.task.person))
        source, wanted = await self._source(str(rule.tool), context)
        try:
            given = schema.converted(evaluate(rule.arguments, {"parameters": _parameters(rule, record)}), wanted)
            result = await source.call(str(rule.tool), given, context)
        except (ExpressionNull, ExpressionInvalid, ToolError) as error:
            raise NotRun(str(error)) from None
        if result.failed:
            raise NotRun(f"{rule.tool} failed")
        return normalise(result.content)

    async def _source(self, name: str, context: ToolContext) -> tuple[ToolSource, Mapping[str, JSON]]:
        for source in self._sources:
            for tool in await source.tools(context):
                if tool.name == name and not tool.reads:
                    raise NotRun(f"{name} may change something, and a check only reads")
                if tool.name == name:
                    return source, tool.schema
        raise NotRun(f"there is no tool named {name}")


async def _commanded(command: Sequence[str], folder: Path, seconds: float) -> str | None:
    """What a command says is wrong, or None. Raises NotRun, and NotStarted."""
    ended = await run(command, folder, seconds, KEPT, together=True)
    if ended.status is None:
        raise NotRun(f"it took more than {seconds:g} seconds")
    if ended.status < 0:
        raise NotRun(f"it was ended by {signal.Signals(-ended.status).name}")
    lines = ended.stdout.text.strip().splitlines()
    return _told(ended.status, lines[-1].strip() if lines else "") if ended.status else None


def matches(rule: Verifier, record: Record) -> bool:
    """Whether a check is about a task: it used one of the tools, and one of the words was said, then or for later."""
    used = not rule.tools or _matched(rule, record) is not None
    texts = [record.scheduled, *(each.text for each in record.said)]
    said = f" {' '.join(word for text in texts for word in words(text))} "
    return used and (not rule.words or any(f" {' '.join(words(word))} " in said for word in rule.words))


def _matched(rule: Verifier, record: Record) -> Call | None:
    """The last successful call of one of the check's tools."""
    made = (call for call in reversed(record.calls) if call.tool in rule.tools and not call.failed)
    return next(made, None)


def _parameters(rule: Verifier, record: Record) -> Mapping[str, JSON]:
    call = _matched(rule, record)
    return {} if call is None else call.arguments


def _output(rule: Verifier, record: Record) -> JSON:
    """The last output of the tool. Raises NotRun where there is none."""
    for call in reversed(record.calls):
        if call.tool == rule.output and not call.failed:
            return call.result
    raise NotRun(f"{rule.output} gave nothing in this task")


def _told(status: int, line: str) -> str:
    shown = shorten(Privacy().anonymous(line), LONGEST_LINE)
    return f"it ended with status {status}{f' and said: {shown}' if shown else ''}".rstrip(".")


def _problems(rule: Verifier) -> list[str]:
    wrong = schema.problem(rule.expect.json_schema) if rule.expect else None
    found = [f"expect.schema: {wrong}"] if wrong else []
    try:
        roots = {root for root, _ in references(rule.arguments)}
    except ExpressionInvalid as error:
        found.append(f"with: {str(error).rstrip('.')}")
    else:
        if roots - {"parameters"}:
            found.append("with: an expression here starts with parameters, the arguments of the call that matched")
        if roots and not rule.tools:
            found.append("with: parameters are those of a call, so name its tool (tools)")
    return [f"apprentice.toml: the verifier {rule.name!r}, {sentence}." for sentence in found]
