"""When something comes again on people's clocks: cron expressions, read and computed by APScheduler.

It computes on the clock on the wall, which knows no summer time; `moment` says when such a clock shows a time. So each
time on the wall comes once: one that a clock shows twice when it first does, one that it skips when it goes on.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

from bot.domain.text import shorten
from bot.errors import ToolError

LEAST = timedelta(minutes=5)
"""Between two times of one expression."""
HELD_AGAINST = 100
"""Times of an expression that are held against LEAST: each hour that it names shows all its minutes."""
HINT = "Write five fields (minute, hour, day of the month, month, weekday), such as 0 9 * * 1-5 for weekdays at 9."
_MINUTE = timedelta(minutes=1)
_TICK = timedelta(microseconds=1)
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_DAY = "[0-7]|" + "|".join(_DAYS)
_WEEKDAYS = re.compile(rf"(?:\*|({_DAY})(?:-({_DAY}))?)(?:/([1-7]))?")
_NTH = re.compile(rf"({_DAY})#([1-5])")
_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th")


class Cron:
    """Five fields, as cron has them: minute, hour, day of the month, month, weekday (0 and 7 are Sunday).

    `L` is the month's last day, `mon#1` its first Monday. Raises ToolError for anything else.
    """

    def __init__(self, expression: str, zone: tzinfo) -> None:
        self._zone = zone
        self._trigger = _trigger(expression)

    def after(self, at: datetime) -> datetime | None:
        """The first time behind `at` (aware), in UTC; None where there is none."""
        wall: datetime | None = at.astimezone(self._zone).replace(tzinfo=UTC, fold=0)
        while wall is not None:
            wall = self._trigger.get_next_fire_time(None, wall + _TICK)
            if wall is not None and (found := moment(wall.replace(tzinfo=None), self._zone)) > at:
                return found
        return None

    def check(self, now: datetime) -> None:
        """Raises ToolError where it comes too often, or never."""
        before = self.after(now)
        if before is None:
            raise ToolError("That never comes: there is no such day. Write another cron expression.")
        for _ in range(HELD_AGAINST):
            found = self.after(before)
            if found is None:
                return
            if found - before < LEAST:
                raise ToolError(
                    f"That is too often: at least {LEAST.seconds // 60} minutes must lie between two times."
                )
            before = found


def moment(wall: datetime, zone: tzinfo) -> datetime:
    """When the clock in a zone shows this time (naive, to the minute), in UTC.

    Of two such moments the first; of a time that is skipped, the one at which the clock goes on.
    """
    while clock_change(wall, zone) == "skipped":
        wall += _MINUTE
    return wall.replace(tzinfo=zone).astimezone(UTC)


def clock_change(wall: datetime, zone: tzinfo) -> Literal["", "skipped", "twice"]:
    """Whether the clock in a zone never shows this time, or does so twice."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        return "skipped"
    return "twice" if first != second else ""


def _trigger(expression: str) -> Any:
    """The expression as APScheduler's trigger, on a clock without summer time. Raises ToolError."""
    from apscheduler.triggers.cron import CronTrigger

    fields = expression.lower().split()
    if len(fields) != len(_FIELDS) or not expression.isascii():
        raise ToolError(f"{shorten(expression, 60)!r} is no cron expression. {HINT}")
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise ToolError("Give a day of the month or a weekday, not both: make two schedules of it.")
    nth = _NTH.fullmatch(weekday)
    if nth:
        day, weekday = f"{_ORDINALS[int(nth[2]) - 1]} {_DAYS[_number(nth[1]) % 7]}", "*"
    day = "last" if day == "l" else day
    given = dict(zip(_FIELDS, (minute, hour, day, month, _weekdays(weekday)), strict=True))
    try:
        return CronTrigger(**given, timezone=UTC)
    except ValueError as error:
        raise ToolError(f"{shorten(expression, 60)!r} is no cron expression: {error}. {HINT}") from None


def _weekdays(field: str) -> str:
    """Weekdays by their names: APScheduler counts them from Monday, cron from Sunday."""
    if field == "*":
        return field
    days: set[int] = set()
    for part in field.split(","):
        found = _WEEKDAYS.fullmatch(part)
        if found is None:
            raise ToolError(f"{shorten(part, 20)!r} is no weekday of cron. {HINT}")
        first, last = _number(found[1] or "0"), _number(found[2] or found[1] or "6")
        days.update(day % 7 for day in range(first, last + 7 * (last < first) + 1, int(found[3] or 1)))
    return ",".join(_DAYS[day] for day in sorted(days))


def _number(day: str) -> int:
    return int(day) if day.isdecimal() else _DAYS.index(day)
