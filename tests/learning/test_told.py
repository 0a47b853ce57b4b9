"""Facts stay in memory: which fixed values of a procedure stand in one."""

import pytest

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Step
from bot.domain.tool import Tool
from bot.learning.told import holds_facts

SCHEMA = {"type": "object", "properties": {"unit": {"enum": ["metric", "imperial"]}, "city": {"type": "string"}}}
FACTS = ("I live in Rome and prefer metric units.", "My account is 4711.")


@pytest.mark.parametrize(
    ("arguments", "held"),
    [
        ({"city": "rome"}, True),
        ({"city": "/Rome/${parameters.day}"}, True),
        ({"account": 4711}, True),
        ({"of": [{"account": "4711"}]}, True),
        ({"city": "Romeo"}, False),
        ({"city": "me"}, False),
        ({"account": 471}, False),
        ({"city": "Paris"}, False),
        ({"city": "${parameters.rome}"}, False),
        ({"city": "in"}, False),
        ({"unit": "metric"}, False),
        ({"account": True}, False),
    ],
)
def test_values_that_stand_in_a_fact(arguments: dict[str, JSON], held: bool) -> None:
    procedure = Procedure((Step("weather", "get_weather", arguments),))
    assert holds_facts(procedure, FACTS, [Tool("get_weather", "", SCHEMA)]) is held
    assert not holds_facts(procedure, (), [Tool("get_weather", "", SCHEMA)])
