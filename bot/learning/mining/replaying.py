"""Replay: a procedure is put beside recorded calls, with the recorded outputs, by the evaluation that would run it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Step
from bot.domain.trace import Trace
from bot.learning.mining.affixes import inside
from bot.learning.mining.canonical import Call, Run, Segment, canonical
from bot.learning.mining.corpus import schemas_in
from bot.learning.mining.evidence import mark, stands_in
from bot.learning.mining.matches import Bound, Followed, Match, Replay, Replayed, share, summed
from bot.learning.mining.places import Slot, slots_of
from bot.skills.expressions import (
    Expression,
    ExpressionInvalid,
    ExpressionNull,
    arguments,
    evaluate,
    lone,
    references,
    split,
)

Span: TypeAlias = tuple[range, ...]
"""The numbers of each step's calls in a segment."""
Schemas: TypeAlias = Mapping[str, Mapping[str, JSON]]
"""The JSON Schemas of tools' parameters, where they are known."""


def replay(procedure: Procedure, traces: Iterable[Trace]) -> tuple[Replay, list[Match]]:
    """Replay a procedure in all tasks but those that it was learned from."""
    learned = set(procedure.provenance.tasks)
    runs, tools = [], {}
    for trace in traces:
        if trace.task not in learned:
            runs.append(canonical(trace))
            tools[id(trace.tools)] = trace.tools
    replayer = Replayer(procedure, schemas_in(tools.values(), runs))
    matches = [match for run in runs for match in replayer.matches(run)]
    followed = replayer.followed(runs)
    return summed(matches, share(followed.follows, followed.calls)), matches


class Replayer:
    """Puts one procedure beside recorded calls. Prompt steps are passed over: what they say is never reproduced."""

    def __init__(self, procedure: Procedure, schemas: Schemas) -> None:
        self.steps = [step for step in procedure.steps if step.tool is not None]
        self._schemas = schemas
        declared = procedure.parameters.items()
        self._defaults = {name: schema["default"] for name, schema in declared if schema.get("default") is not None}
        self._templates = [dict(slots_of(step.arguments)) for step in self.steps]
        self._fresh = list(_fresh(self.steps, self._templates))
        self._used = {name for step in self.steps for name in _referred("steps", [step.for_each, step.arguments])}

    @property
    def sequence(self) -> tuple[tuple[str | None, bool], ...]:
        """The tool of each step, and whether it is called for each element of a list."""
        return tuple((step.tool, step.for_each is not None) for step in self.steps)

    def followed(self, runs: Iterable[Run]) -> Followed:
        """Where the rest follows the first step's tool: a question of `sequence` alone."""
        calls, follows, where = 0, 0, []
        for run in runs:
            before = follows
            for segment in run.segments:
                starts = [place for place, call in enumerate(segment.calls) if call.tool == self.steps[0].tool]
                if starts:
                    tools = [call.tool for call in segment.calls]
                    calls += len(starts)
                    follows += sum(self._span(tools, place) is not None for place in starts)
            where += [run] if follows > before else []
        return Followed(calls, follows, tuple(where))

    def matches(self, run: Run) -> Iterator[Match]:
        """Replay wherever the steps' tools follow one another."""
        for segment in run.segments:
            for span in self.spans(segment):
                yield self.match(run, segment, span)

    def spans(self, segment: Segment) -> Iterator[Span]:
        """The calls of each step, wherever the steps' tools follow one another; a `for_each` takes a whole run."""
        tools = [call.tool for call in segment.calls]
        place = 0
        while place < len(tools):
            span = self._span(tools, place) if tools[place] == self.steps[0].tool else None
            if span is not None:
                yield span
            place = span[-1].stop if span else place + 1

    def match(self, run: Run, segment: Segment, span: Span) -> Match:
        """Replay at one place: the parameters are read off the recorded calls."""
        made = [[segment.calls[number] for number in part] for part in span]
        given = self._bound(made)
        values: dict[str, JSON] = {"parameters": {**self._defaults, **given}, "steps": {}}
        replayed: list[Replayed] = []
        for step, calls in zip(self.steps, made, strict=True):
            replayed += self._step(step, calls, values)
            if step.id in self._used:
                outputs = [call.output for call in calls]
                values["steps"][step.id] = outputs if step.for_each is not None else outputs[0]
        numbered = [(number, call) for number, calls in enumerate(made) for call in calls]
        slots = [(number, slot) for number, call in numbered for slot, _ in slots_of(call.arguments)]
        filled = [slot in self._templates[number] and (number, slot) not in self._fresh for number, slot in slots]
        return Match(
            trace=run.trace,
            task=run.task,
            calls=tuple(replayed),
            bound=tuple(Bound(name, value, _source(value, run, segment, span)) for name, value in given.items()),
            exact=all(call.recorded is None or call.reproduced is not None for call in replayed),
            determined=sum(filled),
            arguments=len(slots),
            said=segment.said,
            places=range(span[0].start, span[-1].stop),
        )

    def _span(self, tools: Sequence[str], place: int) -> Span | None:
        found: list[range] = []
        for step in self.steps:
            end = place
            while end < len(tools) and tools[end] == step.tool and (end == place or step.for_each is not None):
                end += 1
            if end == place:
                return None
            found.append(range(place, end))
            place = end
        return tuple(found)

    def _bound(self, made: Sequence[Sequence[Call]]) -> dict[str, JSON]:
        """The parameters' values, each read off the first call that shows it."""
        given: dict[str, JSON] = {}
        for step, templates, calls in zip(self.steps, self._templates, made, strict=True):
            recorded = [dict(slots_of(call.arguments)) for call in calls]
            for slot, template in templates.items():
                listed = _parameter_alone(step.for_each) if template == "${item}" else None
                if listed and all(slot in call for call in recorded):
                    given.setdefault(listed, [call[slot] for call in recorded])
                elif slot in recorded[0] and (found := _read_off(template, recorded[0][slot])):
                    given.setdefault(*found)
        return given

    def _step(self, step: Step, calls: Sequence[Call], values: Mapping[str, JSON]) -> Iterator[Replayed]:
        recorded = {mark(call.arguments): dict(call.arguments) for call in calls}
        reproduced = {mark(arguments): arguments for arguments in self._made(step, values)}
        for key, call in recorded.items():
            yield Replayed(step.id, str(step.tool), call, reproduced.get(key))
        for key, call in reproduced.items():
            if key not in recorded:
                yield Replayed(step.id, str(step.tool), None, call)

    def _made(self, step: Step, values: Mapping[str, JSON]) -> list[dict[str, JSON]]:
        """The arguments of the calls that the step would make; none where an expression is null or fails."""
        schema = self._schemas.get(str(step.tool), {})
        try:
            if step.for_each is None:
                return [arguments(step.arguments, values, schema)]
            elements = evaluate(step.for_each, values)
            each = elements if isinstance(elements, list) else []
            return [arguments(step.arguments, {**values, "item": element}, schema) for element in each]
        except (ExpressionNull, ExpressionInvalid):
            return []


