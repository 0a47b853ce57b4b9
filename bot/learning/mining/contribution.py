"""What one trace gives to mining. It depends on the trace alone: it is made once and serves every report after."""

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.learning.mining.canonical import Run, canonical
from bot.learning.mining.indexing import index
from bot.learning.mining.views import View, views

PARTS = 128
"""Into so many a corpus is parted: one more trace costs the work on one part, and putting together what all gave."""


@dataclass(frozen=True)
class Contribution:
    """A trace's task and tool definitions, its run (None: not to be looked at) and the views of the run's segments."""

    task: str
    tools: tuple[JSON, ...]
    run: Run | None
    views: tuple[tuple[View, ...], ...] = ()

    @cached_property
    def part(self) -> int:
        """The number of the part that it belongs to."""
        return part_of(self.task)

    @cached_property
    def size(self) -> int:
        """Characters of the results and words that are held."""
        if self.run is None:
            return 0
        results = sum(len(call.content) for segment in self.run.segments for call in segment.calls)
        return results + sum(map(len, self.run.said))


def part_of(task: str) -> int:
    """The number of the part that a task belongs to, with all its traces."""
    return crc32(task.encode("utf-8", "surrogatepass")) % PARTS


def contribute(trace: Trace) -> Contribution:
    """Index a trace. What looks like a hack or was opted out of is counted and not looked at."""
    if trace.suspect or trace.private:
        return Contribution(trace.task, trace.tools, None)
    run = canonical(trace)
    return Contribution(trace.task, trace.tools, run, tuple(views(index(segment)) for segment in run.segments))
