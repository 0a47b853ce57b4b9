"""The console without a terminal: pipes, files, and the process between them."""

import asyncio
import io
import os
import pwd
import subprocess
import sys
from math import inf
from pathlib import Path
from typing import TextIO

import pytest

from adapters.console import ROOM, ConsoleAdapter
from bot.domain.chat import Outgoing, Person
from bot.errors import ConfigError
from tests.adapters.contract import BUTTONS, PATIENCE, Inbox

ECHO = """
import asyncio
from adapters.console import ConsoleAdapter
from bot.domain.chat import Outgoing

async def main():
    adapter = ConsoleAdapter()
    async def accept(event):
        await adapter.send(Outgoing(event.conversation, "heard " + event.text), 0)
        if event.text == "leave":
            raise SystemExit(7)
    await adapter.run(accept)

asyncio.run(main())
"""
"""A program that answers every line."""


async def received(source: TextIO, inbox: Inbox) -> None:
    """Let an adapter read the source to its end."""
    await asyncio.wait_for(ConsoleAdapter(source, io.StringIO()).run(inbox.accept), PATIENCE)


@pytest.fixture
def pipe() -> tuple[TextIO, TextIO]:
    """Where to read and where to write."""
    read, write = os.pipe()
    return open(read, encoding="utf-8"), open(write, "w", encoding="utf-8", buffering=1)


async def test_lines_of_a_pipe_are_messages_while_it_is_open(pipe: tuple[TextIO, TextIO]) -> None:
    source, sink = pipe
    inbox = Inbox()
    with source:
        reading = asyncio.create_task(received(source, inbox))
        with sink:
            sink.write("first\r\n\n  \nsec")
            await inbox.hears("first")
            sink.write("ond größer\n\nlast")
            await inbox.hears("second größer")
        await inbox.hears("last")
        await reading
        assert not asyncio.get_running_loop().remove_reader(source), "The loop still watches it"
    assert len({event.key for event in inbox.offered}) == len(inbox.offered) == 3


async def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    file.write_bytes(b"first\n\xff\xfe\nlast")
    inbox = Inbox()
    with file.open() as source:
        await received(source, inbox)
    await inbox.hears("first", "\ufffd\ufffd", "last")
    assert len(inbox.offered) == 3


def test_an_empty_input_ends_at_once() -> None:
    inbox = Inbox()
    with open(os.devnull) as nothing:
        asyncio.run(received(nothing, inbox))
    assert not inbox.offered


def test_a_person_without_a_name_is_the_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    inbox = Inbox()
    file = tmp_path / "question.txt"
    file.write_text("who am I?")
    with file.open() as source:
        asyncio.run(received(source, inbox))
    assert inbox.offered[0].person == Person("console:operator")


async def test_keys_of_two_starts_differ(tmp_path: Path) -> None:
    file = tmp_path / "question.txt"
    file.write_text("again")
    inbox = Inbox()
    for _ in range(2):
        with file.open() as source:
            await received(source, inbox)
    assert inbox.offered[0].key != inbox.offered[1].key


async def test_where_no_terminal_reads_text_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    output = io.StringIO()
    adapter = ConsoleAdapter(io.StringIO(), output)
    long = "**word** " * 40
    await adapter.send(Outgoing(ROOM, f"{long}\n\n- one", BUTTONS), 0)
    await adapter.send(Outgoing(ROOM, " \n"), 0)
    assert output.getvalue() == f"{long}\n\n- one\n\n[a] Approve  [r] Reject\n[d] Details\n\n…\n\n"


def test_nothing_is_written_to_a_pipe_before_the_answer() -> None:
    assert ConsoleAdapter(io.StringIO(), io.StringIO()).pace(ROOM) == inf


async def test_a_file_is_named() -> None:
    written = io.StringIO()
    for text in ("Here it is.", ""):
        await ConsoleAdapter(io.StringIO(), written).send(Outgoing(ROOM, text, file="/work/orders.csv"), 0)
    assert written.getvalue() == "Here it is.\n/work/orders.csv\n\n/work/orders.csv\n\n"


async def test_an_output_that_lacks_a_letter_shows_another() -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    await ConsoleAdapter(io.StringIO(), output).send(Outgoing(ROOM, "größer"), 0)
    assert output.buffer.getvalue() == b"gr??er\n\n"


def test_the_process_answers_its_input_and_ends() -> None:
    ended = subprocess.run(  # noqa: S603 - the program is the one above
        [sys.executable, "-c", ECHO], input="one\ntwo", capture_output=True, text=True, timeout=60, check=True
    )
    assert (ended.stdout, ended.stderr) == ("heard one\n\nheard two\n\n", "")


@pytest.mark.parametrize("closed", ["stdin", "stdout"])
def test_a_closed_stream_is_a_mistake_of_the_operator(closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, closed, None)
    with pytest.raises(ConfigError, match="run this in a terminal"):
        ConsoleAdapter()


def test_the_process_ends_while_its_input_is_open() -> None:
    command = [sys.executable, "-c", ECHO]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - the program is the one above
        assert process.stdin is not None
        process.stdin.write(b"leave\n")
        process.stdin.flush()
        assert process.wait(60) == 7
