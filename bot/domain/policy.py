"""What the operator lets tools do, scope by scope. Nothing that is said in a chat or by a tool changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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


def _most_exact(rules: Rules, tool: str) -> Word | None:
    if tool in rules:
        return rules[tool]
    fitting = [name for name in rules if name.endswith("*") and tool.startswith(name[:-1])]
    return rules[max(fitting, key=len)] if fitting else None
