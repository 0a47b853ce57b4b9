"""What the operator lets tools do, scope by scope. Nothing that is said in a chat or by a tool changes it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from bot.domain.scope import family
from bot.domain.tool import Word

Rules = Mapping[str, Word]
"""A word for a tool's name, or for all that begin alike (`github__*`)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules by scope: a room's, a workspace's, everybody's (`bot.domain.scope`)."""

    rules: Mapping[str, Rules] = field(default_factory=dict)

    def of(self, tool: str, scope: str, *, outside: bool) -> Word:
        """What holds for a tool in a room: the nearest scope that names it decides, there the most exact entry.

        Where none does, what may change things outside the workspace is asked about.
        """
        for place in reversed(family(scope)):
            if word := _most_exact(self.rules.get(place, {}), tool):
                return word
        return "ask" if outside else "allow"

    def idle(self, tools: Collection[str], servers: Iterable[str] = ()) -> list[str]:
        """A sentence for each name in the rules that no tool has; what begins with one of `servers` may be theirs."""
        names = dict.fromkeys(name for rules in self.rules.values() for name in rules)
        theirs = [f"{server}__" for server in servers]
        known = (*tools, *theirs)
        idle = (name for name in names if not any(_most_exact({name: "deny"}, tool) for tool in known))
        return [_idle(name, tools) for name in idle if not name.startswith(tuple(theirs))]


def _idle(name: str, tools: Iterable[str]) -> str:
    near = get_close_matches(name.rstrip("*"), tools, n=1)
    return (
        f"apprentice.toml, tools: there is no tool {name}{f' (is it {near[0]}?)' if near else ''}, so it rules nothing."
    )


def _most_exact(rules: Rules, tool: str) -> Word | None:
    if tool in rules:
        return rules[tool]
    fitting = [name for name in rules if name.endswith("*") and tool.startswith(name[:-1])]
    return rules[max(fitting, key=len)] if fitting else None
