"""The text of HTML, by the process that reads it, and what a page can do to that process."""

import pytest

from bot.tools import html
from bot.tools.html import HtmlReader, Page

TWISTED = "<p " + " ".join(f"a{number}=1" for number in range(60_000)) + ">x"
"""It takes minutes to be read."""


async def test_one_process_reads_page_after_page() -> None:
    async with HtmlReader() as reader:
        assert await reader.page("<title>A</title><p>b &lt; c") == Page("A", "b < c")
        process = reader._process
        assert await reader.page("<p>Größe 🍵 <a href='x'>there</a>") == Page("", "Größe 🍵 there")
        assert await reader.page("<a href='x'>there</a>", "https://example.org/a/") == Page(
            "", "[there](https://example.org/a/x)"
        )
        assert reader._process is process
    assert process is not None
    assert process.returncode is not None


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("", ""),
        (" \n", ""),
        ("<!-- nothing -->", ""),
        ("only text", "only text"),
        ("<?xml version='1.0' encoding='latin-1'?><html><p>Größe</html>", "Größe"),
        ("<p>lone \ud800 and \0 end", "lone ? and � end"),
    ],
)
async def test_pages_of_every_form(page: str, text: str) -> None:
    async with HtmlReader() as reader:
        assert await reader.page(page) == Page("", text)
        assert await reader.page("<p>next") == Page("", "next")


async def test_a_title_without_an_end_leaves_the_answer_its_room() -> None:
    many = "🍵" * 800_000
    async with HtmlReader() as reader:
        assert await reader.page(f"<title>{many}</title><p>{many}") == Page(many[:1_000], many)
        assert await reader.page("<p>next") == Page("", "next")


async def test_a_page_that_its_reader_does_not_survive_costs_that_page_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with HtmlReader() as reader:
        with monkeypatch.context() as patch:
            patch.setattr(html, "SECONDS", 0.5)
            assert await reader.page(TWISTED) is None
        assert await reader.page("<p>next") == Page("", "next")
        assert reader._process is not None
        reader._process.kill()
        await reader._process.wait()
        assert await reader.page("<p>lost with it") is None
        assert await reader.page("<p>next") == Page("", "next")


@pytest.mark.parametrize("page", ["<div>" * 100_000 + "x", "<table><tr><td>" * 3_000 + "x", "<" * 300_000])
async def test_deep_pages_are_read_or_not_but_end(page: str) -> None:
    async with HtmlReader() as reader:
        await reader.page(page)
        assert await reader.page("<p>next") == Page("", "next")
