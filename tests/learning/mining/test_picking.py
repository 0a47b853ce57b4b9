"""One element of a list, told from the others by what a field of it reads."""

from random import Random

import pytest

from bot.domain.json import JSON
from bot.learning.mining import mine
from bot.learning.mining.building import expression
from bot.learning.mining.naming import Names
from bot.learning.mining.pattern import Reference
from bot.learning.mining.places import EACH, Pick, at
from bot.skills.expressions import evaluate
from tests.learning.workplaces import Desk, Work, token, traces_of

KINDS = ("savings", "checking", "travel", "shared", "business", "joint")
FROM_SAVINGS = "${steps.accounts[?kind=='savings'] | [0].id}"


def accounts(random: Random, **more: JSON) -> list[dict[str, JSON]]:
    """One of each kind, in any order."""
    return [{"kind": kind, "id": token(random), **more} for kind in random.sample(KINDS, len(KINDS))]


def balance(said: str, kind: str = "savings", tool: str = "get_balance", **more: JSON) -> Work:
    """A person's accounts are listed, and the balance of the one of a kind is read."""

    def work(desk: Desk, random: Random) -> None:
        person, listed = token(random), accounts(random, **more)
        chosen = kind or random.choice(KINDS)
        desk.say(said.format(person=person, kind=chosen))
        desk.call("list_accounts", listed, person=person)
        desk.call(tool, random.randint(1, 9999), account_id=next(a["id"] for a in listed if a["kind"] == chosen))

    return work


def origins(work: Work, count: int = 12) -> list[str]:
    """Where the argument of the last call comes from, in each skill that was found."""
    report = mine(traces_of(work, Random(3), count))
    return [found.origin for skill in report.skills for key, found in skill.explained.items() if "account_id" in key]


def test_the_element_is_picked_by_the_field_that_tells_it() -> None:
    assert origins(balance("What has {person} put aside?")) == [FROM_SAVINGS]


def test_the_skill_expects_the_element_that_it_picks() -> None:
    report = mine(traces_of(balance("What has {person} put aside?"), Random(3), 12))
    (skill,) = report.skills
    assert skill.replay.exact == 1
    assert skill.procedure.steps[0].expect == {
        "type": "array",
        "contains": {
            "type": "object",
            "required": ["kind", "id"],
            "properties": {"kind": {"const": "savings"}, "id": {"type": "string"}},
        },
    }


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(balance("The {kind} of {person}, please.", kind=""), id="another one each time"),
        pytest.param(balance("The {kind} of {person}, please."), id="the person said which one"),
    ],
)
def test_what_a_person_chooses_is_a_decision(work: Work) -> None:
    assert not any("[?" in origin for origin in origins(work))


def test_what_the_tool_itself_names_may_be_said() -> None:
    assert origins(balance("The {kind} of {person}, please.", tool="savings__get_balance")) == [FROM_SAVINGS]


def test_few_lists_are_an_accident() -> None:
    assert not any("[?" in origin for origin in origins(balance("What has {person} put aside?"), count=3))


@pytest.mark.parametrize("key", ["kind", "a key", "it's"])
def test_the_place_and_the_expression_give_the_same(key: str) -> None:
    listed = [{key: "one", "id": 1}, {key: "two", "id": 2}, {key: "two", "id": 3}, "two", 7]
    assert at({"all": listed}, ("all", Pick(key, "two"), "id")) == [2]
    assert at({"all": listed}, ("all", Pick(key, "three"), "id")) == []
    assert at({"all": listed}, ("all", EACH, "id")) == [1, 2, 3]
    written = expression(Reference(0, ("all", Pick(key, "two"), "id")), Names(("x",), ()))
    assert evaluate(written, {"steps": {"x": {"all": listed}}, "parameters": {}}) == 2


def handed(said: str) -> Work:
    """A token out of one tool opens the next piece of work."""

    def work(desk: Desk, random: Random) -> None:
        secret, numbers = token(random) + token(random), [token(random) for _ in range(3)]
        desk.say(said.format(secret=secret))
        desk.call("sign_in", {"access_token": secret})
        desk.say("Which playlists are there?")
        desk.call("list_playlists", {"playlists": numbers}, access_token=secret)
        for number in numbers:
            desk.call("get_playlist", {"title": token(random)}, playlist_id=number)

    return work


def test_a_secret_may_be_handed_on_from_a_tool_but_not_from_a_person() -> None:
    (skill,) = mine(traces_of(handed("Sign in."), Random(3), 12)).skills
    assert list(skill.procedure.parameters) == ["access_token"]
    report = mine(traces_of(handed("Sign in with {secret}."), Random(3), 12))
    assert not report.skills
    assert any("`access_token` would carry a secret" in refusal.reasons for refusal in report.refused)
