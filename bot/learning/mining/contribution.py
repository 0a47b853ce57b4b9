"""What one trace gives to mining. It depends on the trace alone: it is made once and serves every report after."""

from dataclasses import dataclass
from hashlib import blake2b

from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.learning.mining.canonical import Run, canonical
from bot.learning.mining.indexing import index
from bot.learning.mining.views import View, views


@dataclass(frozen=True, slots=True)
class Contribution:
    """A trace's task and tool definitions, its run (None: not to be looked at) and the views of the run's segments.

    `mark` orders runs by what they hold alone: neither their ids nor their order in a file change it.
    """

    task: str
    tools: tuple[JSON, ...]
    run: Run | None
    views: tuple[tuple[View, ...], ...] = ()
    mark: bytes = b""

    @property
    def size(self) -> int:
        """Characters of the results and words that are held."""
        if self.run is None:
            return 0
        results = sum(len(call.content) for segment in self.run.segments for call in segment.calls)
        return results + sum(map(len, self.run.said))


def contribute(trace: Trace) -> Contribution:
    """Index a trace. What looks like a hack or was opted out of is counted and not looked at."""
    if trace.suspect or trace.private:
        return Contribution(trace.task, trace.tools, None)
    run = canonical(trace)
    seen = tuple(views(index(segment)) for segment in run.segments)
    return Contribution(trace.task, trace.tools, run, seen, _mark(run))


def _mark(run: Run) -> bytes:
    digest = blake2b(digest_size=16)
    for segment in run.segments:
        for call in segment.calls:
            digest.update(repr((segment.said, call.tool, call.arguments)).encode("utf-8", "surrogatepass"))
    return digest.digest()
