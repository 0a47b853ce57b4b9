"""What is one structure in several words, and what is another."""

from itertools import permutations

import pytest

from bot.domain.skill import Procedure, Step
from bot.learning.mining import fingerprint

USER = Step("user", "get_user", {"id": "${parameters.user}"})
ORDERS = Step("orders", "list_orders", {"user": "${steps.user.id}"})
RATE = Step("rate", "get_rate", {"currency": "${parameters.currency}"})
NOTE = Step("note", "write_note", {"text": "${steps.rate}"})
CALL = Step("call", "send_mail", {"to": "${steps.user.mail}"})


def test_independent_reads_are_the_same_in_any_order() -> None:
    orders = [steps for steps in permutations([USER, ORDERS, RATE]) if steps.index(USER) < steps.index(ORDERS)]
    assert len({fingerprint(Procedure(steps)) for steps in orders}) == 1
    assert len(orders) == 3


@pytest.mark.parametrize(
    "steps",
    [
        (USER, RATE, CALL, NOTE),  # what writes, in another order
        (USER, RATE, NOTE, CALL, ORDERS),  # a read behind a write is another read
        (USER, RATE, NOTE),
        (USER, RATE, Step("note", "write_note", {"text": "${steps.user}"}), CALL),
    ],
)
def test_what_writes_and_what_flows_make_another_structure(steps: tuple[Step, ...]) -> None:
    known = fingerprint(Procedure((USER, RATE, NOTE, CALL)))
    assert fingerprint(Procedure(steps)) != known
    assert fingerprint(Procedure((RATE, USER, NOTE, CALL))) == known


def test_a_cycle_has_one_too() -> None:
    one, other = Step("one", "get_one", {"id": "${steps.other}"}), Step("other", "get_other", {"id": "${steps.one}"})
    assert fingerprint(Procedure((one, other)))
