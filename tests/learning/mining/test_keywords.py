"""Keywords of a trigger without a model: words that most requests share."""

from random import Random

from bot.learning.mining import mine
from tests.learning.workplaces import Desk, Work, token, traces_of


def keywords(said: Work, tasks: int) -> tuple[str, ...]:
    (skill,) = mine(traces_of(said, Random(1), tasks)).skills
    assert skill.procedure.trigger is not None
    return tuple(skill.procedure.trigger.keywords)


def named(*names: str) -> Work:
    """People who say their names, and look at a box."""
    waiting = list(names)

    def work(desk: Desk, random: Random) -> None:
        key, box = token(random), token(random)
        desk.say(f"{waiting.pop(0)}, about the parcel {key}.")
        desk.call("get_key", {"box": box}, key=key)
        desk.call("get_box", "ok", box=box)

    return work


def test_a_word_of_two_requests_in_three_is_no_keyword() -> None:
    assert keywords(named("Quentin", "Quentin", "Rosalind"), 3) == ("parcel",)


def test_a_word_of_most_requests_is_a_keyword() -> None:
    assert keywords(named(*["Quentin"] * 3, *["Rosalind"] * 2), 5) == ("parcel", "quentin")


def test_what_an_address_is_made_of_is_no_keyword() -> None:
    names = [f"{name}@example.com or https://example.com/{name}" for name in ("ana", "ben", "chen", "dana")]
    assert keywords(named(*names), 4) == ("parcel",)


def test_how_a_file_is_told_is_no_keyword() -> None:
    marks = [f'Hi\n<file path="files/telegram_7/{name}.csv" type="text/csv"/>\n' for name in ("a", "b", "c", "d")]
    assert keywords(named(*marks), 4) == ("parcel",)
