"""A measured number as a line for people, with its target and what it was compared with."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from bot.cli.logs import configure
from bot.domain.privacy import Privacy


@dataclass(frozen=True, slots=True)
class Figure:
    """`compared` says with what; `most` or `least` is the target, where there is one."""

    what: str
    value: float
    unit: str
    compared: str
    most: float | None = None
    least: float | None = None

    def __str__(self) -> str:
        return f"{self.what}: {_number(self.value)} {self.unit}{self._target()}; {self.compared}"

    def _target(self) -> str:
        if self.most is not None:
            bound, met = f"at most {_number(self.most)}", self.value <= self.most
        elif self.least is not None:
            bound, met = f"at least {_number(self.least)}", self.value >= self.least
        else:
            return ""
        return f" (target {bound}: {'met' if met else 'MISSED'})"


def show(measured: Coroutine[Any, Any, Sequence[Figure]]) -> None:
    """Measure, and print a line a figure."""
    configure("console", Privacy(), quiet=True)
    for figure in asyncio.run(measured):
        print(figure, flush=True)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
