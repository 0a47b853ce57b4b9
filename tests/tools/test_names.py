"""Names on disk: whatever platforms and people call things, each has one that is safe, and its own."""

import unicodedata
from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.chat import Conversation
from bot.tools.names import LONGEST, file_name, folder_of, numbered

PARTS = st.text(st.sampled_from("aZ09:/_+-=.% é\0\\"), max_size=6) | st.text(max_size=6)
CONVERSATIONS = st.builds(Conversation, st.sampled_from(["telegram", "slack", "console"]), PARTS, PARTS)


@pytest.mark.parametrize(
    ("conversation", "folder"),
    [
        (Conversation("telegram", "42"), "telegram_42"),
        (Conversation("telegram", "-100123", "5"), "telegram_-100123_5"),
        (Conversation("slack", "T1/C9", "1700.12"), "slack_T1+C9_1700.12"),
        (Conversation("console", "../a\\b"), "console_..+a=5c=b"),
    ],
)
def test_a_folder_is_named_after_its_conversation(conversation: Conversation, folder: str) -> None:
    assert folder_of(conversation) == folder


@given(CONVERSATIONS, CONVERSATIONS)
@example(Conversation("slack", "T1/C9"), Conversation("slack", "T1+C9"))
@example(Conversation("slack", "T1", "C9"), Conversation("slack", "T1_C9"))
@example(Conversation("slack", "a=", "2f="), Conversation("slack", "a", "=2f="))
def test_two_conversations_have_two_folders(one: Conversation, other: Conversation) -> None:
    assert (folder_of(one) == folder_of(other)) == (one.key == other.key)


@given(CONVERSATIONS)
def test_a_folder_is_one_plain_name(conversation: Conversation) -> None:
    name = folder_of(conversation)
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set('/\\:*?"<>| ')
    assert name.strip(".")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("report.csv", "report.csv"),
        ("Cafe\u0301 Menü.PDF", "Café Menü.PDF"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        (".bashrc", "bashrc"),
        ("a.txt. . ", "a.txt"),
        ("exe\u202egnp.txt", "exe gnp.txt"),
        ("two\nlines\0.txt", "two lines.txt"),
        ('a<b>:"c"|?*.md', "a_b___c____.md"),
        ("", "file"),
        (" .. ", "file"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
        ("x" * 100 + "." + "y" * 100, "x" * 100 + "." + "y" * 19),
    ],
)
def test_a_file_keeps_its_name_as_far_as_it_is_one(said: str, name: str) -> None:
    assert file_name(said) == name


@given(st.text(max_size=200) | st.text(st.sampled_from("a. /\\\u0301é\u202e\0\U0001f600"), max_size=200))
@example("\udcff")
@example("." + "a" * 30)
@example("ﬁ\u0344" * 60)
def test_any_name_becomes_one_that_every_system_takes(said: str) -> None:
    name = file_name(said)
    assert 0 < len(name.encode()) <= LONGEST
    assert not set(name) & set('/\\:*?"<>|')
    assert name == name.strip(". ")
    assert not any(unicodedata.category(char)[0] == "C" for char in name)
    assert unicodedata.is_normalized("NFC", name)
    assert file_name(name) == name


def test_a_taken_name_is_numbered_before_its_ending() -> None:
    assert [*islice(numbered("a b.csv"), 3)] == ["a b.csv", "a b-2.csv", "a b-3.csv"]
    assert [*islice(numbered("notes"), 2)] == ["notes", "notes-2"]
