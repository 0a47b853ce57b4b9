"""Whether a call may be made: by what a person answered to the question about it, or by a standing permission."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.skill import SkillRef
from bot.domain.tool import Tool, pin
from bot.engine.toolbox import Executable
from bot.errors import ToolError
from bot.skills.pins import Pins, changed, pins
from bot.store import confirmations, lives, permissions, skills
from bot.store.confirmations import Confirmation
from bot.store.store import Connection
from bot.store.turns import Turn

RESUMED = "tool:0.0"
"""The place at which a resumed turn carries on what waited."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What a use of a skill may do: its writes, and its tools whose policy is to ask, without asking again.

    `changed` are its tools that were other ones when it was approved; `pins` what they all are now, if that is news.
    """

    writes: bool
    tools: Collection[str]
    changed: Sequence[str]
    pins: Pins


def answer(connection: Connection, turn: Turn) -> Confirmation | None:
    """The answer that a resumed turn carries out."""
    id = turn.payload.get("confirmation")
    return None if id is None else confirmations.find(connection, id)


def tool_may(connection: Connection, turn: Turn, place: str, tool: Tool, scope: str) -> bool:
    """Whether a tool whose policy is to ask may be called: a yes was to the tool as it is now."""
    ref = SkillRef(tool.name, pin(tool))
    given = answer(connection, turn) if place == RESUMED else None
    return (given is not None and given.ref == ref) or _standing(connection, scope, ref)


def skill_may(
    connection: Connection, turn: Turn, place: str, found: Executable, tools: Mapping[str, Tool], scope: str
) -> Leave:
    """What a use of a skill may do. Raises ToolError when the yes was to other bytes, or it is not live any more."""
    if not lives.of(connection, found.ref).up:
        raise ToolError(f"{found.ref.name} was suspended just now. Go on by yourself, without it.")
    given = answer(connection, turn) if place == RESUMED else None
    if given is not None and given.ref != found.ref:
        raise ToolError(f"{given.ref.name} has changed since the person was asked, so it was not run. Call it anew.")
    writes = given is not None or _standing(connection, scope, SkillRef(found.skill.tool_name, found.ref.digest))
    agreed, now = skills.pins(connection, found.ref), pins(found.procedure, tools)
    asking = (name for name in now if tools[name].policy == "ask")
    free = [name for name in asking if _standing(connection, scope, SkillRef(name, now[name]))]
    return Leave(writes, free, changed(agreed, now), {} if now.keys() <= agreed.keys() else {**agreed, **now})


def _standing(connection: Connection, scope: str, ref: SkillRef) -> bool:
    return any(permission.ref == ref for permission in permissions.given(connection, scope))
