"""Input of any shape costs what its size costs: times of one run, compared with one another.

What grows with the square takes sixteen times as long where the input is four times as large. Counted is this thread's
time of the processor, without the collector, whose rounds grow with all that earlier tests left behind.
"""

import gc
import time
from collections.abc import Callable

TIMES = 4
"""How much larger the large input is."""
GENEROUS = 2.5
"""How much more than that it may cost: other work goes on on the machine."""
LEAST = 0.05
"""Seconds under which nothing is told from noise."""


def seconds(work: Callable[[], object]) -> float:
    gc.disable()
    try:
        start = time.thread_time()
        work()
        return time.thread_time() - start
    finally:
        gc.enable()


def grows_with_its_size(small: Callable[[], object], large: Callable[[], object]) -> bool:
    """Whether `large`, TIMES as much input, costs that much more: if not at once then at the third attempt."""
    limit = TIMES * GENEROUS * max(LEAST, seconds(small))
    return any(seconds(large) < limit for _ in range(3))
