"""Replay where a procedure was not learned from: induced again without a task, it must make that task's calls."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from operator import attrgetter

from bot.learning.mining.building import build
from bot.learning.mining.canonical import Run
from bot.learning.mining.contribution import part_of
from bot.learning.mining.corpus import Corpus
from bot.learning.mining.explanation import Rigour
from bot.learning.mining.induce import Induced, induce
from bot.learning.mining.matches import Match, Replay, share, summed
from bot.learning.mining.replaying import Replayer
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
    once, learned = corpus.memory.once, _learned_from(corpus, places)
    without = ("left out", id(induced), *(id(run) for runs in learned.values() for run in runs))
    matches = list(once(without, (induced, learned), lambda: tuple(_left_out(corpus, induced, places, learned))))
    whole = once(("whole", id(induced)), induced, lambda: Replayer(build(induced), corpus.schemas))
    followed = list(corpus.each(("followed", whole.sequence), lambda part: whole.followed(part.runs)))
    for run in merge(*(there.runs for there in followed), key=attrgetter("order")):
        if len(matches) >= MOST_MATCHES:
            break
        if run.task not in learned:
            matches += once(("matches", id(whole), id(run)), (whole, run), partial(_matches, whole, run))
    commit = share(sum(there.follows for there in followed), sum(there.calls for there in followed))
    return Proof(summed(matches, commit), _bindable_but_for_one(matches))


def _bindable_but_for_one(matches: Sequence[Match]) -> float:
    """The trials of one task repeat what the agent guessed: they are left aside together."""
    known, all_ = Counter[str](), Counter[str]()
    for match in matches:
        known[match.task] += match.known
        all_[match.task] += match.parameters
    told, asked = known.total(), all_.total()
    left = ((told - known[task], asked - all_[task]) for task in all_)
    return max((share(part, whole) for part, whole in left), default=1.0)


def _left_out(
    corpus: Corpus, induced: Induced, places: Sequence[Occurrence], runs: Mapping[str, Sequence[Run]]
) -> Iterator[Match]:
    """With a task left out no minimum of support counts: three tasks leave two, and one may be all that shows a run."""
    loops = frozenset(number for number, step in enumerate(induced.pattern) if step.loop)
    left = Rigour(cases=2, several=0, covered=0, loops=loops)
    tasks = list(runs)
    for fold in range(min(FOLDS, len(tasks))):
        out = set(tasks[fold::FOLDS])
        kept = [place for place in places if place.run.task not in out]
        without = induce(corpus, kept, len(induced.pattern), left)
        if without is not None:
            replayer = Replayer(build(without), corpus.schemas)
            for task in tasks[fold::FOLDS]:
                for run in runs[task]:
                    yield from replayer.matches(run)


def _matches(replayer: Replayer, run: Run) -> tuple[Match, ...]:
    return tuple(replayer.matches(run))


def _learned_from(corpus: Corpus, places: Sequence[Occurrence]) -> Mapping[str, Sequence[Run]]:
    """All runs of the tasks, in the order of the tasks' first places."""
    tasks = dict.fromkeys(place.run.task for place in places)
    return {task: corpus.parts[part_of(task)].by_task[task] for task in tasks}
