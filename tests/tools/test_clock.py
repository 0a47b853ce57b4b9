"""`current_time` by a clock that stands."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.tools.clock import ClockTool

HERE = ToolContext(Conversation("console", "local"), Person("console:ann"))


class NewYear:
    """The first evening of 2026, in UTC."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, 23, 30, 5, 123, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


async def told(**arguments: JSON) -> JSON:
    return (await ClockTool(NewYear()).call("current_time", arguments, HERE)).content


async def test_the_time_is_in_utc_unless_asked() -> None:
    assert await told() == {"time": "2026-01-01T23:30:05+00:00", "weekday": "Thursday", "zone": "UTC"}


async def test_the_time_is_the_persons_where_the_platform_tells_their_zone() -> None:
    there = replace(HERE, person=Person("slack:T1/U7", zone="Asia/Kolkata"))
    told = (await ClockTool(NewYear()).call("current_time", {}, there)).content
    assert told == {"time": "2026-01-02T05:00:05+05:30", "weekday": "Friday", "zone": "Asia/Kolkata"}


async def test_the_time_elsewhere_has_its_offset_and_its_own_weekday() -> None:
    assert await told(zone="Asia/Kolkata") == {
        "time": "2026-01-02T05:00:05+05:30",
        "weekday": "Friday",
        "zone": "Asia/Kolkata",
    }


async def test_utc_needs_no_database_of_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.tools.clock.ZoneInfo", None)
    assert (await told(zone="UTC"))["zone"] == "UTC"


@pytest.mark.parametrize(
    "zone", ["Rome", " ", "Europe", "../../etc/passwd", "/etc/passwd", "a\0b", "\ud83d", "x" * 9999]
)
async def test_an_unknown_zone_is_refused_with_a_hint(zone: str) -> None:
    with pytest.raises(ToolError, match="Europe/Rome") as caught:
        await told(zone=zone)
    assert len(str(caught.value)) < 200


async def test_a_zone_that_is_no_text_is_refused() -> None:
    with pytest.raises(ToolError, match="zone: Input should be a valid string"):
        await told(zone=2)
