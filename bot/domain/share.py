"""How large a share is, as far as the cases tell."""

import math
from dataclasses import dataclass

LEVEL = 0.95
"""Of the credible intervals."""
GRID = 2_000
"""Points at which a Beta distribution is summed up: an interval's ends are exact to a thousandth from one case on."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share as a Beta distribution: `yes` and `no` are cases, with those of the prior."""

    yes: float
    no: float

    @property
    def mean(self) -> float:
        """The share that is expected."""
        return self.yes / (self.yes + self.no)

    def interval(self) -> tuple[float, float]:
        """The middle LEVEL of the distribution, both ends within 0 and 1."""
        points = [(number + 0.5) / GRID for number in range(GRID)]
        logs = [(self.yes - 1) * math.log(x) + (self.no - 1) * math.log1p(-x) for x in points]
        highest = max(logs)
        heights = [math.exp(log - highest) for log in logs]
        tail = sum(heights) * (1 - LEVEL) / 2
        return _reached(points, heights, tail), _reached(points[::-1], heights[::-1], tail)


def _reached(points: list[float], heights: list[float], area: float) -> float:
    """The first point up to which the heights sum up to an area."""
    for point, height in zip(points, heights, strict=True):
        area -= height
        if area <= 0:
            return point
    return points[-1]
