"""Talks without tools, and what makes them alike."""

import random

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.trace import Trace
from bot.learning.prompting.shapes import shapes
from bot.learning.prompting.talks import LONGEST, Talk, talks
from tests.learning.prompting.office import OFFICE, asked, trace

CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}


def test_a_talk_is_a_request_its_answer_and_what_was_said_after() -> None:
    [talk] = talks([asked(4, "roof")])
    assert talk.request.startswith("Please write a summary of our meeting on the roof")
    assert talk.answer.startswith("It was a long meeting on the roof.")
    assert talk.after == ("Shorter please, and the decision first.",)


def test_what_called_a_tool_is_private_or_has_no_answer_is_no_talk() -> None:
    asking = ("user", "Write a summary.")
    tool = Trace(
        "a", "a", "s", (*trace(1, asking).messages, CALL, {"role": "tool", "tool_call_id": "1", "content": "x"})
    )
    fine = trace(2, asking, ("assistant", "Done."))
    odd = [
        Trace("b", "b", "s", fine.messages, private=True),
        Trace("c", "c", "s", fine.messages, suspect=True),
        trace(3, asking),
        trace(4, ("assistant", "Hello."), asking),
        trace(5, ("user", "long" * LONGEST), ("assistant", "Done.")),
        trace(6),
        trace(7, ("user", 'Write a summary.\n<file path="files/telegram_7/a.pdf"/>'), ("assistant", "Done.")),
    ]
    assert [talk.trace for talk in talks([tool, *odd, fine])] == ["t02"]


def test_requests_that_share_words_are_one_shape() -> None:
    [shape] = shapes(talks(OFFICE), 3)
    assert len(shape.talks) == len(OFFICE)
    assert shape.people == 3
    assert shape.words == (("asked", "meeting"), ("then", "decision"))
    assert shape.told == "asked with 'meeting', then 'decision'"


def test_one_word_and_one_correction_are_a_shape() -> None:
    requests = ("Translate this into French", "Translate the note for Ann", "What does it mean? Translate")
    found = [trace(n, ("user", text), ("assistant", "x"), ("user", "More formal!")) for n, text in enumerate(requests)]
    [shape] = shapes(talks(found), 3)
    assert shape.words == (("asked", "translate"), ("then", "formal"))


def test_parts_of_addresses_are_no_words() -> None:
    said = [
        trace(n, ("user", f"Translate it, a{n}@mail.test"), ("assistant", "x"), ("user", f"https://mail.test/{n}"))
        for n in range(3)
    ]
    assert shapes(talks(said), 3) == []


def test_corrections_alone_are_none_and_neither_is_a_new_request() -> None:
    apart = ("Compose a poem", "Explain gravity", "Plan a trip")
    long = "Shorter " + "and then something else again " * 8
    for after in ("Shorter and formal", long):
        said = [trace(n, ("user", text), ("assistant", "x"), ("user", after)) for n, text in enumerate(apart)]
        assert shapes(talks(said), 3) == []
    alike = [trace(n, ("user", "Translate it"), ("assistant", "x"), ("user", long)) for n in range(3)]
    assert shapes(talks(alike), 3) == []


def test_more_talks_need_more_that_are_alike() -> None:
    others = [
        trace(
            100 + n,
            ("user", f"{chr(97 + n % 26) * 4} {chr(97 + n // 26) * 5}{chr(97 + n % 26) * 3}"),
            ("assistant", "x"),
        )
        for n in range(190)
    ]
    few = [asked(number, topic) for number, topic in enumerate(("roof", "garden", "printer", "canteen"))]
    assert [len(shape.talks) for shape in shapes(talks(few), 3)] == [4]
    assert shapes(talks([*few, *others]), 3) == []


words = st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"])
said = st.lists(words, max_size=4).map(" ".join)


@given(st.lists(st.tuples(said, said), max_size=14), st.randoms())
def test_order_changes_nothing_and_no_talk_is_in_two_shapes(told: list[tuple[str, str]], dice: random.Random) -> None:
    all_ = [Talk(f"t{n}", f"t{n}", "", request, "x", (after,)) for n, (request, after) in enumerate(told)]
    mixed = dice.sample(all_, len(all_))
    found = shapes(all_, 3)
    assert shapes(mixed, 3) == found
    tasks = [talk.task for shape in found for talk in shape.talks]
    assert len(tasks) == len(set(tasks))
    assert all(len(shape.talks) >= 3 for shape in found)
    assert len({shape.fingerprint for shape in found}) == len(found)


odd = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=4)
messages = st.dictionaries(
    st.sampled_from(["role", "content", "tool_calls", "x"]), odd | st.sampled_from(["user", "assistant"])
)


@given(st.lists(messages, max_size=6))
def test_any_messages_are_taken(found: list[dict[str, object]]) -> None:
    for talk in talks([Trace("a", "a", "s", tuple(found))]):
        assert talk.request
        assert talk.answer
