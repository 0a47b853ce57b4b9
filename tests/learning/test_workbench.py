"""Mining in a process of its own: what it was told once it keeps, and the report is that of mining all at once."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.trace import Outcome, Trace
from bot.learning import workbench
from bot.learning.mining import Taken, contribute, mine
from bot.learning.workbench import Workbench
from tests.learning.workplaces import everyday

TRACES = {trace.id: trace for trace in everyday(Random(1), 60)}


class Told:
    """A scope's traces, and what was asked for of them."""

    def __init__(self) -> None:
        self.traces: dict[str, Trace] = {}
        self.asked: list[str] = []

    @property
    def marks(self) -> dict[str, str]:
        return {id: repr(trace.outcome) for id, trace in self.traces.items()}

    async def read(self, ids: Sequence[str]) -> list[Trace]:
        self.asked += ids
        return [self.traces[id] for id in ids if id in self.traces]


async def test_a_cycle_reads_what_is_new_or_has_changed_alone() -> None:
    told, mined = Told(), Workbench(3)
    told.traces = dict(list(TRACES.items())[:50])
    assert await mined("a", told.marks, told.read, Taken()) == mine(told.traces.values())
    assert sorted(told.asked) == sorted(told.traces)
    told.asked = []
    assert await mined("a", told.marks, told.read, Taken()) == mine(told.traces.values())
    assert told.asked == []
    told.traces |= TRACES
    first, *_, last = TRACES
    told.traces[first] = replace(TRACES[first], outcome=Outcome("failure", "judge"))
    assert await mined("a", told.marks, told.read, Taken()) == mine(told.traces.values())
    assert sorted(told.asked) == sorted({first, *list(TRACES)[50:]})
    del told.traces[last]
    (skill, *_) = (report := await mined("a", told.marks, told.read, Taken())).skills
    assert report == mine(told.traces.values())
    assert skill not in (await mined("a", told.marks, told.read, Taken(frozenset([skill.fingerprint])))).skills
    assert "a" not in workbench._scopes  # not in this process


async def test_scopes_are_apart_and_what_vanished_meanwhile_is_passed_over() -> None:
    one, other, mined = Told(), Told(), Workbench(3)
    one.traces, other.traces = dict(list(TRACES.items())[:20]), dict(list(TRACES.items())[10:40])
    await mined("one", one.marks, one.read, Taken())
    assert await mined("other", other.marks, other.read, Taken()) == mine(other.traces.values())
    assert len(other.asked) == 30
    marks = one.marks | {"gone": "1"}
    assert (await mined("one", marks, one.read, Taken())).traces == 20


def test_the_scopes_mined_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "_scopes", {})
    some = everyday(Random(1), 12)
    monkeypatch.setattr(workbench, "MOST_KEPT", sum(contribute(trace).size for trace in some) * 2.5)
    marks = {trace.id: "1" for trace in some}
    for scope in ("a", "b", "a", "c"):
        if workbench._lacking(scope, marks):
            workbench._take(scope, [("1", trace) for trace in some])
        workbench._report(scope, 3, Taken())
    assert list(workbench._scopes) == ["a", "c"]
    monkeypatch.setattr(workbench, "MOST_KEPT", 10)
    workbench._report("c", 3, Taken())
    assert workbench._scopes == {}


@settings(max_examples=6)
@given(st.permutations(list(TRACES)), st.lists(st.integers(0, 60), max_size=3))
def test_mining_step_by_step_gives_what_mining_at_once_gives(order: list[str], cuts: list[int]) -> None:
    workbench._scopes.clear()
    traces = [TRACES[id] for id in order]
    for end in [*sorted(cuts), len(order)]:
        marks = dict.fromkeys(order[:end], "1")
        for id in workbench._lacking("a", marks):
            workbench._take("a", [("1", TRACES[id])])
        report = workbench._report("a", 3, Taken())
        assert repr(report) == repr(mine(traces[:end]))
