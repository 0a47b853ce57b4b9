"""Times as people read them."""

from datetime import datetime, tzinfo

from bot.words import Sentence

WEEKDAYS = (
    Sentence("Monday"),
    Sentence("Tuesday"),
    Sentence("Wednesday"),
    Sentence("Thursday"),
    Sentence("Friday"),
    Sentence("Saturday"),
    Sentence("Sunday"),
)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def in_words(at: datetime, zone: tzinfo) -> Sentence:
    """A moment (aware) on the clock of a zone, which is named: `Monday, 2026-11-23 at 09:00 (Europe/Berlin)`."""
    here = at.astimezone(zone)
    return Sentence(
        "{weekday}, {at:%Y-%m-%d} at {at:%H:%M} ({zone})", weekday=WEEKDAYS[here.weekday()], at=here, zone=str(zone)
    )


def span(seconds: float) -> Sentence:
    """How long something is, in words, two of a unit at least: `90 minutes`, `3 hours`, `2 days`."""
    if seconds < 2 * _HOUR:
        return Sentence("{count} minutes", count=round(seconds / _MINUTE))
    if seconds < 2 * _DAY:
        return Sentence("{count} hours", count=round(seconds / _HOUR))
    return Sentence("{count} days", count=round(seconds / _DAY))
