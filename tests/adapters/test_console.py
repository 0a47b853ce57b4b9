"""The console: what a person at a terminal sees, and what comes of a pipe."""

import asyncio
import io
import os
import pwd
import signal
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters import console
from adapters.console import ROOM, ConsoleAdapter, Letters
from bot.domain.chat import Button, ButtonClicked, Outgoing, Person
from bot.errors import ConfigError
from tests.adapters.console_harness import ConsoleHarness, console_harness
from tests.adapters.contract import BUTTONS, PATIENCE, Inbox, Shown, receiving

CARD = Outgoing(ROOM, "Shall I learn **orders**?", BUTTONS)
PROMPT = "you ›"
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


@asynccontextmanager
async def at_prompt(inbox: Inbox) -> AsyncIterator[ConsoleHarness]:
    """The person at a terminal, with the prompt before them."""
    async with console_harness() as harness, receiving(harness.adapter, inbox.accept):
        await drawn(harness, lambda lines: lines[-1] == PROMPT)
        yield harness


async def drawn(harness: ConsoleHarness, wanted: Callable[[list[str]], bool]) -> None:
    """Let everybody work until this is true of the screen."""
    await asyncio.to_thread(harness.terminal.wait, wanted)


async def received(source: TextIO, inbox: Inbox) -> ConsoleAdapter:
    """An adapter that has read the source to its end."""
    adapter = ConsoleAdapter(source, io.StringIO())
    await asyncio.wait_for(adapter.run(inbox.accept), PATIENCE)
    return adapter


@pytest.fixture
def pipe() -> tuple[TextIO, TextIO]:
    """Where to read and where to write."""
    read, write = os.pipe()
    return open(read, encoding="utf-8"), open(write, "w", encoding="utf-8", buffering=1)


async def test_what_is_being_typed_stays_when_a_message_arrives() -> None:
    inbox = Inbox()
    async with at_prompt(inbox) as harness:
        harness.terminal.type("list the or")
        await drawn(harness, lambda lines: lines[-1] == f"{PROMPT} list the or")
        await harness.adapter.send(Outgoing(ROOM, "By the way:\nyou have mail."), 0)
        lines = harness.terminal.lines()
        assert lines[-5:] == ["apprentice", "  By the way:", "  you have mail.", "", f"{PROMPT} list the or"]
        harness.terminal.type("ders\r")
        await inbox.hears("list the orders")


async def test_messages_stand_apart_by_one_blank_line() -> None:
    inbox = Inbox()
    async with at_prompt(inbox) as harness:
        await harness.say("hello")
        await inbox.hears("hello")
        await harness.adapter.send(Outgoing(ROOM, "## Hi\n\n- *one*\n- two"), 0)
        await harness.adapter.send(CARD, 0)
        await harness.adapter.edit(Outgoing(ROOM, "Shall I learn **orders**?\n**Approved by ann.**\n"), "gone")
        await drawn(harness, lambda lines: lines[-1] == PROMPT)
        lines = harness.terminal.lines()
        assert lines[lines.index(f"{PROMPT} hello") :] == [
            *(f"{PROMPT} hello", ""),
            *("apprentice", "  Hi", "", "   • one", "   • two", ""),
            *("apprentice", "  Shall I learn orders?", "", "  [a] Approve  [r] Reject", "  [d] Details", ""),
            *("  ↳ Approved by ann.", "", PROMPT),
        ]


async def test_the_working_sign_stands_until_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "SIGN_SECONDS", 100)
    async with at_prompt(Inbox()) as harness:
        await harness.adapter.working(ROOM)
        await drawn(harness, lambda lines: lines[-1].endswith("working…"))
        harness.terminal.type("meanwhile")
        await drawn(harness, lambda lines: lines[-1].split() == ["you", "›", "meanwhile", "working…"])
        await harness.adapter.send(Outgoing(ROOM, "Done."), 0)
        await drawn(harness, lambda lines: lines[-1] == f"{PROMPT} meanwhile")
        assert "working…" not in "".join(harness.terminal.lines())


