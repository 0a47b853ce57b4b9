"""A second model that works while the first is unavailable."""

from collections.abc import Callable

from bot.errors import ModelRefused, ModelUnavailable
from bot.ports import Clock, ModelClient, ModelReply, ModelRequest

RESTS = 60.0
"""Seconds for which a model that was unavailable is not asked first again, at least."""


class TwoModels:
    """Port ModelClient by two others. The person hears nothing of it unless both fail."""

    def __init__(self, first: ModelClient, second: ModelClient, clock: Clock) -> None:
        self._first = first
        self._second = second
        self._clock = clock
        self._rests_until = 0.0

    async def complete(self, request: ModelRequest, heard: Callable[[str], None] | None = None) -> ModelReply:
        """The first model's reply, or the second's. Raises the first's error where neither gives one.

        After a stream that broke off `heard` is given the other's answer from its beginning.
        """
        if self._now() < self._rests_until:
            try:
                return await self._second.complete(request, heard)
            except (ModelUnavailable, ModelRefused):
                return await self._first.complete(request, heard)
        try:
            return await self._first.complete(request, heard)
        except ModelUnavailable as unavailable:
            self._rests_until = self._now() + max(RESTS, unavailable.after or 0.0)
            try:
                return await self._second.complete(request, heard)
            except (ModelUnavailable, ModelRefused):
                raise unavailable from None

    def _now(self) -> float:
        return self._clock.now().timestamp()
