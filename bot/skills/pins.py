"""What the tools of a skill were when it was approved: one that is another since is no longer what was agreed to."""

from collections.abc import Mapping

from bot.domain.skill import Procedure
from bot.domain.tool import Tool, pin
from bot.skills.run import missing

Pins = Mapping[str, str]
"""The pin of each tool, by its name."""


def pins(procedure: Procedure, tools: Mapping[str, Tool]) -> Pins:
    """Those of the tools that a procedure uses and that are known."""
    return {name: pin(tools[name]) for name in missing(procedure, ()) if name in tools}


def changed(agreed: Pins, now: Pins) -> list[str]:
    """The tools that were agreed to as something else."""
    return [name for name, digest in now.items() if agreed.get(name, digest) != digest]
