"""The difference of two versions names what changed and nothing else."""

from dataclasses import replace

from bot.domain.skill import Check, Procedure, Step, Trigger
from bot.skills.difference import difference

USER = Step("user", "get_user", {"id": "${parameters.user_id}"})
ORDERS = Step("orders", "get_order", {"id": "${item}"}, for_each="${steps.user.orders}")
OLD = Procedure((USER, ORDERS), {"user_id": {"type": "string"}}, ("user_id",), Trigger(condition="Orders are asked."))


def told(new: Procedure) -> list[str]:
    return list(map(str, difference(OLD, new)))


def test_the_same_has_no_difference() -> None:
    assert told(replace(OLD, trigger=replace(OLD.trigger, keywords=("orders",)))) == []


def test_each_part_of_a_step_is_told_by_its_name() -> None:
    moved = replace(ORDERS, for_each="${steps.user.items}", arguments={"order": "${item}"})
    assert told(replace(OLD, steps=(USER, moved))) == [
        "`steps.orders.for_each` was `${steps.user.orders}` and is `${steps.user.items}`",
        "`steps.orders.with.id` is gone; it was `${item}`",
        "`steps.orders.with.order` is new: `${item}`",
    ]


def test_steps_come_go_and_change_places() -> None:
    note = Step("note", prompt="Sum it up.")
    assert told(replace(OLD, steps=(note, USER))) == [
        "Step `orders` (get_order) is gone.",
        "Step `note` (prompt) is new.",
    ]
    assert told(replace(OLD, steps=(ORDERS, USER))) == ["The order of the steps is now `orders`, `user`."]


def test_parameters_checks_and_what_is_returned() -> None:
    check = Check(value="${steps.user.name}", expect={"minLength": 1})
    new = replace(OLD, parameters={}, required=(), verify=(check,), returns="${steps.orders}")
    assert told(new) == [
        '`parameters.user_id` is gone; it was `{"type": "string"}`',
        '`required` is gone; it was `["user_id"]`',
        '`verify` is new: `[{"tool": null, "with": {}, "value": "${steps.user.name}", "expect": {"minLength": 1}}]`',
        "`returns` is new: `${steps.orders}`",
    ]


def test_a_long_value_is_cut_and_breaks_no_code() -> None:
    (line,) = told(replace(OLD, returns="`" * 300))
    assert len(line) < 160
    assert line.count("`") == 4


def test_a_long_expectation_is_told_by_what_changed_in_it() -> None:
    schema = {
        "type": "object",
        "required": ["id", "city", "items"],
        "properties": {"id": {"type": "string"}, "city": {}, "items": {}},
    }
    newer = {**schema, "properties": {"id": {"type": "integer"}, "city": {}, "items": {}}}
    old = replace(OLD, steps=(replace(USER, expect={"schema": schema}), ORDERS))
    new = replace(OLD, steps=(replace(USER, expect={"schema": newer}), ORDERS))
    assert list(map(str, difference(old, new))) == [
        "`steps.user.expect.schema.properties.id.type` was `string` and is `integer`"
    ]
    (line,) = map(str, difference(OLD, old))
    assert line.endswith('"city": {} …`')
