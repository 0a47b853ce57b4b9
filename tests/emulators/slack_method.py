"""A method of the Web API: what does it, and the scopes of which one is needed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain.json import JSON
from tests.emulators.slack_limits import Refusal

Parameters = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Method:
    """`act` takes a call's parameters and gives the body of the answer, without `ok`. It may raise Refusal."""

    act: Callable[[Parameters], Awaitable[JSON]]
    scopes: set[str]
    token: str = "bot"


def flag(given: Parameters, name: str) -> bool:
    """A boolean, as JSON or a form writes it."""
    return given.get(name) in (True, 1, "1", "true", "True")


def check_scopes(granted: set[str] | None, needed: set[str]) -> None:
    """One of the needed scopes, if any, must be granted (None: all are). Raises Refusal (missing_scope)."""
    if granted is not None and needed and not needed & granted:
        raise Refusal("missing_scope", needed=",".join(sorted(needed)), provided=",".join(sorted(granted)))
