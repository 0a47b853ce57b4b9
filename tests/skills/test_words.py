"""A procedure in words: what every part says, and that no value breaks out of its place."""

from bot.domain.skill import Example, Procedure, Skill, Step, Trigger
from bot.skills.format import parse
from bot.skills.words import body
from tests.skills.made import skill_files


def told(procedure: Procedure) -> str:
    return body(Skill("customer-orders", "Tells what a customer ordered."), procedure)


def test_the_written_example_in_words() -> None:
    procedure = parse("customer-orders", skill_files()).procedure
    assert procedure is not None
    lines = told(procedure).split("\n")
    for line in [
        "# Customer orders",
        "Tells what a customer ordered.",
        "The person asks about the orders of one customer.",
        "Words that point to it: order, return, exchange.",
        "- What did ana_smith_1234 order?",
        "- `user_id` (string, required): The customer's id. For example `ana_smith_1234`.",
        "1. `user`: call `get_user_details` with `user_id` = the parameter `user_id`."
        " Its output must fit what later steps use.",
        "2. `orders`: for each element of `orders` in the output of `user`,"
        " call `get_order_details` with `order_id` = the element.",
        "3. `summary`: ask the model, which answers with an object.",
        "   > Say in two sentences which of these orders are still open.",
        "   > ${steps.orders}",
        "`answer` in the output of `summary`.",
        "> What did ana_smith_1234 order?",
        "That means `user_id` = `ana_smith_1234`.",
    ]:
        assert line in lines
    assert "\n\n\n" not in told(procedure)


def test_a_procedure_that_says_little_has_few_words() -> None:
    assert told(Procedure((Step("a", "get", needs=()),))) == (
        "# Customer orders\n\nTells what a customer ordered.\n\n## Steps\n\n1. `a`: call `get`."
        "\n\n## What comes back\n\nThe output of every step, by its name."
    )


def test_no_value_breaks_out_of_its_place() -> None:
    steps = (Step("a", "get", {"x": "`` ` \n# Heading"}), Step("b", prompt="One.\n# Heading\n```", needs=("a",)))
    trigger = Trigger(("word\n# Heading",), "It\n# Heading", ("Do\n# Heading",))
    words = told(Procedure(steps, trigger=trigger, examples=(Example("Do\n# Heading", {"x": "`"}),)))
    assert [line for line in words.split("\n") if line.startswith("# ")] == ["# Customer orders"]
    assert "`x` = ``` `` ` # Heading ```." in words
    assert "That means `x` = `` ` ``." in words
