"""How good and how fast the miner is: `python -m tests.benchmarks.mining [FILE] [--folds 5] [--traces 10000]`.

The tasks of a file of traces are split into folds, and what is mined from the others is held against each fold;
without a file, traces of simulated workplaces are taken (tests/learning/workplaces.py). Saved are the calls that
skills replace inside a turn, where the recorded calls are reproduced and the parameters had been said or seen; what a
use saves is one less than the calls it makes, over the best cover. A skill is false if, in held-out tasks, it makes
other calls than recorded (more often than 5 %), needs parameters that nobody knew (more than 10 %), determines less
than a third of the arguments, or its first call is followed by the rest in less than 20 %. It is contaminated if it
holds a value out of calls or results that most tasks do not have, and covered if the others save as much without it.
The other shares are FORMAT.md's.
"""

import argparse
import json
import random
import re
import resource
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

from bot.domain.json import JSON
from bot.domain.skill import Provenance, Skill
from bot.domain.trace import Trace
from bot.learning.mining import Candidate, Match, Replay, mine, replay
from bot.learning.mining.canonical import Run, canonical
from bot.learning.mining.corpus import corpus
from bot.learning.mining.evidence import CONVINCING, form_bits
from bot.learning.mining.selecting import Use, cover
from bot.learning.mining.sequences import frequent
from bot.learning.traces import read
from bot.skills import format
from tests.benchmarks.figure import Figure
from tests.learning.workplaces import everyday

CURVE = (3, 5, 10, 20, 40)
"""Tasks to learn from, for the learning curve."""
DRAWS = 3
"""Draws of that many tasks for each fold."""


@dataclass(frozen=True, slots=True)
class Held:
    """One skill on tasks that it was not mined from; `in_task`: commit if anything may stand between."""

    skill: Candidate
    replay: Replay
    matches: Sequence[Match]
    in_task: float

    @property
    def false(self) -> bool:
        found = self.replay
        return found.exact < 0.95 or found.bindable < 0.9 or found.determined < 1 / 3 or found.commit < 0.2


@dataclass(frozen=True, slots=True)
class Fold:
    """What was mined from the other folds, on this one."""

    test: Sequence[Trace]
    held: Sequence[Held]
    by_names: float
    """Share of the calls that frequent sequences of tools would save, whatever their arguments."""

    @property
    def saved(self) -> float:
        return saving(self.held, self.test)

    def own(self, each: Held) -> float:
        """What is saved with a skill and not without it."""
        return self.saved - saving([other for other in self.held if other is not each], self.test)


def quality(traces: Sequence[Trace], count: int) -> Iterator[Figure]:
    """The figures over so many folds by task."""
    tasks = sorted({trace.task for trace in traces})
    random.Random(0).shuffle(tasks)
    folds = [set(tasks[number::count]) for number in range(count)]
    done = [_fold(traces, fold) for fold in folds]
    saved, names = mean(fold.saved for fold in done), mean(fold.by_names for fold in done)
    yield Figure(
        "calls saved inside turns", saved, "of all", f"names of tools alone would claim {names:.2f}", least=0.18
    )
    yield from _shares([each for fold in done for each in fold.held if each.matches], count)
    yield _covered(done)
    yield _contaminated(done, traces)
    noised = _share(mean(_from_noised(traces, fold) for fold in folds), saved)
    yield Figure("of it from noised traces", noised, "of all", "a tenth of the calls fails, a tenth is strange")
    for size in CURVE:
        few = mean(_from(traces, fold, size, draw) for fold in folds for draw in range(DRAWS))
        share = few / saved if saved else 1.0
        yield Figure(f"of it from {size} tasks", share, "of all", f"{len(tasks) - len(tasks) // count} tasks give all")


