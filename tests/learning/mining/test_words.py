"""The English that is made without a model: whole sentences, as an editor would let them pass."""

from collections.abc import Callable
from random import Random

import pytest

from bot.learning.mining import Candidate, mine
from tests.learning import workplaces
from tests.learning.workplaces import Desk, traces_of


def _cancelling(desk: Desk, random: Random) -> None:
    number = f"W{random.randrange(10**6, 10**7)}"
    desk.say(f"Please cancel {number}, I changed my mind")
    desk.call("get_order_details", {"status": "pending", "user_id": f"u_{number}"}, order_id=number)
    desk.call("get_user", {"address": f"{number} street"}, user_id=f"u_{number}")
    desk.call("cancel_pending_order", {"ok": True}, order_id=number, reason="no longer needed")


def _of(work: Callable[[Desk, Random], None]) -> Candidate:
    [found] = mine(traces_of(work, Random(3), 10)).skills
    return found


@pytest.mark.parametrize(
    ("work", "description", "condition", "request_", "parameter"),
    [
        (
            workplaces.shop,
            "Finds the customer by email, gets the customer, then gets each of the orders.",
            "The person asks for the orders of a customer and gives the email.",
            "Show me the orders of the customer with the email alex@example.com.",
            "The email to find the customer by.",
        ),
        (
            workplaces.files,
            "Reads the customer, then reads each of the orders.",
            "The person asks for the orders of a customer and gives the customer.",
            "Show me the orders of the customer alex-morgan-123.",
            "Which customer it is about.",
        ),
        (
            workplaces.tickets,
            "Lists the tickets, then gets the customer for each of the tickets.",
            "The person asks for the customers of tickets and gives the team.",
            "Show me the customers of the tickets with the team team-alex12.",
            "The team to list the tickets by.",
        ),
        (
            workplaces.build,
            "Gets the last build, reads the log, then posts a message. Asks before it changes anything.",
            "The person asks to post a message for a log and gives the branch.",
            "Please post a message for the log with the branch alex/morgan123.",
            "The branch to get the last build by.",
        ),
        (
            _cancelling,
            "Gets the order, gets the user, then cancels the pending order. Asks before it changes anything.",
            "The person asks to cancel a pending order for a user and gives the order id.",
            "Please cancel the pending order for the user with the order id W1234567.",
            "The order id to get the order by.",
        ),
    ],
)
def test_sentences(
    work: Callable[[Desk, Random], None], description: str, condition: str, request_: str, parameter: str
) -> None:
    found = _of(work)
    assert found.description == description
    assert found.procedure.trigger.condition == condition
    assert found.procedure.trigger.examples == (request_,)
    assert [example.request for example in found.procedure.examples] == [request_]
    assert [schema["description"] for schema in found.procedure.parameters.values()] == [parameter]


@pytest.mark.parametrize(
    ("work", "name"),
    [
        (workplaces.shop, "orders-of-a-customer-by-email"),
        (workplaces.tickets, "customers-of-tickets-by-team"),
        (workplaces.build, "post-message-for-a-log-by-branch"),
        (_cancelling, "cancel-pending-order-for-a-user"),
    ],
)
def test_names(work: Callable[[Desk, Random], None], name: str) -> None:
    assert _of(work).name == name
