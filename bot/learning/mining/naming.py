"""Identifiers for steps and parameters, and what tools are about, from their names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.text import free
from bot.domain.tool import READING_WORDS
from bot.learning.mining.evidence import words_of
from bot.learning.mining.pattern import Argument, Composed, Pattern, PatternStep, parameter_of

_TURNS = frozenset(["by", "for", "from", "with", "in", "to", "of", "on", "at", "using"])
_ANYTHING = frozenset(["path", "file", "filename", "url", "uri", "endpoint", "query", "command", "key"])
"""Arguments that can lead anywhere: what they are about stands in their fixed words."""
_FILLERS = frozenset(["details", "detail", "info", "information", "data", "record"])


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a tool's name says: `find_user_id_by_name_zip` is verb `find`, subject `user id`, rest `by name zip`."""

    verb: str
    subject: tuple[str, ...]
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """An id for each step and a name for each parameter."""

    steps: tuple[str, ...]
    parameters: tuple[str, ...]


def meaning(tool: str) -> Meaning:
    """Take a tool's name apart; a server's name before `__` is left aside."""
    words = [word for word in words_of(tool.rsplit("__", 1)[-1]) if word.isascii()] or ["value"]
    verb, rest = (words[0], words[1:]) if len(words) > 1 else ("", words)
    turn = next((place for place, word in enumerate(rest) if place and word in _TURNS), len(rest))
    subject = rest[:turn]
    if len(subject) > 1 and subject[-1] in _FILLERS:
        subject = subject[:-1]
    return Meaning(verb, tuple(subject), tuple(rest[turn:]))


def subject(step: PatternStep) -> tuple[str, ...]:
    """What a step is about: a tool that reads any file or page is told by the fixed words of its path."""
    for argument in step.arguments:
        if step.reads and isinstance(argument.origin, Composed) and argument.slot[-1] in _ANYTHING:
            words = [word for word in words_of(argument.origin.before) if word.isascii() and len(word) > 2]
            if words:
                return singular(words[-1:])
    return meaning(step.tool).subject


def singular(words: Sequence[str]) -> tuple[str, ...]:
    """The words with the last one in the singular."""
    last = words[-1]
    if last.endswith("ies") and len(last) > 4:
        return (*words[:-1], last[:-3] + "y")
    kept = last.endswith(("ss", "us", "is")) or not last.endswith("s") or len(last) < 4
    return tuple(words) if kept else (*words[:-1], last[:-1])


def plural(words: Sequence[str]) -> tuple[str, ...]:
    """The words with the last one in the plural."""
    last = words[-1]
    if last.endswith("s"):
        return tuple(words)
    if last.endswith("y") and last[-2:-1] not in ("a", "e", "i", "o", "u"):
        return (*words[:-1], last[:-1] + "ies")
    return (*words[:-1], last + ("es" if last.endswith(("x", "ch", "sh")) else "s"))


def names(pattern: Pattern) -> Names:
    """Ids and names in snake case, unique, as short as the tools' and arguments' names allow."""
    steps: list[str] = []
    for step in pattern:
        verb = meaning(step.tool).verb
        topic = plural(subject(step)) if step.loop else subject(step)
        words = topic if verb in READING_WORDS or not verb else (verb, *topic)
        steps.append(free(_identifier(words), steps, "_"))
    parameters: list[str] = []
    for step in pattern:
        for argument in step.arguments:
            parameter = parameter_of(argument.origin)
            if parameter is not None and parameter.number == len(parameters):
                parameters.append(_parameter(argument, step, parameters))
    return Names(tuple(steps), tuple(parameters))


def _parameter(argument: Argument, step: PatternStep, taken: Sequence[str]) -> str:
    field = words_of(argument.slot[-1])
    whole = not isinstance(argument.origin, Composed) or argument.slot[-1] not in _ANYTHING
    name = _identifier(field if whole else subject(step))
    return name if name not in taken else free(_identifier([*subject(step), *field]), taken, "_")


def _identifier(words: Iterable[str]) -> str:
    name = "_".join("".join(char for char in word if char.isascii() and char.isalnum()) for word in words).strip("_")
    return name if name[:1].isalpha() else f"value_{name}".strip("_")
