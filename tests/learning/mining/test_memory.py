"""What one report worked out serves the next, and the next alone."""

from random import Random

from bot.learning.mining import Memory, contribute, mine, mine_gathered
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


def test_a_report_after_one_more_trace_is_the_one_of_mining_at_once() -> None:
    traces = everyday(Random(5), 60)
    given, memory = [contribute(trace) for trace in traces], Memory()
    for count in (54, 55, 60, 58):
        assert repr(mine_gathered(given[:count], memory=memory)) == repr(mine(traces[:count]))
