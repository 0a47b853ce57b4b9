"""What can go wrong between a bot and Telegram."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.domain.json import JSON


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a call.

    `refuse`: it is not done, the answer is `status`, `description`, `parameters`. `drop`: the connection ends, it is
    not done. `lose`: it is done, then the connection ends. `slow`: it is done, the answer waits `seconds`. `garble`:
    it is done, the answer is a web page.
    """

    kind: Literal["refuse", "drop", "lose", "slow", "garble"]
    status: int = 500
    description: str = "Internal Server Error"
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    seconds: float = 0


def flood(retry_after: int) -> Fault:
    """Too many messages: wait so many seconds."""
    return Fault("refuse", 429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})
