"""`current_time`."""

from collections.abc import Sequence
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.json import JSON
from bot.domain.text import shorten
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import Clock, ToolContext
from bot.tools.arguments import Arguments, schema_of, validated


class _Zone(Arguments):
    zone: str = ""


_TOOLS = (Tool("current_time", "The time now; zone like Europe/Rome", schema_of(_Zone), reads=True),)


class ClockTool:
    """The time by the bot's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """The one tool."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Tell the time, where the person is unless asked. Raises ToolError for a zone that nobody knows."""
        zone = validated(_Zone, arguments).zone or context.person.zone or "UTC"
        now = self._clock.now().astimezone(zone_named(zone))
        return ToolResult({"time": now.isoformat(timespec="seconds"), "weekday": f"{now:%A}", "zone": zone})


def zone_named(name: str) -> tzinfo:
    """The time zone of a name. Raises ToolError where nobody knows it."""
    try:
        # UTC needs no database of time zones, which a small system may lack.
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolError(
            f"There is no time zone {shorten(name, 60)!r}. Write one like Europe/Rome, or leave it out."
        ) from None
