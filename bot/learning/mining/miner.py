"""The whole method, from traces to a report."""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice

from bot.domain.trace import Trace
from bot.learning.mining.candidates import Proven, Shown, candidate, refusal, shown
from bot.learning.mining.contribution import Contribution, contribute
from bot.learning.mining.corpus import Corpus, Part, gathered
from bot.learning.mining.explanation import Rigour
from bot.learning.mining.fitting import fits
from bot.learning.mining.gates import proof, structure
from bot.learning.mining.induce import Induced, induce
from bot.learning.mining.memory import Memory
from bot.learning.mining.pattern import Pattern
from bot.learning.mining.proving import prove
from bot.learning.mining.report import Candidate, Refusal, Report, Taken
from bot.learning.mining.selecting import Shape, Shapes, Use, added, cost, select, shapes_of
from bot.learning.mining.sequences import (
    Occurrence,
    Sequences,
    Standing,
    Tools,
    by_task,
    frequent,
    related,
    support_needed,
)
from bot.learning.mining.support import support
from bot.learning.mining.telling import unexplained
from bot.words import Sentence, decimal

NOTHING = Taken()
MOST_TASKS = 60
"""Tasks that one procedure is learned from: more teach nothing new, and leave fewer to replay it on."""
MOST_PLACES = 3
"""Places of one task that a procedure is learned from."""


def mine(traces: Iterable[Trace], *, min_tasks: int = 3, taken: Taken = NOTHING) -> Report:
    """Find the procedures in one scope's traces. `min_tasks` is the least support, which grows with the corpus."""
    return mine_gathered(map(contribute, traces), min_tasks=min_tasks, taken=taken)


def mine_gathered(
    contributions: Iterable[Contribution],
    *,
    min_tasks: int = 3,
    taken: Taken = NOTHING,
    memory: Memory | None = None,
) -> Report:
    """The same, from what the traces gave. `memory`: that of the last report over nearly the same contributions."""
    memory = memory or Memory()
    memory.begin()
    with uncollected():
        return _mine(gathered(contributions, memory), min_tasks, taken)


def _mine(indexed: Corpus, min_tasks: int, taken: Taken) -> Report:
    sequences = frequent(indexed, min_tasks)
    weighed = {tools: _weigh(indexed, tools, places, min_tasks) for tools, places in sequences.items()}
    proven = [found for found in weighed.values() if isinstance(found, Proven)]
    refused = [found for found in weighed.values() if isinstance(found, Refusal) and _closed(found.tools, sequences)]
    if taken.narrow:
        narrow = [found for found in proven if _fingerprint(indexed, found) in taken.narrow]
        refused += [refusal(found, Sentence("people found it too narrow")) for found in narrow]
        proven = [found for found in proven if found not in narrow]
    costs = [cost(len(found.tools), related(indexed, found.tools), writes=bool(found.writes)) for found in proven]
    shapes = _shapes(indexed, proven)
    chosen = select(costs, shapes)
    skills: list[Candidate] = []
    for number in chosen:
        made = candidate(indexed, proven[number], {skill.name for skill in skills})
        if isinstance(made, Candidate) and made.fingerprint not in taken.held:
            skills.append(made)
        else:
            known = Sentence("it is known: live, waiting for a decision, or refused before")
            refused.append(made if isinstance(made, Refusal) else refusal(proven[number], known))
    for number in set(range(len(proven))) - set(chosen):
        more = added(shapes, frozenset(chosen), number)
        refused.append(refusal(proven[number], _passed_over(more, costs[number])))
    refused.sort(key=lambda found: (-len(found.support), found.tools))
    return Report(indexed.traces, indexed.tasks, tuple(skills), tuple(refused))


def _fingerprint(corpus: Corpus, proven: Proven) -> str:
    made = candidate(corpus, proven, ())
    return made.fingerprint if isinstance(made, Candidate) else ""


