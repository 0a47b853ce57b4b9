"""Text out of PDFs, whatever comes as one."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.tools import pdf as module
from bot.tools import pdf_program
from bot.tools.pdf import PdfText, pdf_text
from tests.tools.pdfs import encrypted, pdf


async def test_each_page_is_read_and_numbered() -> None:
    assert await pdf_text(pdf("Orders of May", "", "Total 12"), "a.pdf") == PdfText(
        3, 3, "[page 1]\nOrders of May\n\n[page 2]\n\n\n[page 3]\nTotal 12"
    )


async def test_one_that_is_only_kept_from_being_changed_is_read() -> None:
    assert (await pdf_text(encrypted(pdf("Open"), ""), "a.pdf")).text == "[page 1]\nOpen"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (encrypted(pdf("Hidden"), "secret"), "encrypted"),
        (pdf("", ""), "only pictures of its pages"),
        (pdf(), "only pictures of its pages"),
        (b"", "broken"),
        (b"%PDF-1.7\nno more", "broken"),
        (pdf("Cut off")[:200], "broken"),
        (pdf("Odd").replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"), "broken"),
        (b"%PDF-1.4\n" + bytes(range(256)) * 4000, "broken"),
    ],
)
async def test_what_cannot_be_read_is_told_in_a_sentence(content: bytes, says: str) -> None:
    found = await pdf_text(content, "a.pdf")
    assert found.text == ""
    assert found.problem is not None
    assert found.problem.startswith("I keep a.pdf, but cannot read it: ")
    assert says in found.problem


async def test_a_page_that_is_broken_costs_that_page_alone() -> None:
    broken = pdf("First", "Second").replace(b"BT", b"] ", 1)
    assert (await pdf_text(broken, "a.pdf")).text == "[page 1]\n\n\n[page 2]\nSecond"


async def test_no_more_pages_are_read_than_can_be_used() -> None:
    found = await pdf_text(pdf(*["A"] * (pdf_program.PAGES + 1)), "a.pdf")
    assert (found.pages, found.read) == (pdf_program.PAGES + 1, pdf_program.PAGES)


async def test_no_more_text_is_read_than_can_be_used() -> None:
    page = "word " * (pdf_program.CHARACTERS // 15)
    found = await pdf_text(pdf(page, page, page, page, page, page), "a.pdf")
    assert len(found.text) < pdf_program.CHARACTERS + 100
    assert found.read < found.pages == 6


async def test_one_that_takes_too_long_ends_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.01)
    found = await pdf_text(pdf("Slow"), "a.pdf")
    assert found.problem == "I keep a.pdf, but it takes too long to read it."


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts another program in the reader's place."""
    file = tmp_path / "program.py"
    monkeypatch.setattr(module, "_PROGRAM", file)

    def put(text: str) -> None:
        file.write_text(text)

    return put


async def test_its_reader_knows_no_secret_of_the_bot(
    put: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("import json, os; print(json.dumps({'pages': 1, 'read': 1, 'text': str([*os.environ])}))")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    found = await pdf_text(b"", "a.pdf")
    assert found.text.startswith("[")
    assert "OPENAI_API_KEY" not in found.text


async def test_a_turn_that_is_stopped_leaves_no_reader(put: Callable[[str], None], tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    os.mkfifo(pid)
    put(f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    reading = asyncio.create_task(pdf_text(b"", "a.pdf"))
    number = int(await asyncio.to_thread(pid.read_text))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
