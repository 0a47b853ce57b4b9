"""Instructions are written from some talks, compared blind on others, and proposed only if they win."""

import json
from typing import Any

import pytest

from bot.learning.prompting import Known, PromptReport, find
from bot.learning.prompting.comparing import Comparison
from bot.skills import format
from tests.learning.prompting.office import OFFICE, WRITTEN, Model, author, trace


async def found(model: Model, tokens: int = 200_000, known: Known | None = None, count: int = 10) -> PromptReport:
    return await find(author(model, tokens), OFFICE[:count], 3, known or Known(), "telegram:7")


async def test_what_wins_becomes_a_procedure_of_one_prompt() -> None:
    model = Model()
    report = await found(model)
    [won] = report.found
    assert (won.written_from, won.compared, won.tokens) == (4, Comparison(6, 6, 0), 13 * 350)
    assert report.tried == {won.shape.fingerprint: 10}
    assert won.skill.scope == "telegram:7"
    assert format.parse(won.skill.name, format.render(won.skill)).procedure == won.skill.procedure
    [step] = won.skill.procedure.steps if won.skill.procedure else ()
    assert step.prompt == f"{WRITTEN['instructions']}\n\nThe request:\n${{parameters.request}}"


async def test_it_is_compared_where_it_was_not_written_from_and_the_order_says_nothing() -> None:
    model, again = Model(), Model()
    await found(model)
    await found(again)
    assert model.judged == again.judged
    shown, *rest = model.asked
    answers = [text for text in rest if "First answer" not in text]
    topics = [text.split("meeting on the ")[1].split(",")[0] for text in answers]
    assert len(set(topics)) == 6
    assert not [topic for topic in topics if topic in shown]
    assert {first == model.answer for first, _ in model.judged} == {True, False}


@pytest.mark.parametrize(
    ("favours", "answer", "told"),
    [(4, "Decided.", "4 of 6"), (99, "tie", "0 of 6"), (0, "Decided.", "0 of 6")],
)
async def test_what_does_not_win_is_refused_and_not_tried_again(favours: int, answer: str, told: str) -> None:
    report = await found(Model(answer=answer, favours=favours))
    assert report.found == ()
    [(words, reason)] = report.refused
    assert words == "asked with 'meeting', then 'decision'"
    assert told in reason
    model = Model()
    again = await found(model, known=Known(tried=report.tried))
    assert model.asked == []
    assert "was tried" in again.refused[0][1]
    [fingerprint] = report.tried
    grown = await found(Model(), known=Known(tried={fingerprint: 6}))
    assert len(grown.found) == 1


async def test_five_of_six_win() -> None:
    [won] = (await found(Model(favours=5))).found
    assert won.compared == Comparison(6, 5, 0)
    low, high = won.compared.interval
    assert 0.5 < low < 5 / 6 < high < 1


@pytest.mark.parametrize(
    ("count", "won", "better"),
    [
        (2, 2, False),
        (3, 3, True),
        (4, 3, False),
        (5, 4, False),
        (6, 5, True),
        (7, 5, False),
        (9, 7, True),
        (0, 0, False),
    ],
)
def test_the_margin(count: int, won: int, better: bool) -> None:
    found = Comparison(count, won, 0)
    assert found.better is better
    low, high = found.interval
    assert (low > 0.5) is better
    assert low < high


async def test_a_known_shape_and_too_few_talks_cost_nothing() -> None:
    [won] = (await found(Model())).found
    for known, count, reason in [
        (Known(taken=[won.shape.fingerprint]), 10, "it is known"),
        (Known(), 5, "3 to write from and 3 to compare on"),
    ]:
        model = Model()
        report = await found(model, known=known, count=count)
        assert (report.found, model.asked) == ((), [])
        assert reason in report.refused[0][1]


async def test_a_cycle_writes_from_two_shapes_at_most() -> None:
    kinds = ("poem about rain", "recipe with beans", "letter to landlords")
    requests = [kind for kind in kinds for _ in range(6)]
    traces = [trace(n, ("user", text), ("assistant", "x" * 40)) for n, text in enumerate(requests)]
    written = [
        {**WRITTEN, "name": name, "condition": "The person asks for a poem, a recipe or a letter."} for name in "ab"
    ]
    model = Model([{**each, "keywords": ["poem"]} for each in written])
    report = await find(author(model), traces, 3, Known(), "telegram:7")
    assert len([text for text in model.asked if "Talks:" in text]) == 2
    assert (len(report.found), len(report.tried), report.refused) == (2, 2, ())


async def test_the_budget_ends_it() -> None:
    none = await found(Model(), tokens=0)
    assert none == PromptReport()
    model = Model()
    cut = await found(model, tokens=3_000)
    assert cut.found == ()
    assert 1 < len(model.asked) < 13


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"instructions": "Put Zoltan3 first and keep it short."}, "Zoltan3 belongs to one of the requests"),
        ({"instructions": "Use ${steps.x} and keep it short."}, "without ${"),
        ({"instructions": "Send it to ana@shop.test and keep it short."}, "an e-mail address"),
        ({"instructions": "Sign as Zoë Ng and keep it short."}, "a person's name"),
        ({"description": "Sends the summary of a meeting."}, "does not send anything"),
        ({"condition": "The person asks for something."}, "does not tell when"),
        ({"name": "Meeting Summary"}, "joined by single hyphens"),
        ({"example": "Shorter please, and the decision first."}, ""),
        ({"example": "write a summary of our meeting on the {topic}"}, "make one up"),
    ],
)
async def test_what_must_not_be_written_is_complained_of(changed: dict[str, Any], complaint: str) -> None:
    topics = [text.split("meeting on the ")[1].split(",")[0] for text in (await _asked(Model()))[:1]]
    wrong = {
        **WRITTEN,
        **{key: value.format(topic=topics[0]) if key == "example" else value for key, value in changed.items()},
    }
    if "Zoltan3" in str(changed):
        written_from = (await _asked(Model()))[0].split("Zoltan")[1][0]
        wrong["instructions"] = wrong["instructions"].replace("Zoltan3", f"Zoltan{written_from}")
        complaint = complaint.replace("Zoltan3", f"Zoltan{written_from}")
    model = _Listening([wrong, WRITTEN])
    report = await found(model)
    assert len(report.found) == 1
    assert [text for text in model.complaints if complaint in text] if complaint else model.complaints == []


async def test_nothing_private_is_shown() -> None:
    model = Model()
    private = [
        trace(
            n,
            ("user", f"Write a summary of the meeting {n} with Zoë Ng, zoe@shop.test"),
            ("assistant", "my-own-secret"),
        )
        for n in range(8)
    ]
    await find(author(model), private, 3, Known(), "telegram:7")
    shown = json.dumps(model.asked, ensure_ascii=False)
    assert "[person's name 1]" in shown
    assert not [value for value in ("Zoë", "zoe@", "my-own") if value in shown]


class _Listening(Model):
    """Keeps what it was told of its last answer."""

    def __init__(self, written: Any) -> None:
        super().__init__(written)
        self.complaints: list[str] = []

    async def complete(self, request: Any) -> Any:
        if len(request.messages) > 1:
            self.complaints.append(request.messages[-1]["content"])
        return await super().complete(request)


async def _asked(model: Model) -> list[str]:
    await found(model)
    return model.asked
