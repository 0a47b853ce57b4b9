"""A form in the terminal: an editor on the text, and what is said where there is none."""

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.console import NO_EDITOR, ROOM, UNCHANGED, ConsoleAdapter
from bot.domain.chat import ButtonClicked, Form, Person
from tests.adapters.console_harness import console_harness
from tests.adapters.contract import Inbox, receiving

CLICK = ButtonClicked("c1", ROOM, Person("console:ann", "ann"), "e1", "m1", "t", datetime(2026, 11, 22, tzinfo=UTC))
FORM = Form("orders", "procedure.yaml", "steps: []\nmore: 1\n", ("It is wrong.", "In two\nlines."))


async def filled(monkeypatch: pytest.MonkeyPatch, path: Path, script: str) -> tuple[ButtonClicked | None, list[str]]:
    """What comes of an editor that does this to the file `$1`, and what stands on the screen."""
    editor = path / "editor.sh"
    await asyncio.to_thread(editor.write_text, f"#!/bin/sh\n{script}\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    inbox = Inbox()
    async with console_harness() as harness, receiving(harness.adapter, inbox.accept):
        await asyncio.to_thread(harness.terminal.wait, lambda lines: lines[-1] == "you ›")
        assert await harness.adapter.form(CLICK, FORM)
        given = inbox.offered[0] if inbox.offered else None
        assert given is None or isinstance(given, ButtonClicked)
        return given, harness.terminal.lines()


async def test_what_was_saved_is_a_click_with_the_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = tmp_path / "seen.yaml"
    given, _ = await filled(monkeypatch, tmp_path, f'cp "$1" {seen}; sed -i s/more/less/ "$1"')
    assert seen.read_text() == "#: It is wrong.\n#: In two lines.\nsteps: []\nmore: 1\n"
    assert given is not None
    assert (given.button, given.message_id, given.text) == ("e1", "m1", "steps: []\nless: 1")
    assert given.key != CLICK.key


@pytest.mark.parametrize("script", ["true", "echo more >> $1; exit 1", "printf '\\377' > $1"])
async def test_what_was_left_as_it_was_is_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    given, lines = await filled(monkeypatch, tmp_path, script)
    assert given is None
    assert UNCHANGED in lines


async def test_without_a_terminal_it_is_said_where_to_change_it() -> None:
    output = io.StringIO()
    assert await ConsoleAdapter(io.StringIO(), output).form(CLICK, FORM)
    assert NO_EDITOR in output.getvalue()
