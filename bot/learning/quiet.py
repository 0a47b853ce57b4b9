"""Quiet hours: when the bot asks nobody anything of its own accord."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Quiet:
    """Every day from `begins` to `ends` in a time zone, over midnight if it ends earlier; never if both are one."""

    begins: time = time(0)
    ends: time = time(0)
    zone: tzinfo = UTC

    def over(self, now: datetime) -> datetime:
        """When one may speak: `now`, or the end of the quiet hours that it lies in. Both aware; the answer in UTC."""
        here = now.astimezone(self.zone)
        if not self._quiet(here.time()):
            return now
        day = here.date() if here.time() < self.ends else here.date() + timedelta(days=1)
        return datetime.combine(day, self.ends, self.zone).astimezone(UTC)

    def _quiet(self, at: time) -> bool:
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


NEVER = Quiet()
