"""Replay where a procedure was not learned from: induced again without a task, it must make that task's calls."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.learning.mining.building import build
from bot.learning.mining.canonical import Run
from bot.learning.mining.corpus import Corpus
from bot.learning.mining.explanation import Rigour
from bot.learning.mining.induce import Induced, induce
from bot.learning.mining.pattern import Pattern
from bot.learning.mining.replaying import Match, Replay, Replayer, share, summed
from bot.learning.mining.sequences import Occurrence

FOLDS = 20
"""With more tasks than this, several are left out at once, which is the harder test."""
MOST_MATCHES = 300
"""Matches replayed in tasks that nothing was learned from."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The replay, and the share of parameters that were known if the task in which most were unknown is left aside."""

    replay: Replay
    bindable_but_for_one: float


def prove(corpus: Corpus, induced: Induced, places: Sequence[Occurrence]) -> Proof:
    """Replay each task that it was learned from (at `places`) by what is induced without it, other tasks as is."""
    whole = Replayer(build(induced), corpus.schemas)
    matches: list[Match] = list(_left_out(corpus, places, induced.pattern))
    learned = {corpus.runs[place.run].task for place in places}
    fresh = (run for run in corpus.runs if run.task not in learned)
    for run in fresh:
        if len(matches) >= MOST_MATCHES:
            break
        matches += _matches(corpus, induced, whole, run)
    return Proof(summed(matches, whole.commitment(corpus.runs)), _bindable_but_for_one(matches))


def _bindable_but_for_one(matches: Sequence[Match]) -> float:
    """The trials of one task repeat what the agent guessed: they are left aside together."""
    known, all_ = Counter[str](), Counter[str]()
    for match in matches:
        known[match.task] += match.known
        all_[match.task] += match.parameters
    left = ((known.total() - known[task], all_.total() - all_[task]) for task in all_)
    return max((share(part, whole) for part, whole in left), default=1.0)


def _left_out(corpus: Corpus, places: Sequence[Occurrence], pattern: Pattern) -> Iterator[Match]:
    """With a task left out no minimum of support counts: three tasks leave two, and one may be all that shows a run."""
    loops = frozenset(number for number, step in enumerate(pattern) if step.loop)
    left = Rigour(cases=2, several=0, covered=0, loops=loops)
    by_task: dict[str, list[Occurrence]] = {}
    for place in places:
        by_task.setdefault(corpus.runs[place.run].task, []).append(place)
    tasks = list(by_task)
    runs = _runs_of(corpus, set(tasks))
    for fold in range(min(FOLDS, len(tasks))):
        out = set(tasks[fold::FOLDS])
        kept = [place for task in tasks if task not in out for place in by_task[task]]
        induced = induce(corpus, kept, len(pattern), left)
        if induced is not None:
            replayer = Replayer(build(induced), corpus.schemas)
            for task in tasks[fold::FOLDS]:
                for run in runs[task]:
                    yield from _matches(corpus, induced, replayer, run)


def _matches(corpus: Corpus, induced: Induced, replayer: Replayer, run: Run) -> tuple[Match, ...]:
    question = ("matches", id(induced), id(run), corpus.spelled_schemas)
    return corpus.memory.once(question, (induced, run), lambda: tuple(replayer.matches(run)))


def _runs_of(corpus: Corpus, tasks: set[str]) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {task: [] for task in tasks}
    for run in corpus.runs:
        if run.task in runs:
            runs[run.task].append(run)
    return runs