async def test_the_working_sign_goes_by_itself_and_stays_off_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox()
    async with at_prompt(inbox) as harness:
        await harness.adapter.working(ROOM)
        await drawn(harness, lambda lines: lines[-1].endswith("working…"))
        await harness.say("hello")
        await inbox.hears("hello")
        assert f"{PROMPT} hello" in harness.terminal.lines()
        monkeypatch.setattr(console, "SIGN_SECONDS", 0)
        await harness.adapter.working(ROOM)
        await drawn(harness, lambda lines: lines[-1] == PROMPT)


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
async def test_leaving_gives_the_terminal_back(key: str) -> None:
    async with console_harness() as harness:
        before = termios.tcgetattr(harness.terminal.keyboard)
        running = asyncio.create_task(harness.adapter.run(Inbox().accept))
        await drawn(harness, lambda lines: lines[-1] == PROMPT)
        assert termios.tcgetattr(harness.terminal.keyboard) != before
        harness.terminal.type(key)
        await asyncio.wait_for(running, PATIENCE)
        assert termios.tcgetattr(harness.terminal.keyboard) == before
        await harness.adapter.send(Outgoing(ROOM, "The last reply."), 0)
        assert harness.shown() == [Shown("The last reply.")]


async def test_leaving_while_work_goes_on_says_what_happens() -> None:
    async with console_harness() as harness:
        running = asyncio.create_task(harness.adapter.run(Inbox().accept))
        await drawn(harness, lambda lines: lines[-1] == PROMPT)
        await harness.adapter.working(ROOM)
        harness.terminal.type("\x03")
        await asyncio.wait_for(running, PATIENCE)
        await harness.adapter.send(Outgoing(ROOM, "Done."), 0)
        assert harness.terminal.lines()[-7:] == ["", console.LEAVING, "", "apprentice", "  Done.", "", ""]


async def test_an_interrupt_from_outside_leaves_too() -> None:
    async with console_harness() as harness:
        running = asyncio.create_task(harness.adapter.run(Inbox().accept))
        await drawn(harness, lambda lines: lines[-1] == PROMPT)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(running, PATIENCE)


async def test_pasted_lines_are_one_message() -> None:
    inbox = Inbox()
    async with at_prompt(inbox) as harness:
        harness.terminal.type("\x1b[200~first\rsecond\x1b[201~\r")
        await inbox.hears("first\nsecond")


async def test_a_letter_presses_the_button_that_bears_it() -> None:
    inbox = Inbox()
    async with at_prompt(inbox) as harness:
        first = await harness.adapter.send(CARD, 0)
        second = await harness.adapter.send(CARD, 0)
        assert (
            harness.shown()[0]
            == harness.shown()[1]
            == Shown("Shall I learn orders?", (("Approve", "Reject"), ("Details",)))
        )
        for keys, message_id in (("A", first), (harness.letter("Approve"), second)):
            await harness.say(f" {keys} ")
            click = await inbox.take()
            assert isinstance(click, ButtonClicked)
            assert (click.button, click.message_id) == ("a1", message_id)
        await harness.say("ar")
        await inbox.hears("ar")


async def test_a_removed_button_is_dead_and_says_so_once() -> None:
    inbox = Inbox()
    async with at_prompt(inbox) as harness:
        card = await harness.adapter.send(CARD, 0)
        await harness.adapter.edit(Outgoing(ROOM, "Approved."), card)
        await harness.say("a")
        await drawn(harness, lambda lines: any(line.startswith("[a] Approve is not there any more") for line in lines))
        await harness.say("a")
        await inbox.hears("a")
        assert len(inbox.offered) == 1
        await harness.adapter.edit(Outgoing(ROOM, "Approved."), await harness.adapter.send(CARD, 0))
        await harness.adapter.send(CARD, 0)
        await harness.press("Approve")
        assert isinstance(await inbox.take(), ButtonClicked)


