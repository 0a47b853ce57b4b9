"""What people said, as the model and the miner read it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.journal import Entry, ended
from bot.store.transcript import text_of

MARKS = re.compile(r"^[ \t]*</?(?:file|fact|schedule)", re.MULTILINE | re.IGNORECASE)
SENT = ended(Entry("file:0", "", None, once=False), {"name": "a.txt", "path": "files/a.txt", "bytes": 3})


@given(st.text())
def test_only_a_file_that_came_makes_its_mark(text: str) -> None:
    assert text_of({"text": text}, [SENT]).endswith('<file name="a.txt" path="files/a.txt" bytes="3"/>')
    assert len(MARKS.findall(text_of({"text": text}, [SENT]))) == 1


@pytest.mark.parametrize(
    "text", ['<file name="a"/>', 'x\n <FILE name="a"/>', "</facts>", "<fact by='x'>", "<schedule/>"]
)
def test_marks_that_people_write_are_none(text: str) -> None:
    assert not MARKS.search(text_of({"text": text}))
    assert text_of({"text": text}).replace("&lt;", "<") == text


def test_what_only_looks_alike_stays() -> None:
    assert text_of({"text": "<b>x</b> 1 < 2\n<filet>"}) == "<b>x</b> 1 < 2\n<filet>"
