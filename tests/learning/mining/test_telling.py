"""Why a refused sequence's arguments are left to the caller."""

from random import Random

from bot.learning.mining import Report, mine
from tests.learning.workplaces import Desk, token, traces_of


def reasons(report: Report, *tools: str) -> list[str]:
    return [reason for refusal in report.refused if refusal.tools == tools for reason in refusal.reasons]


def test_a_refusal_tells_which_output_held_an_argument_and_why_it_is_no_reference() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, parts = token(random), [{"part": token(random), "size": token(random)} for _ in range(4)]
        desk.say(f"About {key}.")
        desk.call("get_box", {"parts": parts}, key=key)
        desk.call("get_part", "ok", part=random.choice(parts)["part"])

    told = "`part` of `get_part` could be ${steps.box.parts[].part}, but it is one of several values there: "
    report = mine(traces_of(work, Random(1), 8))
    assert report.skills == ()
    assert told + "which one is a decision" in reasons(report, "get_box", "get_part")


def test_what_was_thought_of_an_element_names_no_value() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, kinds = token(random), ("red", "blue", "grey", "black", "white", "green")
        parts = [{"kind": kind, "part": token(random)} for kind in kinds]
        desk.say(f"About the blue of {key}.")
        desk.call("get_box", {"parts": parts}, key=key)
        desk.call("get_part", "ok", part=parts[1]["part"])

    told = reasons(mine(traces_of(work, Random(1), 8)), "get_box", "get_part")
    assert any("steps.box.parts" in reason for reason in told)
    assert not any("blue" in reason for reason in told)
