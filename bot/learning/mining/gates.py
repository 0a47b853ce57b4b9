"""The gates between a repeated sequence and a proposal: each refusal is a sentence."""

from collections.abc import Iterator
from itertools import pairwise

from bot.domain.privacy import Privacy, asks_for_secret
from bot.learning.mining.building import parameter_values
from bot.learning.mining.induce import Induced
from bot.learning.mining.naming import names
from bot.learning.mining.pattern import (
    Argument,
    Composed,
    Constant,
    Parameter,
    Pattern,
    PatternStep,
    Reference,
    arguments_of,
    parameter_of,
    reference_of,
)
from bot.learning.mining.places import Pick
from bot.learning.mining.proving import Proof
from bot.words import Sentence

EXACT = 0.95
"""Share of the matches whose recorded calls are reproduced."""
BINDABLE = 0.9
"""Share of the parameters that are known when the procedure would be called."""
DETERMINED = 1 / 3
"""Share of the arguments that are filled without the caller."""
COMMIT = 0.2
"""Share of the calls of the first step's tool that the rest follows."""
COMMIT_UNTIED = 0.9
"""The same, where a step stands in the sequence by its order alone: then the order must be a habit."""


def structure(induced: Induced, cases: int) -> Iterator[Sentence]:
    """What is wrong with the pattern itself. `cases`: how many independent ones are needed."""
    pattern = induced.pattern
    named = names(pattern)
    for number, name in enumerate(named.parameters):
        values = parameter_values(induced, number)
        if any(isinstance(value, list | dict) for value in values):
            yield Sentence("`{name}` is a list that nothing explains: what goes into it is a decision", name=name)
        if asks_for_secret(name) and not _handed_on(induced, number):
            yield Sentence("`{name}` would carry a secret", name=name)
    if any(step.loop for step in pattern) and not all(step.reads for step in pattern):
        yield Sentence("it writes and runs over a list: a procedure that writes does not loop")
    if named.parameters and _cases(induced, len(named.parameters)) < cases:
        yield Sentence("its cases are not independent: fewer than {count} different ones were seen", count=cases)
    for text in _fixed_texts(pattern):
        if found := Privacy().trouble(text):
            yield Sentence("it would hold {what}", what=found)
    for number in _untied(pattern):
        if any(parameter_of(argument.origin) for argument in pattern[number].arguments):
            yield Sentence("nothing but the order of the calls ties `{tool}` to the rest", tool=pattern[number].tool)
    yield from _called_again(pattern)


def proof(proved: Proof, pattern: Pattern, places: int) -> Iterator[Sentence]:
    """What replay where it was not learned from speaks against; at least so many places are needed.

    Parameters that were unknown in one task only refuse nothing: of few tasks, one is a large share.
    """
    replay = proved.replay
    if replay.matches < places:
        yield Sentence(
            "it could be replayed at {found} places only: {needed} are needed", found=replay.matches, needed=places
        )
    if replay.exact < EXACT:
        yield Sentence(
            "replayed where it was not learned from, it makes the same calls in {percent}% of the cases only",
            percent=round(100 * replay.exact),
        )
    if proved.bindable_but_for_one < BINDABLE:
        yield Sentence(
            "only {percent}% of its parameters are known by the time it would be called",
            percent=round(100 * replay.bindable),
        )
    if replay.determined < DETERMINED:
        yield Sentence(
            "only {percent}% of its arguments are determined: the rest comes from the caller",
            percent=round(100 * replay.determined),
        )
    if replay.commit < (COMMIT_UNTIED if any(_untied(pattern)) else COMMIT):
        yield Sentence(
            "`{tool}` is followed by the rest in {percent}% of its calls only",
            tool=pattern[0].tool,
            percent=round(100 * replay.commit),
        )


def _called_again(pattern: Pattern) -> Iterator[Sentence]:
    """Of steps that repeat the step before them with something new, and take nothing from any."""
    given: set[Parameter] = set()
    for before, step in pairwise(pattern):
        given |= _parameters(before)
        linked = step.loop or any(reference_of(argument.origin) for argument in step.arguments)
        if before.tool == step.tool and not linked and _parameters(step) - given:
            yield Sentence(
                "`{tool}` is called again with what the caller gives: how often is a decision", tool=step.tool
            )


def _parameters(step: PatternStep) -> set[Parameter]:
    return {found for argument in step.arguments if (found := parameter_of(argument.origin))}


def _handed_on(induced: Induced, number: int) -> bool:
    """Whether a parameter's values all came out of a tool earlier in the same run, and none from a person."""
    step, argument = _first_use(induced, number)
    values = ((support, support.value(step, argument.slot)) for support in induced.supports)
    return all(
        isinstance(value, str)
        and any(value in call.content for call in support.earlier(step))
        and not any(value in said for said in support.said)
        for support, value in values
    )


def _cases(induced: Induced, parameters: int) -> int:
    """How many different cases the supports are, at most one a task."""
    values = zip(*(_of_supports(induced, number) for number in range(parameters)), strict=True)
    return min(len(set(values)), len({support.run.task for support in induced.supports}))


def _of_supports(induced: Induced, number: int) -> list[str]:
    step, argument = _first_use(induced, number)
    return [str(support.value(step, argument.slot)) for support in induced.supports]


def _first_use(induced: Induced, number: int) -> tuple[int, Argument]:
    return next(
        (step, a) for step, a in arguments_of(induced.pattern) if (p := parameter_of(a.origin)) and p.number == number
    )


def _fixed_texts(pattern: Pattern) -> Iterator[str]:
    for _, argument in arguments_of(pattern):
        match argument.origin:
            case Constant(json=text):
                yield text
            case Composed(before=before, after=after):
                yield f"{before} {after}"
            case Reference(place=place):
                yield from (part.value for part in place if isinstance(part, Pick))


def _untied(pattern: Pattern) -> list[int]:
    """The steps that no data ties to the largest group of tied steps."""
    groups = list(range(len(pattern)))

    def tie(one: int, other: int) -> None:
        joined, left = sorted((groups[one], groups[other]))
        groups[:] = [joined if group == left else group for group in groups]

    users: dict[int, int] = {}
    for number, argument in arguments_of(pattern):
        loop, reference, parameter = pattern[number].loop, reference_of(argument.origin), parameter_of(argument.origin)
        if loop:
            tie(number, loop.step)
        if reference:
            tie(number, reference.step)
        if parameter:
            tie(number, users.setdefault(parameter.number, number))
    main = max(groups, key=lambda group: (groups.count(group), -group))
    return [number for number, group in enumerate(groups) if group != main]
