"""What can go wrong between a bot and Telegram."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.domain.json import JSON


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a call.

    Not done: `refuse`, the answer is `status`, `description`, `parameters`; `page`, a web page with this status
    comes instead; `drop`, the connection ends. Done all the same: `lose`, the connection ends; `slow`, the answer
    waits `seconds`; `garble`, a web page comes with status 200; `break` (at Slack), one with `status`.
    """

    kind: Literal["refuse", "page", "drop", "lose", "slow", "garble", "break"]
    status: int = 500
    description: str = "Internal Server Error"
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    seconds: float = 0


def flood(retry_after: int) -> Fault:
    """Too many messages: wait so many seconds."""
    return Fault("refuse", 429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})
