"""Numbers that outputs spell as texts, and texts that outputs give as numbers."""

from random import Random

import pytest

from bot.domain.json import JSON
from bot.domain.skill import Skill
from bot.learning.mining import Report, mine
from bot.skills import format
from tests.learning.workplaces import Desk, Work, token, traces_of


def looked_up(found: JSON, given: str | int) -> Work:
    """A thing is found by its key, and read by the number that was found; `{n}` stands for the number."""

    def work(desk: Desk, random: Random) -> None:
        key, number = token(random), random.randrange(10**5, 10**6)
        desk.say(f"About {key}.")
        desk.call("find_user", filled(found, number), key=key)
        desk.call("get_user", "ok", user_id=filled(given, number))

    return work


def filled(value: JSON, number: int) -> JSON:
    if isinstance(value, dict):
        return {key: filled(inner, number) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, number) for inner in value]
    return number if value == 0 else value.format(n=number) if isinstance(value, str) else value


def origins(report: Report) -> list[str]:
    return [str(skill.procedure.steps[1].arguments["user_id"]) for skill in report.skills]


@pytest.mark.parametrize(
    ("found", "given", "origin"),
    [
        ("{n}", 0, "${steps.user | to_number(@)}"),
        ({"user_id": "{n}"}, 0, "${steps.user.user_id | to_number(@)}"),
        ({"user_id": 0, "age": 7}, "{n}", "${steps.user.user_id | to_string(@)}"),
        ({"user_id": 0}, 0, "${steps.user.user_id}"),
        ({"user_id": "{n}"}, "{n}", "${steps.user.user_id}"),
    ],
)
def test_numbers_and_texts(found: JSON, given: str | int, origin: str) -> None:
    report = mine(traces_of(looked_up(found, given), Random(1), 8))
    assert origins(report) == [origin]
    (skill,) = report.skills
    assert skill.replay.exact == 1
    files = format.render(Skill(skill.name, skill.description, skill.procedure))
    assert format.parse(skill.name, files).procedure == skill.procedure


@pytest.mark.parametrize(
    ("found", "given"),
    [
        ({"weight": 0}, "{n}"),
        ({"users": [{"user_id": 0}, {"user_id": 7}]}, "{n}"),
        ({"user_id": 0}, "u{n}"),
        ({"user_id": "0{n}"}, 0),
    ],
)
def test_another_field_one_of_several_and_another_spelling_are_none(found: JSON, given: str | int) -> None:
    assert origins(mine(traces_of(looked_up(found, given), Random(1), 8))) == []


def test_calls_of_one_message_did_not_know_each_other() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, number = token(random), random.randrange(10**5, 10**6)
        desk.say(f"About {key}.")
        desk.together([("find_user", {"key": key}, str(number)), ("get_user", {"user_id": number}, "ok")])

    assert mine(traces_of(work, Random(1), 8)).skills == ()
