"""In which order the steps of a procedure run: by references and by `needs`."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile

from bot.domain.skill import Procedure, Step
from bot.skills.expressions import ExpressionInvalid, references, texts


def needed(step: Step) -> set[str]:
    """The ids of the steps that must be done before this one. An expression that breaks the rules needs nothing."""
    found = set(step.needs)
    for _, text in texts([step.for_each, step.arguments, step.prompt]):
        with suppress(ExpressionInvalid):
            found |= {name for root, name in references(text) if root == "steps"}
    return found


def cycle(procedure: Procedure) -> list[str]:
    """The ids of steps that wait for one another, the first again at the end; [] if there are none."""
    ids = {step.id for step in procedure.steps}
    try:
        TopologicalSorter({step.id: needed(step) & ids for step in procedure.steps}).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found[::-1]
    return []


def next_round(waiting: Sequence[Step], writes: Callable[[Step], bool]) -> list[Step]:
    """The steps to run next, of those that wait, in the file's order: the reads that are ready, else one write alone.

    No step overtakes a write that the file puts before it, unless a `needs` that points ahead asks for it. Empty
    where the steps wait for one another.
    """
    ids = {step.id for step in waiting}
    ready = [step for step in waiting if not needed(step) & ids]
    before = list(takewhile(lambda step: not writes(step), waiting))
    early = [step for step in before if step in ready]
    if early:
        return early
    if len(before) < len(waiting) and waiting[len(before)] in ready:
        return [waiting[len(before)]]
    return [step for step in ready if not writes(step)] or ready[:1]