def _shares(used: Sequence[Held], folds: int) -> Iterator[Figure]:
    matches = [match for each in used for match in each.matches]
    false = _share(sum(each.false for each in used), len(used), of_none=0.0)
    yield Figure("false skills", false, "of all", f"{len(used) / folds:.1f} skills match in a fold", most=0.05)
    exact = _share(sum(match.exact for match in matches), len(matches))
    yield Figure("matches exact", exact, "of all", f"{len(matches)} matches", least=0.99)
    known, parameters = sum(match.known for match in matches), sum(match.parameters for match in matches)
    yield Figure("parameters bindable", _share(known, parameters), "of all", f"{parameters} parameters", least=0.9)
    arguments = sum(match.arguments for match in matches)
    determined = _share(sum(match.determined for match in matches), arguments)
    yield Figure("arguments determined", determined, "of all", f"{arguments} arguments", least=0.65)
    in_task = mean([each.in_task for each in used] or [1.0])
    commit = mean([each.replay.commit for each in used] or [1.0])
    yield Figure("commit", commit, "of first calls", f"{in_task:.2f} if anything may stand between", least=0.9)


def _covered(done: Sequence[Fold]) -> Figure:
    own: dict[str, float] = defaultdict(float)
    for fold in done:
        for each in fold.held:
            if each.matches:
                own[each.skill.fingerprint] += fold.own(each)
    covered = _share(sum(value <= 0 for value in own.values()), len(own), of_none=0.0)
    return Figure("covered by the others", covered, "of all", f"{len(own)} structures in all folds", most=0.0)


def _contaminated(done: Sequence[Fold], traces: Sequence[Trace]) -> Figure:
    values = telling(traces)
    found = [holds(each.skill, values) for fold in done for each in fold.held]
    share = _share(sum(found), len(found), of_none=0.0)
    return Figure("contaminated", share, "of all", f"{len(values)} values looked for", most=0.0)


def speed(count: int) -> Iterator[Figure]:
    """Time and memory for so many simulated traces."""
    traces = everyday(random.Random(1), count)
    calls = sum(len(message.get("tool_calls", ())) for trace in traces for message in trace.messages)
    before, start = _resident(), time.process_time()
    mine(traces)
    taken = time.process_time() - start
    yield Figure(f"mining {len(traces)} traces", taken, "s of one core", f"{calls} calls", most=20)
    yield Figure("memory for it", _resident(), "MB", f"{before:.0f} MB before", most=500)


def saving(held: Sequence[Held], test: Sequence[Trace]) -> float:
    """The share of all calls that the skills save: the best cover of each segment, one call for what a use makes."""
    uses: dict[tuple[str, int], list[Use]] = defaultdict(list)
    for number, each in enumerate(held):
        for match in each.matches:
            if match.exact and match.known == match.parameters:
                uses[match.trace, match.said].append(Use(match.places.start, match.places.stop, number))
    return _won(uses.values(), len(held)) / _calls(test)


def telling(traces: Sequence[Trace]) -> set[str]:
    """The values in calls and results, no accident by their form, that most tasks do not have."""
    tasks: dict[str, set[str]] = defaultdict(set)
    for run in map(canonical, traces):
        for call in (call for segment in run.segments for call in segment.calls):
            for value in (*_leaves(dict(call.arguments)), *_leaves(call.output)):
                tasks[value].add(run.task)
    most = len({trace.task for trace in traces}) / 2
    return {value for value, found in tasks.items() if form_bits(value) >= CONVINCING and len(found) < most}


def holds(skill: Candidate, values: set[str]) -> bool:
    """Whether any of these values stands in the skill's files as whole words, its origin apart."""
    procedure = replace(skill.procedure, provenance=Provenance("mined"))
    files = format.render(Skill(skill.name, skill.description, procedure))
    text = "".join(_spaced(file.decode()) for file in files.values())
    return any(_spaced(value) in text for value in values)


def _spaced(text: str) -> str:
    """The words of a text with a space before and after each."""
    return " ".join(["", *re.findall(r"[^_\W]+", text), ""])


def _leaves(value: JSON) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def noisy(trace: Trace) -> Trace:
    """The trace with a tenth of its calls failing before they succeed, and a call of its own after another tenth."""
    dice, messages = random.Random(trace.id), list[JSON]()
    for message in trace.messages:
        drawn = dice.random() if message.get("role") == "assistant" and message.get("tool_calls") else 1.0
        if drawn < 0.1:
            messages += _exchange(message["tool_calls"][0]["function"], "Error: try again", dice)
        elif drawn < 0.2:
            messages += _exchange({"name": "get_weather", "arguments": json.dumps({"of": dice.random()})}, "fine", dice)
        messages.append(message)
    return replace(trace, messages=tuple(messages))