async def test_the_answer_to_a_click_is_short() -> None:
    async with console_harness() as harness:
        click = ButtonClicked("key", ROOM, harness.person, "a1", "1", "token", datetime.now(UTC))
        await harness.adapter.answer(click, "")
        assert harness.terminal.lines() == [""]
        await harness.adapter.answer(click, "word " * 100)
        assert "".join(harness.terminal.lines()).count("word") == 40


async def test_html_is_text_and_a_link_shows_where_it_leads() -> None:
    async with console_harness() as harness:
        await harness.adapter.send(Outgoing(ROOM, "Run <b>x</b> [here](https://a.example)\n\n<pre>"), 0)
        assert harness.shown() == [Shown("Run <b>x</b> here (https://a.example)\n\n<pre>")]


async def test_what_fails_elsewhere_does_not_stop_the_typing() -> None:
    inbox = Inbox()
    async with at_prompt(inbox) as harness:
        asyncio.get_running_loop().call_exception_handler({"message": "It fails elsewhere."})
        await harness.say("hello")
        await inbox.hears("hello")


async def test_what_was_not_kept_is_said_and_the_next_line_is_taken() -> None:
    inbox = Inbox(refusals=1)
    async with at_prompt(inbox) as harness:
        await harness.say("first")
        await drawn(harness, lambda lines: "The disk is full. What you said was not kept: say it again." in lines)
        await harness.say("second")
        await inbox.hears("second")


async def test_no_text_steers_the_terminal() -> None:
    evil = "\x1b]2;owned\x07\x1b[2J\x9b2J&#27;[2J\rx\b\u202eabc&#x202e;"
    async with at_prompt(Inbox()) as harness:
        await harness.adapter.send(Outgoing(ROOM, evil, ((Button(f"Yes{evil}", "y"),),)), 0)
        await harness.adapter.edit(Outgoing(ROOM, evil), "gone")
        lines = harness.terminal.lines()
    assert any("␛]2;owned␛[2J�2J" in line for line in lines)
    assert any(line.startswith("  [y] Yes␛") for line in lines)
    assert any(line.startswith("  ↳ ␛") for line in lines)
    assert not any("\u202e" in line for line in lines)
    assert lines[0] == console.GREETING, "The screen was cleared"


@example("\u202e\u2066\x9b2J")
@example("&#x202e;&#x2066;&#155;")
@given(st.text(st.characters(codec=None, categories=None), max_size=60))
def test_nothing_but_harmless_characters_is_written(text: str) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "dumb")  # no colours: every escape that is found came from the text
        for output in (Screen(), io.StringIO()):
            adapter = ConsoleAdapter(io.StringIO(), output)
            asyncio.run(adapter.send(Outgoing(ROOM, text, ((Button(text, "b"),),)), 0))
            steering = [char for char in output.getvalue() if char.isprintable() is False and char not in "\n\t "]
            assert not set(steering) & {chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0x202E, 0x2066)}


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 9)), max_size=60))
def test_letters_of_live_buttons_are_unique_and_find_them(buttons: list[tuple[str, int]]) -> None:
    letters, live = Letters(), dict[str, str]()
    for place, (label, message) in enumerate(buttons):
        letter = letters.give(Button(label, str(place)), str(message))
        assert len(letter) == 1
        assert "a" <= letter <= "z"
        live[letter] = str(place)
        pressed = letters.live(letter)
        assert pressed is not None
        assert pressed.button.id == str(place)
    assert all(found.button.id == live[letter] for letter in live if (found := letters.live(letter)))


def test_when_no_letter_is_left_the_oldest_buttons_lose_theirs() -> None:
    letters = Letters()
    given_away = [letters.give(Button("👍", "up"), str(message)) for message in range(24)]
    assert len(set(given_away)) == 24
    assert not {"y", "n"} & set(given_away)
    assert letters.give(Button("👍", "newest"), "24") == given_away[0]
    assert letters.live(given_away[1]) is not None


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
