"""What the model's work costs, and how much of it there may be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from bot.words import Sentence, money

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Used:
    """The use of a model: calls, and tokens in and out."""

    model: str
    calls: int
    tokens_in: int
    tokens_out: int

    @property
    def tokens(self) -> int:
        """In and out together."""
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost in a currency, in and out, by the model's name as the settings have it."""

    currency: str = ""
    of: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def cost(self, used: Iterable[Used]) -> float:
        """The money for what has a price; the rest counts nothing."""
        priced = ((each, self.of[each.model]) for each in used if each.model in self.of)
        return sum(each.tokens_in * into + each.tokens_out * out for each, (into, out) in priced) / MILLION

    def unknown(self, used: Iterable[Used]) -> list[str]:
        """The models among them that have no price."""
        return sorted({each.model for each in used} - set(self.of))

    def told(self, used: Sequence[Used]) -> Sentence | None:
        """The money in words; None where a model has no price."""
        return None if not self.of or self.unknown(used) else money(self.cost(used), self.currency)


@dataclass(frozen=True, slots=True)
class Limit:
    """The most tokens and the most money; None: as much as may be."""

    tokens: int | None = None
    money: float | None = None

    def __bool__(self) -> bool:
        return self.tokens is not None or self.money is not None

    def rest(self, used: Sequence[Used], prices: Prices) -> "Limit":
        """What is left of it."""
        tokens = None if self.tokens is None else max(self.tokens - sum(each.tokens for each in used), 0)
        return Limit(tokens, None if self.money is None else max(self.money - prices.cost(used), 0.0))

    def reached(self, used: Iterable[Used], prices: Prices) -> bool:
        """Whether nothing is left."""
        found = [*used]
        spent = sum(each.tokens for each in found)
        by_tokens = self.tokens is not None and spent >= self.tokens
        return by_tokens or (self.money is not None and prices.cost(found) >= self.money)


@dataclass(frozen=True, slots=True)
class Budgets:
    """What the operator grants: all together a `day`, a `person` a day, a `conversation`, a learning `cycle`.

    Days begin at midnight in the time zone.
    """

    day: Limit = Limit()
    person: Limit = Limit()
    conversation: Limit = Limit()
    cycle: Limit = Limit()
    zone: tzinfo = UTC
    prices: Prices = Prices()

    def day_of(self, now: datetime) -> str:
        """The day that a time belongs to, such as `2026-11-23`."""
        return now.astimezone(self.zone).date().isoformat()


FREE = Prices()
UNLIMITED = Budgets()
