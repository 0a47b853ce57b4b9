"""A turn under way, and what it may spend."""

from dataclasses import dataclass, field
from datetime import timedelta

from bot.engine.journal import Journal
from bot.engine.live import Live
from bot.engine.received import Received
from bot.engine.toolbox import Offer


@dataclass(frozen=True, slots=True)
class Limits:
    """What one turn may spend."""

    rounds: int = 20
    tokens: int = 200_000
    seconds: float = 600.0
    memory: int = 500
    """Tokens that facts may take of a request."""
    idle: timedelta = field(default=timedelta(minutes=15))
    """Quiet time after which the conversation's task is closed."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a turn has done, what it may use, what came with the message, what it shows of itself."""

    log: Journal
    offer: Offer
    received: Received
    live: Live
