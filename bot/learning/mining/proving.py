"""Replay where a procedure was not learned from: induced again without a task, it must make that task's calls."""

from collections.abc import Iterator, Sequence

from bot.learning.mining.building import build
from bot.learning.mining.canonical import Run
from bot.learning.mining.corpus import Corpus
from bot.learning.mining.explanation import Rigour
from bot.learning.mining.induce import Induced, induce
from bot.learning.mining.replaying import Match, Replay, Replayer, summed
from bot.learning.mining.sequences import Occurrence

FOLDS = 20
"""With more tasks than this, several are left out at once, which is the harder test."""
MOST_MATCHES = 300
"""Matches replayed in tasks that nothing was learned from."""
LEFT = Rigour(cases=2, several=0, covered=0)
"""When a task is left out, no minimum of support counts: three tasks leave two."""


def prove(corpus: Corpus, induced: Induced, places: Sequence[Occurrence]) -> Replay:
    """Replay each task that it was learned from (at `places`) by what is induced without it, other tasks as is."""
    whole = Replayer(build(induced), corpus.schemas)
    matches = list(_left_out(corpus, places, len(induced.pattern)))
    learned = {corpus.runs[place.run].task for place in places}
    fresh = (run for run in corpus.runs if run.task not in learned)
    for run in fresh:
        if len(matches) >= MOST_MATCHES:
            break
        matches += whole.matches(run)
    return summed(matches, whole.commitment(corpus.runs))


def _left_out(corpus: Corpus, places: Sequence[Occurrence], length: int) -> Iterator[Match]:
    by_task: dict[str, list[Occurrence]] = {}
    for place in places:
        by_task.setdefault(corpus.runs[place.run].task, []).append(place)
    tasks = list(by_task)
    runs = _runs_of(corpus, set(tasks))
    for fold in range(min(FOLDS, len(tasks))):
        out = set(tasks[fold::FOLDS])
        kept = [place for task in tasks if task not in out for place in by_task[task]]
        induced = induce(corpus, kept, length, LEFT)
        if induced is not None:
            replayer = Replayer(build(induced), corpus.schemas)
            for task in tasks[fold::FOLDS]:
                for run in runs[task]:
                    yield from replayer.matches(run)


def _runs_of(corpus: Corpus, tasks: set[str]) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {task: [] for task in tasks}
    for run in corpus.runs:
        if run.task in runs:
            runs[run.task].append(run)
    return runs
