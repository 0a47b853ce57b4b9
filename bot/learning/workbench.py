"""Mining beside the event loop, in a process that keeps what each trace gave: a cycle sends it the new ones alone.

Nothing depends on that process but time: a new one knows nothing and is told all again.
"""

import gc
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from anyio import to_process

from bot.domain.trace import Trace
from bot.learning.mining import Contribution, Memory, Report, Taken, contribute, mine_gathered, uncollected

T = TypeVar("T")
Read = Callable[[Sequence[str]], Awaitable[Iterable[Trace]]]
"""Reads the traces with these ids."""

AT_ONCE = 20
"""Traces that are read and sent together: packing them keeps the event loop for some milliseconds."""
MOST_KEPT = 150_000_000
"""Characters of the scopes that are kept while nothing is mined: 10,000 traces of an ordinary kind."""


class Workbench:
    """Mines one scope at a time. `min_tasks` is APPRENTICE_LEARN_MIN_TASKS."""

    def __init__(self, min_tasks: int) -> None:
        self._min_tasks = min_tasks

    async def __call__(self, scope: str, marks: Mapping[str, str], read: Read, taken: Taken) -> Report:
        """Mine the traces of a scope. `marks`: their ids, each with what changes when the trace does.

        `read` is asked for those that are new or have changed. `taken`: as in `mine`.
        """
        lacking = await _beside(partial(_lacking, scope, dict(marks)))
        for start in range(0, len(lacking), AT_ONCE):
            ids = lacking[start : start + AT_ONCE]
            found = [(marks[trace.id], trace) for trace in await read(ids)]
            await _beside(partial(_take, scope, found))
        return await _beside(partial(_report, scope, self._min_tasks, taken))


async def _beside(work: Callable[[], T]) -> T:
    return await to_process.run_sync(work, cancellable=True)


_Kept = dict[str, tuple[str, Contribution]]
"""By id: a trace's mark and what it gave."""
_scopes: dict[str, _Kept] = {}
_memories: dict[str, Memory] = defaultdict(Memory)
"""In the mining process: the scopes, the one mined last at the end, and what their last reports worked out."""


def _lacking(scope: str, marks: Mapping[str, str]) -> list[str]:
    """Let go of what was changed or is not asked for any more; what is missing then."""
    before = _scopes.pop(scope, {})
    _scopes[scope] = kept = {id: found for id, found in before.items() if found[0] == marks.get(id)}
    return [id for id in marks if id not in kept]


def _take(scope: str, found: Iterable[tuple[str, Trace]]) -> None:
    with uncollected():
        _scopes[scope] |= {trace.id: (mark, contribute(trace)) for mark, trace in found}


def _report(scope: str, min_tasks: int, taken: Taken) -> Report:
    given = (found for _, found in _scopes[scope].values())
    report = mine_gathered(given, min_tasks=min_tasks, taken=taken, memory=_memories[scope])
    _make_room()
    # The collector looks through what is new, and no more through what is kept: that took half a second a round.
    gc.collect(0)
    gc.freeze()
    return report


def _make_room() -> None:
    size = {scope: sum(given.size for _, given in kept.values()) for scope, kept in _scopes.items()}
    for scope in list(_scopes):
        if sum(size.values()) > MOST_KEPT:
            del _scopes[scope], _memories[scope], size[scope]
