"""Intervals around what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random
from statistics import mean

Z = 1.96
"""Of the normal distribution, for 95 %."""
DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the 95 % interval around it."""

    value: float
    low: float
    high: float


def share(part: int, whole: int) -> Interval:
    """A share with Wilson's interval (E. B. Wilson, 1927); `whole` is not 0."""
    p, spread = part / whole, Z * Z / whole
    middle = (p + spread / 2) / (1 + spread)
    reach = Z * sqrt(p * (1 - p) / whole + spread / (4 * whole)) / (1 + spread)
    return Interval(p, max(0.0, middle - reach), min(1.0, middle + reach))


def average(values: Sequence[float]) -> Interval:
    """A mean with the percentiles of its bootstrap, the same each time; `values` is not empty."""
    random = Random(0)
    means = sorted(mean(random.choices(values, k=len(values))) for _ in range(DRAWS))
    return Interval(mean(values), means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS) - 1])
