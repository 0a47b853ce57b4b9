"""Leaving tasks out: what was learned from a task proves nothing about it."""

from random import Random

from bot.learning.mining import mine
from bot.learning.mining.corpus import corpus
from bot.learning.mining.explanation import Rigour
from bot.learning.mining.induce import induce
from bot.learning.mining.matches import Replay
from bot.learning.mining.miner import MOST_TASKS
from bot.learning.mining.proving import MOST_MATCHES, Proof, prove
from bot.learning.mining.sequences import by_task, frequent
from bot.learning.traces import Trace
from tests.learning import workplaces
from tests.learning.workplaces import Desk, token, traces_of


def proven(traces: list[Trace]) -> Proof:
    whole = corpus(traces)
    tools, standing = max(frequent(whole, 3).items(), key=lambda pair: len(pair[0]))
    places = [place for task in by_task(standing) for place in task]
    induced = induce(whole, places, len(tools), Rigour(3))
    assert induced is not None
    return prove(whole, induced, places)


def test_each_task_is_replayed_by_what_the_others_teach() -> None:
    def work(desk: Desk, random: Random) -> None:
        number = len(made)
        made.append(number)
        report = f"{2030 + number // 5}/{token(random)}"
        desk.say(f"Show me {report}.")
        desk.call("get_report", {"chart": token(random)}, path=f"reports/{report}")
        desk.call("get_chart", "chart", chart=desk.messages[-1]["content"][11:-2])

    made: list[int] = []
    traces = traces_of(work, Random(1), 6)
    # Five of one year and one of another: from the five alone the year looks like a part of the fixed text.
    assert proven(traces) == Proof(Replay(6, 5 / 6, 1, 1 / 2, 1), 1)


def test_a_loop_that_one_task_alone_shows_is_a_loop_with_that_task_left_out() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, parts = token(random), [token(random) for _ in range(1 if made else 3)]
        made.append(key)
        desk.say(f"What of {key}?")
        desk.call("get_box", {"parts": parts}, box=key)
        for part in parts:
            desk.call("get_part", "ok", part=part)

    made: list[str] = []
    assert proven(traces_of(work, Random(1), 3)).replay == Replay(3, 1, 1, 5 / 8, 1)


def test_what_the_agent_guessed_in_one_task_is_left_aside() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, box = token(random), token(random)
        made.append(key)
        desk.say("What is it?" if len(made) <= guessed else f"What of {key}?")
        desk.call("get_key", {"box": box}, key=key)
        desk.call("get_box", "ok", box=box)

    made: list[str] = []
    guessed = 1
    found = proven(traces_of(work, Random(1), 4))
    assert (found.replay.bindable, found.bindable_but_for_one) == (3 / 4, 1)
    made, guessed = [], 2
    found = proven(traces_of(work, Random(1), 4))
    assert (found.replay.bindable, found.bindable_but_for_one) == (1 / 2, 2 / 3)


def test_tasks_that_nothing_was_learned_from_are_replayed_too() -> None:
    traces = traces_of(workplaces.shop, Random(1), MOST_TASKS + 20)
    (skill,) = mine(traces).skills
    assert (skill.tasks, skill.replay.matches) == (MOST_TASKS + 20, MOST_TASKS + 20)
    assert len(skill.procedure.provenance.tasks) == MOST_TASKS


def test_of_very_many_matches_some_are_enough() -> None:
    (skill,) = mine(traces_of(workplaces.tickets, Random(1), 500)).skills
    assert skill.tasks == 500
    assert MOST_MATCHES <= skill.replay.matches < 500
