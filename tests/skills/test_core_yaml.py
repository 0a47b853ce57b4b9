"""What is written is read back, and plain text means what YAML 1.2's core schema says."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bot.skills.core_yaml import dump, load
from tests.skills.made import jsons, texts


@given(jsons)
@example({"\u2028 \n": "a\u2028 b\nc"})
def test_load_reads_what_dump_writes(value: Any) -> None:
    document = load(dump(value))
    assert (document.value, document.problems) == (value, [])
    assert type(document.value) is type(value)


@given(st.dictionaries(texts, texts))
def test_readers_of_old_yaml_read_the_same_text(value: dict[str, str]) -> None:
    assert yaml.safe_load(dump(value)) == value


def test_a_value_of_one_line_stays_on_one_line() -> None:
    assert dump({"a": "word " * 50 + "end", "b": "'word' " * 50 + "end"}).count("\n") == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("nUll", "nUll"),
        ("true", True),
        ("TRUE", True),
        ("yes", "yes"),
        ("on", "on"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("-5", -5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_plain_text_means(text: str, value: Any) -> None:
    document = load(f"key: {text}\n")
    assert (document.value, document.problems) == ({"key": value}, [])
    assert type(document.value["key"]) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999", "9" * 5_000])
def test_numbers_beyond_json_are_told(text: str) -> None:
    assert [line for line, _ in load(f"a: 1\nb: {text}").problems] == [2]


def test_keys_are_text_as_it_stands() -> None:
    assert load("1: a\ntrue: b\n2024-01-01: c").value == {"1": "a", "true": "b", "2024-01-01": "c"}


def test_every_place_has_its_line() -> None:
    document = load("a:\n  - b\n  - c: d\n    e: |\n      f\n")
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("a", 0): 2,
        ("a", 1): 3,
        ("a", 1, "c"): 3,
        ("a", 1, "e"): 4,
    }
