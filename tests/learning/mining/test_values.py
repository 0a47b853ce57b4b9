"""Small laws of values: fixed texts, evidence, whole words, made-up examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.json import JSON
from bot.learning.mining.affixes import affixes, inside
from bot.learning.mining.evidence import evidence_bits, is_id, names_agree, stands_in, words_of
from bot.learning.mining.examples import made_up
from bot.learning.mining.naming import meaning, plural, singular

middles = st.lists(st.text(alphabet="abc123", min_size=1, max_size=6), min_size=2, max_size=8, unique=True)


@given(
    middles, st.sampled_from(["orders/", "https://x.org/a?id=", "Order "]), st.sampled_from(["", ".json", " is open"])
)
def test_fixed_texts_are_found_around_any_values(values: list[str], before: str, after: str) -> None:
    cut = affixes([f"{before}{value}{after}" for value in values])
    assert cut is not None
    assert cut == (before, after)
    assert [inside(f"{before}{value}{after}", *cut) for value in values] == values


@pytest.mark.parametrize(
    "values",
    [["41", "45"], ["#W12", "#W34"], ["same", "same"], ["cost $1", "cost $2"], ["orders/", "orders/"], [1, 2], []],
)
def test_what_shares_no_word_is_not_composed(values: list[JSON]) -> None:
    assert affixes(values) is None


def test_one_in_twenty_may_differ() -> None:
    values = [f"orders/{number}.json" for number in range(40)]
    assert affixes([*values, "else"]) == ("orders/", ".json")
    assert affixes([*values, "else", "other", "third"]) is None


@pytest.mark.parametrize(
    ("value", "text", "stands"),
    [
        ("19122", "my zip is 19122.", True),
        ("1912", "my zip is 19122.", False),
        ("Yusuf Rossi", "I am yusuf  ROSSI!", True),
        ("#W12", "order w12", True),
        ("rossi", "yusuf_rossi_12", False),
        ("a.b", "axb", False),
        ([1, "x"], "x and 1", True),
        ([1, "y"], "x and 1", False),
        (12, "12 of them", True),
        ("", "anything", True),
        ("ключ", "дай Ключ", True),
    ],
)
def test_values_stand_in_texts_as_whole_words(value: JSON, text: str, stands: bool) -> None:
    assert stands_in(value, [text]) is stands


@pytest.mark.parametrize(
    ("slot", "tool", "place", "producer", "agree"),
    [
        ("user_id", "get_user", (), "find_user", True),
        ("user_id", "get_user", ("user_id",), "x", True),
        ("order_id", "get_order", ("orders", -1), "get_user", True),
        ("id", "get_invoice", ("invoice",), "get_order", True),
        ("customerId", "x", ("customer", "id"), "get_order", True),
        ("cust", "x", ("customer",), "get_order", True),
        ("to", "send_mail", ("address", "zip"), "get_user", False),
        ("name", "get_city", ("name",), "get_user", True),
        ("q", "search_pages", ("total",), "count_users", False),
        ("item_ids", "get_batch", ("items", -1, "itemId"), "find_box", True),
        ("item_ids", "get_batch", ("items", -1, "value_id"), "find_box", False),
    ],
)
def test_names_agree(slot: str, tool: str, place: tuple[str | int, ...], producer: str, agree: bool) -> None:
    assert names_agree((slot,), tool, place, producer) is agree


@pytest.mark.parametrize(
    ("field", "value", "id_"),
    [
        ("order", "#W2378156", True),
        ("user_id", "ana", True),
        ("status", "open", False),
        ("limit", 50, False),
        ("limit", 10_000, False),
        ("number", 19122, True),
        ("rate", 0.12345, False),
        ("version", "v2", False),
        ("since", "2024-05-01", True),
        ("flag", True, False),
        ("orders", ["#1234"], True),
    ],
)
def test_ids_are_told_by_field_or_form(field: str, value: JSON, id_: bool) -> None:
    assert is_id((field,), value) is id_


def test_evidence_counts_tasks_and_what_is_rare() -> None:
    ids = [(f"t{number}", f"#W{number}234567") for number in range(3)]
    assert evidence_bits(ids, 50) > 60
    assert evidence_bits(ids[:1] * 9, 50) == evidence_bits(ids[:1], 50)
    assert evidence_bits([(f"t{number}", "open") for number in range(9)], 50) < 0
    assert evidence_bits(ids, 5_000) < evidence_bits(ids, 50)


values = st.one_of(
    st.lists(st.text(max_size=12), min_size=1, max_size=6),
    st.lists(st.integers(), min_size=1, max_size=6),
    st.lists(st.from_regex(r"\A[a-z]{2,5}_[0-9]{2,4}\Z"), min_size=1, max_size=6),
)


@given(values, st.integers(0, 5))
def test_examples_are_made_up_of_the_same_type(seen: list[JSON], number: int) -> None:
    example = made_up(seen, number)
    assert example not in seen
    assert type(example) is type(seen[0])


@pytest.mark.parametrize(
    ("seen", "example"),
    [
        (["yusuf_rossi_9620", "mei_kovacs_8020"], "alex_morgan_1234"),
        (["#W2378156", "#W6247578", "#W9711842"], "#W1234567"),
        (["INC-104", "INC-233", "INC-981"], "INC-123"),
        (["a.b@corp.com", "c@corp.com"], "alex@example.com"),
        (["2024-05-01", "2023-01-02"], "2030-01-15"),
        (["Rossi", "Kovacs"], "Alex"),
        (["Please write a long letter to him"], "example text"),
        (["https://corp.com/x/1"], "https://example.com/page"),
        ([19122, 28236], 12345),
        ([2.5], 1.5),
        ([True], True),
    ],
)
def test_examples_have_the_form_of_what_was_seen(seen: list[JSON], example: JSON) -> None:
    assert made_up(seen) == example


def test_tools_names_are_taken_apart() -> None:
    assert meaning("shop__find_user_id_by_name_zip") == meaning("findUserIdByNameZip")
    assert meaning("find_user_id_by_name").subject == ("user", "id")
    assert meaning("get_order_details").subject == ("order",)
    assert meaning("think").subject == ("think",)
    assert words_of("HTTPGet2") == ["http", "get", "2"]


@pytest.mark.parametrize("word", ["order", "category", "box", "day", "address", "status"])
def test_plurals_come_back(word: str) -> None:
    assert singular(plural([word]))[-1] in (word, word + "e")
