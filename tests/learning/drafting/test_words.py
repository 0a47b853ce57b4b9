"""The model's words are held against the procedure; a wrong answer costs one retry, never the proposal."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure, Skill, Step, Trigger
from bot.errors import ModelUnavailable
from bot.learning.drafting import Author, Budget, Draft, draft
from bot.ports import ModelReply, ModelRequest

READING = Procedure(
    steps=(
        Step("customer", "get_customer", {"path": "customers/${parameters.name}.json", "zone": "Europe"}),
        Step("orders", "get_order", {"id": "${item}"}, for_each="${steps.customer.orders}"),
    ),
    parameters={"name": {"type": "string", "description": "The name.", "examples": ["alex-morgan"]}},
    trigger=Trigger(("old",), "The old condition.", ("Old example.",)),
)
WRITING = Procedure(
    steps=(Step("cancel", "shop__cancelOrder", {"id": "${parameters.name}"}),), parameters=READING.parameters
)
GOOD = {
    "name": "customer-orders",
    "description": "Looks up every order of one customer and returns the orders.",
    "condition": "The person asks about the orders of one customer.",
    "keywords": ["Orders", "customer", "orders"],
    "parameters": [{"name": "name", "description": "The customer's name"}],
}


class Model:
    """Answers in turn; an answer that is an error is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[ModelRequest] = []

    async def complete(self, request: ModelRequest) -> ModelReply:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return ModelReply(text, (), 400, 100, False, 1)


async def drafted(*answers: Any, procedure: Procedure = READING, tokens: int = 20_000) -> tuple[Draft, Model]:
    model = Model(*answers)
    author = Author(model, Budget(tokens), Privacy(("my-own-secret",), ("Zoë Ng",)))
    writes = ["shop__cancelOrder"] if procedure is WRITING else []
    return await draft(author, Skill("mined", "Mined words.", procedure), writes), model


async def test_fitting_words_replace_the_miners() -> None:
    found, model = await drafted(GOOD)
    assert (found.tokens, found.by_model, len(model.asked)) == (500, True, 1)
    assert (found.skill.name, found.skill.description) == ("customer-orders", GOOD["description"])
    procedure = found.skill.procedure
    assert procedure is not None
    assert procedure.trigger == Trigger(("orders", "customer"), str(GOOD["condition"]), ("Old example.",))
    assert procedure.parameters["name"] == {**READING.parameters["name"], "description": "The customer's name"}
    assert procedure.steps == READING.steps


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "../up"}, "joined by single hyphens"),
        ({"name": "n" * 51}, "at most 50"),
        ({"name": "ask-zoë"}, "joined by single hyphens"),
        ({"description": "Looks up\nevery order."}, "without markup"),
        ({"description": "Looks up <b>every</b> order."}, "without markup"),
        ({"description": "D" * 301}, "at most 300"),
        ({"keywords": ["open orders"]}, "one word"),
        ({"keywords": []}, "at least 1"),
        ({"parameters": []}, "just these parameters: name"),
        ({"parameters": [{"name": "other", "description": "The other"}]}, "just these parameters: name"),
        ({"description": "Looks up the orders of ana-99 for you."}, "does not contain ana-99"),
        ({"description": 'Looks up the orders in "Berlin" for you.'}, "does not contain Berlin"),
        ({"description": "Looks up orders with `delete_everything`."}, "does not contain delete_everything"),
        ({"description": "Looks up orders with search_files for you."}, "does not contain search_files"),
        ({"description": "Looks up orders with searchFiles for you."}, "does not contain searchFiles"),
        ({"description": "Looks up what https://shop.test says."}, "does not contain https://shop.test"),
        ({"description": "Looks up the orders of ana@shop.test."}, "an e-mail address"),
        ({"description": "Looks up the orders as Zoë Ng did."}, "a person's name"),
        ({"condition": "The person asks for orders with my-own-secret."}, "a secret"),
        ({"description": "Cancels the orders of one customer."}, "does not cancel anything"),
        ({"description": "Looks up orders and then sends an e-mail."}, "does not send anything"),
        ({"condition": "The person wants to change the address of an order."}, "does not change anything"),
        ({"condition": "Whenever orders are spoken of in a chat."}, "begins"),
        ({"condition": "The person asks for help with this."}, "does not tell when"),
        ({"condition": "The person asks about the weather."}, "does not tell when"),
    ],
)
async def test_what_does_not_fit_is_complained_of_once(changed: dict[str, Any], complaint: str) -> None:
    found, model = await drafted({**GOOD, **changed}, GOOD)
    assert len(model.asked) == 2
    *_, wrong, said = model.asked[1].messages
    assert wrong["role"] == "assistant"
    assert complaint in said["content"]
    assert found.skill.name == "customer-orders"
    assert found.tokens == 1_000


async def test_what_the_procedure_contains_may_be_said() -> None:
    found, _ = await drafted({**GOOD, "description": 'Looks up each `id` of a customer in "Europe".'})
    assert found.by_model


@pytest.mark.parametrize(
    ("description", "fits"),
    [
        ("Cancels one order of a customer.", True),
        ("Revokes an order of a customer.", True),
        ("Cancels the order and refunds the customer.", False),
    ],
)
async def test_a_procedure_that_writes_promises_what_its_tools_do(description: str, fits: bool) -> None:
    condition = "The person wants to cancel an order of a customer."
    answer = {**GOOD, "description": description, "condition": condition}
    found, _ = await drafted(answer, answer, procedure=WRITING)
    assert found.by_model is fits


@pytest.mark.parametrize(
    "answers", [("no", "{}"), (ModelUnavailable("later"),), (GOOD | {"name": "N"}, GOOD | {"name": ""})]
)
async def test_without_fitting_words_the_miners_stand(answers: tuple[Any, ...]) -> None:
    found, model = await drafted(*answers)
    assert found.skill == Skill("mined", "Mined words.", READING)
    assert not found.by_model
    assert found.tokens == 500 * sum(not isinstance(answer, Exception) for answer in answers)
    assert model.answers == []


async def test_the_budget_is_never_passed() -> None:
    _, one = await drafted("no", "no", tokens=2_000)
    _, none = await drafted(tokens=600)
    assert (len(one.asked), len(none.asked)) == (2, 0)
    _, cut = await drafted("no", tokens=1_500)
    assert len(cut.asked) == 1


async def test_a_name_is_no_keyword_whoever_chose_the_words() -> None:
    trigger = replace(READING.trigger, keywords=("zoë", "orders"))
    found, _ = await drafted("no", "no", procedure=replace(READING, trigger=trigger))
    assert found.skill.procedure is not None
    assert found.skill.procedure.trigger.keywords == ("orders",)


async def test_nothing_private_is_shown() -> None:
    steps = (*READING.steps, Step("more", "get_more", {"who": "Zoë Ng, zoe@shop.test", "key": "my-own-secret"}))
    _, model = await drafted(GOOD, procedure=replace(READING, steps=steps))
    shown = json.dumps(model.asked[0].messages, ensure_ascii=False)
    assert "[person's name 1], [e-mail address 1]" in shown
    assert "[secret]" in shown
    assert not [found for found in ("Zoë", "zoe@", "my-own", "alex-morgan") if found in shown]