def _fresh(steps: Sequence[Step], templates: Sequence[Mapping[Slot, JSON]]) -> Iterator[tuple[int, Slot]]:
    """The arguments that need a parameter for the first time: these the caller determines."""
    seen: set[str] = set()
    for number, (step, slots) in enumerate(zip(steps, templates, strict=True)):
        listed = _referred("parameters", step.for_each) - seen
        for slot, template in slots.items():
            named = _referred("parameters", template)
            if named - seen or (listed and _referred("item", template)):
                yield number, slot
            seen |= named
        seen |= listed


def _referred(root: str, template: JSON) -> set[str]:
    return {name for found, name in references(template) if found == root}


def _parameter_alone(template: JSON) -> str | None:
    """The parameter that a template consists of, if it is exactly one."""
    found = lone(template)
    return found.name if found and found.text == f"parameters.{found.name}" else None


def _read_off(template: JSON, value: JSON) -> tuple[str, JSON] | None:
    """The parameter that stands in a template, and its value where the template gave `value`."""
    if name := _parameter_alone(template):
        return name, value
    parts = split(template) if isinstance(template, str) else ()
    names = [part for part in parts if isinstance(part, Expression)]
    if len(names) != 1 or names[0].text != f"parameters.{names[0].name}":
        return None
    place = parts.index(names[0])
    middle = inside(value, "".join(map(str, parts[:place])), "".join(map(str, parts[place + 1 :])))
    return None if middle is None else (names[0].name, middle)


def _source(value: JSON, run: Run, segment: Segment, span: Span) -> str | None:
    """Where a value stood before: in what the person had said by then, or in an earlier call or its result."""
    said = run.said[: segment.said]
    if stands_in(value, said):
        return "said by the person"
    before = [call for part in run.segments if part.said < segment.said for call in part.calls]
    before += segment.calls[: span[0].start]
    texts = []
    for call in before:
        given = json.dumps(call.arguments, ensure_ascii=False)
        for told, text in ((f"an argument of `{call.tool}`", given), (f"a result of `{call.tool}`", call.content)):
            if stands_in(value, [text]):
                return told
            texts.append(text)
    together = isinstance(value, list | dict) and stands_in(value, [*said, *texts])
    return "said by the person and seen in calls" if together else None
