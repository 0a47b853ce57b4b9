"""How good the miner is on a file of traces: `python -m tests.benchmarks.mining [FILE] [--folds 5]`.

The tasks are split into folds, and what is mined from the others is held against each fold; without a file, traces of
simulated workplaces are taken. Printed are, over all folds:

- saved: the share of the calls that skills replace inside a turn, where the recorded calls are reproduced and the
  parameters had been said or seen; what a run saves is one less than the calls it makes, over the best cover;
- false: the share of skills that in held-out tasks make other calls than recorded (more often than 5 %), need
  parameters that nobody knew (more than 10 %), determine less than a third of the arguments, or whose first call is
  followed by the rest in less than 20 %;
- exact, bindable, determined, commit: as FORMAT.md defines them, over all matches, or over skills (commit);
  "in task" counts the rest as following also when other calls and messages stand between;
- what a few tasks teach, as a share of what all but one fold teach.
"""

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from bot.domain.trace import Trace
from bot.learning.mining import Candidate, Match, Replay, mine, replay
from bot.learning.mining.canonical import Run, canonical
from bot.learning.mining.selecting import Use, cover
from bot.learning.traces import read

CURVE = (3, 5, 10, 20, 40)
"""Tasks to learn from, for the learning curve."""


@dataclass(frozen=True, slots=True)
class Held:
    """One skill on tasks that it was not mined from."""

    skill: Candidate
    replay: Replay
    matches: Sequence[Match]
    commit_in_task: float

    @property
    def false(self) -> bool:
        found = self.replay
        return found.exact < 0.95 or found.bindable < 0.9 or found.determined < 1 / 3 or found.commit < 0.2


def main() -> None:
    """Print the figures."""
    arguments = _arguments()
    traces = _traces(arguments.file)
    folds = _folds(traces, arguments.folds)
    print(f"{len(traces)} traces, {len({trace.task for trace in traces})} tasks, {arguments.folds} folds by task")
    held, saved, seconds = [], [], []
    for fold in folds:
        train = [trace for trace in traces if trace.task not in fold]
        start = time.perf_counter()
        report = mine(train)
        seconds.append(time.perf_counter() - start)
        test = [trace for trace in traces if trace.task in fold]
        found = [_held(skill, test) for skill in report.skills]
        held += found
        saved.append(saving(found, test))
        print("  " + ", ".join(f"{each.skill.name} ({each.replay.matches})" for each in found))
    _print_shares(held, saved, seconds)
    _print_curve(traces, folds, mean(saved))


def saving(held: Sequence[Held], test: Sequence[Trace]) -> float:
    """The share of all calls that the skills save: the best cover of each segment, one call for what a use makes."""
    runs = [canonical(trace) for trace in test]
    uses: dict[tuple[str, int], list[Use]] = defaultdict(list)
    for number, each in enumerate(held):
        for match in each.matches:
            if match.exact and match.known == match.parameters:
                uses[match.trace, match.said].append(Use(match.places.start, match.places.stop, number))
    every = frozenset(range(len(held)))
    won = sum(use.saves for there in uses.values() for use in cover(tuple(sorted(there)), every))
    return won / max(1, sum(len(segment.calls) for run in runs for segment in run.segments))


def _held(skill: Candidate, test: Sequence[Trace]) -> Held:
    shares, matches = replay(skill.procedure, test)
    tools = [str(step.tool) for step in skill.procedure.steps]
    return Held(skill, shares, matches, _in_task(tools, [canonical(trace) for trace in test]))


def _in_task(tools: Sequence[str], runs: Iterable[Run]) -> float:
    first = follows = 0
    for run in runs:
        called = [call.tool for segment in run.segments for call in segment.calls]
        for place, tool in enumerate(called):
            if tool == tools[0]:
                rest = iter(called[place + 1 :])
                first += 1
                follows += all(wanted in rest for wanted in tools[1:])
    return follows / first if first else 1.0


def _print_shares(held: Sequence[Held], saved: Sequence[float], seconds: Sequence[float]) -> None:
    matches = [match for each in held for match in each.matches]
    used = [each for each in held if each.matches]
    print(f"mined in {mean(seconds):.2f} s; {len(held) / len(saved):.1f} skills a fold")
    print(f"saved inside turns     {mean(saved):.3f}  (least {min(saved):.3f}, most {max(saved):.3f})")
    print(f"false skills           {_share(sum(each.false for each in used), len(used)):.3f}")
    print(
        f"matches exact          {_share(sum(match.exact for match in matches), len(matches)):.3f}  of {len(matches)}"
    )
    known, parameters = sum(match.known for match in matches), sum(match.parameters for match in matches)
    print(f"parameters bindable    {_share(known, parameters):.3f}")
    determined = sum(match.determined for match in matches)
    print(f"arguments determined   {_share(determined, sum(match.arguments for match in matches)):.3f}")
    print(f"commit                 {mean([each.replay.commit for each in used] or [1.0]):.3f}")
    print(f"commit in task         {mean([each.commit_in_task for each in used] or [1.0]):.3f}")


def _print_curve(traces: Sequence[Trace], folds: Sequence[set[str]], plateau: float) -> None:
    for size in CURVE:
        saved = []
        for number, fold in enumerate(folds):
            test = [trace for trace in traces if trace.task in fold]
            tasks = sorted({trace.task for trace in traces} - fold)
            for draw in range(5):
                taken = set(random.Random(100 * number + draw).sample(tasks, min(size, len(tasks))))
                report = mine([trace for trace in traces if trace.task in taken])
                saved.append(saving([_held(skill, test) for skill in report.skills], test))
        print(f"from {size:>3} tasks: {mean(saved):.3f} saved, {_share(mean(saved), plateau):.0%} of the plateau")


def _folds(traces: Sequence[Trace], count: int) -> list[set[str]]:
    tasks = sorted({trace.task for trace in traces})
    random.Random(0).shuffle(tasks)
    return [set(tasks[number::count]) for number in range(count)]


def _traces(file: Path | None) -> list[Trace]:
    if file is None:
        from tests.learning.workplaces import everyday

        return everyday(random.Random(0), tasks=120)
    with file.open("rb") as lines:
        return list(read(lines).traces)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    return parser.parse_args()


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


if __name__ == "__main__":
    main()
