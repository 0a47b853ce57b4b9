"""What one report worked out serves the next, and the next alone."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.learning.mining import Memory, contribute, mine, mine_gathered
from bot.learning.mining.corpus import called, corpus, gathered
from bot.learning.mining.sequences import related
from tests.learning.workplaces import everyday


def test_an_answer_is_kept_for_one_more_report() -> None:
    memory, worked = Memory(), []

    def ask(question: str) -> int:
        return memory.once(question, None, lambda: worked.append(question) or len(worked))

    assert [ask("a"), ask("b"), ask("a")] == [1, 2, 1]
    memory.begin()
    assert ask("a") == 1
    memory.begin()
    assert ask("a") == 1
    assert ask("b") == 3
    assert worked == ["a", "b", "b"]


def test_what_a_question_names_lives_as_long_as_its_answer() -> None:
    memory = Memory()
    names = [memory.once(id(about), about, lambda about=about: id(about)) for about in ([1] for _ in range(50))]
    assert len(set(names)) == 50  # a list that had gone would have left its place to the next


@settings(max_examples=3)
@given(st.integers(0, 10**6).map(Random))
def test_whatever_comes_and_goes_a_report_is_the_one_of_mining_at_once(random: Random) -> None:
    traces = [replace(trace, task=random.choice([trace.task, "trace-0"])) for trace in everyday(random, 30)]
    told, memory = {trace.id: contribute(trace) for trace in traces}, Memory()
    for count in (25, 26, random.randrange(31)):
        some = random.sample(traces, count)
        assert repr(mine_gathered([told[trace.id] for trace in some], memory=memory)) == repr(mine(some))


@pytest.mark.parametrize("parts", [1, 7])
def test_how_a_corpus_is_parted_changes_no_report(monkeypatch: pytest.MonkeyPatch, parts: int) -> None:
    traces = everyday(Random(5), 60)
    report = repr(mine(traces))
    monkeypatch.setattr("bot.learning.mining.contribution.PARTS", parts)
    assert repr(mine(traces)) == report


def test_one_more_trace_leaves_every_part_but_its_own_as_it_was() -> None:
    told, memory = [contribute(trace) for trace in everyday(Random(5), 60)], Memory()
    before = gathered(told[:-1], memory).parts.values()
    memory.begin()
    (new,) = set(gathered(told, memory).parts.values()) - set(before)
    assert told[-1] in new.given


def test_the_tasks_that_call_a_tool_add_up_over_parts() -> None:
    whole = corpus(everyday(Random(5), 60))
    runs = [run for part in whole.parts.values() for run in part.runs]
    for tool in called(runs):
        assert related(whole, (tool, tool)) == len({run.task for run in runs if tool in called([run])})
