"""In which order the steps of a procedure can run: by references and by `needs`."""

from contextlib import suppress
from graphlib import CycleError, TopologicalSorter

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
