"""Calls that may be left out (signs of work, reactions) rest while their platform asks to wait with them."""

from datetime import datetime, timedelta

from bot.ports import Clock


class Rests:
    """Which calls rest now, by any name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends: dict[str, datetime] = {}

    def __contains__(self, call: str) -> bool:
        return call in self._ends and self._clock.now() < self._ends[call]

    def begin(self, call: str, seconds: float) -> None:
        """Let a call rest for so many seconds (none: as if nobody had asked)."""
        now = self._clock.now()
        self._ends = {call: end for call, end in self._ends.items() if now < end}
        self._ends[call] = now + timedelta(seconds=seconds)