def _weigh(corpus: Corpus, tools: Tools, places: Mapping[Part, Standing], min_tasks: int) -> Proven | Refusal:
    """Generalise a frequent sequence, and hold it against every gate."""
    learned = _sample(places)
    traces = tuple(sorted({place.run.trace for place in learned}))
    induced, reasons = _learn(corpus, learned, len(tools), min_tasks)
    if induced is None or reasons:
        return Refusal(tools, traces, reasons)
    fitting = _fitting(corpus, induced.pattern, places)
    tasks, needed = sum(there.tasks for there in fitting.values()), support_needed(corpus, tools, min_tasks)
    if tasks < needed:
        few = Sentence("its calls are explained in {tasks} tasks: {needed:.0f} are needed", tasks=tasks, needed=needed)
        return Refusal(tools, traces, (few,))
    proved = prove(corpus, induced, learned)
    if reasons := tuple(proof(proved, induced.pattern, min_tasks)):
        return Refusal(tools, traces, (*reasons, *unexplained(induced)))
    return Proven(tools, induced, proved.replay, fitting)


def _learn(
    corpus: Corpus, places: Sequence[Occurrence], length: int, min_tasks: int
) -> tuple[Induced | None, tuple[str, ...]]:
    """What the calls are generalised to, and what is wrong with it."""

    def work() -> tuple[Induced | None, tuple[str, ...]]:
        induced = induce(corpus, places, length, Rigour(min_tasks))
        if induced is None:
            return None, (Sentence("its calls stand in runs that no list explains"),)
        reasons = tuple(structure(induced, min_tasks))
        more = (*induced.unfolded, *unexplained(induced)) if reasons else ()
        return induced, tuple(dict.fromkeys((*reasons, *more)))

    where = tuple((id(place.run), id(place.view), place.start) for place in places)
    asked = ("learn", where, length, min_tasks, id(corpus.schemas))
    return corpus.memory.once(asked, (places, corpus.schemas), work)


def _fitting(corpus: Corpus, pattern: Pattern, places: Mapping[Part, Standing]) -> Mapping[Part, Shown]:
    """Where the pattern makes the calls."""
    once = corpus.memory.once
    same = once(("pattern", pattern), None, lambda: pattern)
    loops = [step.loop is not None for step in pattern]

    def work(there: Standing) -> Shown:
        found = (support(place, loops) for place in there.places)
        return shown([each for each in found if each is not None and fits(pattern, each)])

    return {
        part: once(("fits", id(same), id(there)), (same, there), partial(work, there)) for part, there in places.items()
    }


def _sample(standing: Mapping[Part, Standing]) -> list[Occurrence]:
    return [place for places in islice(by_task(standing), MOST_TASKS) for place in places[:MOST_PLACES]]


def _shapes(corpus: Corpus, proven: Sequence[Proven]) -> Shapes:
    """What could be used in each segment."""
    shapes: dict[Shape, list[str]] = defaultdict(list)
    for part in corpus.parts.values():
        there = [(number, found.shown[part]) for number, found in enumerate(proven) if part in found.shown]
        asked = ("shapes", *((number, id(found)) for number, found in there))
        for shape, tasks in corpus.memory.once(asked, there, partial(_shapes_of, there)).items():
            shapes[shape] += tasks
    return shapes


def _shapes_of(shown: Iterable[tuple[int, Shown]]) -> Shapes:
    """The same of one part. `shown`: of each candidate that stands there, with its number."""
    uses: dict[tuple[str, int], set[Use]] = defaultdict(set)
    for number, there in shown:
        for segment, task, calls in there.uses:
            uses[task, id(segment)].add(Use(calls.start, calls.stop, number))
    return shapes_of((task, tuple(sorted(found))) for (task, _), found in uses.items())


def _passed_over(more: int, needed: float) -> Sentence:
    """Why a procedure that passed the gates was not chosen: it would save so many calls `more`."""
    if more <= 0:
        return Sentence("the chosen procedures do the same work in as few calls")
    calls = Sentence("1 call") if more == 1 else Sentence("{count} calls", count=more)
    return Sentence(
        "beside the chosen procedures it would save {calls}, and its steps must save {needed}",
        calls=calls,
        needed=decimal(needed),
    )


def _closed(tools: Tools, sequences: Sequences) -> bool:
    """Whether no longer sequence stands at as many places: else its own refusal says the same."""
    longer = (found for found in sequences if len(found) == len(tools) + 1 and tools in (found[1:], found[:-1]))
    return all(_places(sequences[found]) < _places(sequences[tools]) for found in longer)


def _places(standing: Mapping[Part, Standing]) -> int:
    return sum(len(there.places) for there in standing.values())


@contextmanager
def uncollected() -> Iterator[None]:
    """Millions of plain values and no cycles among them: the collector would find nothing, for a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