def _exchange(function: JSON, content: str, dice: random.Random) -> list[JSON]:
    id_ = f"noise-{dice.getrandbits(32)}"
    call = {"id": id_, "type": "function", "function": function}
    answer = {"role": "tool", "tool_call_id": id_, "content": content}
    return [{"role": "assistant", "content": None, "tool_calls": [call]}, answer]


def _split(traces: Sequence[Trace], fold: set[str]) -> tuple[list[Trace], list[Trace]]:
    """What to learn from, and what to try it on."""
    return [trace for trace in traces if trace.task not in fold], [trace for trace in traces if trace.task in fold]


def _mined(train: Sequence[Trace], test: Sequence[Trace]) -> list[Held]:
    return [_held(skill, test) for skill in mine(train).skills]


def _fold(traces: Sequence[Trace], fold: set[str]) -> Fold:
    train, test = _split(traces, fold)
    return Fold(test, _mined(train, test), _by_names(train, test))


def _from_noised(traces: Sequence[Trace], fold: set[str]) -> float:
    train, test = _split(traces, fold)
    return saving(_mined([noisy(trace) for trace in train], test), test)


def _from(traces: Sequence[Trace], fold: set[str], size: int, draw: int) -> float:
    train, test = _split(traces, fold)
    tasks = sorted({trace.task for trace in train})
    taken = set(random.Random(draw).sample(tasks, min(size, len(tasks))))
    return saving(_mined([trace for trace in train if trace.task in taken], test), test)


def _held(skill: Candidate, test: Sequence[Trace]) -> Held:
    shares, matches = replay(skill.procedure, test)
    return Held(
        skill, shares, matches, _in_task([str(step.tool) for step in skill.procedure.steps], map(canonical, test))
    )


def _in_task(tools: Sequence[str], runs: Iterable[Run]) -> float:
    first = follows = 0
    for run in runs:
        called = [call.tool for segment in run.segments for call in segment.calls]
        for place, tool in enumerate(called):
            if tool == tools[0]:
                rest = iter(called[place + 1 :])
                first += 1
                follows += all(wanted in rest for wanted in tools[1:])
    return _share(follows, first)


def _by_names(train: Sequence[Trace], test: Sequence[Trace]) -> float:
    """What a plain n-gram miner claims: frequent sequences of tools, wherever they stand."""
    sequences = sorted(frequent(corpus(train), 3))
    uses: dict[tuple[str, int], list[Use]] = defaultdict(list)
    for run in map(canonical, test):
        for segment in run.segments:
            called = [call.tool for call in segment.calls]
            for number, tools in enumerate(sequences):
                for start in range(len(called) - len(tools) + 1):
                    if tuple(called[start : start + len(tools)]) == tools:
                        uses[run.trace, segment.said].append(Use(start, start + len(tools), number))
    return _won(uses.values(), len(sequences)) / _calls(test)


def _won(uses: Iterable[Sequence[Use]], count: int) -> int:
    every = frozenset(range(count))
    return sum(use.saves for there in uses for use in cover(tuple(sorted(there)), every))


def _calls(traces: Sequence[Trace]) -> int:
    return max(1, sum(len(segment.calls) for run in map(canonical, traces) for segment in run.segments))


def _resident() -> float:
    """The most memory that was in use, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _share(part: float, whole: float, of_none: float = 1.0) -> float:
    return part / whole if whole else of_none


def main() -> None:
    """Print the figures, and the skills that were found by how often they match."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--traces", type=int, default=10_000, help="traces for time and memory")
    given = parser.parse_args()
    traces = list(read(given.file.open("rb")).traces) if given.file else everyday(random.Random(0), 240)
    for figure in (*speed(given.traces), *quality(traces, given.folds)):
        print(figure, flush=True)


if __name__ == "__main__":
    main()
