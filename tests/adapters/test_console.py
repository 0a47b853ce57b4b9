"""The console at a terminal: what a person sees there, and what comes of their keys."""

import asyncio
import io
import os
import signal
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters import console
from adapters.console import ROOM, ConsoleAdapter
from adapters.letters import Letters
from bot.domain.chat import Activity, Button, ButtonClicked, Outgoing, Progress
from tests.adapters.console_harness import ConsoleHarness, console_harness
from tests.adapters.contract import BUTTONS, PATIENCE, Inbox, Shown, receiving

CARD = Outgoing(ROOM, "Shall I learn **orders**?", BUTTONS)
PROMPT = "you ›"


@asynccontextmanager
async def at_prompt(inbox: Inbox) -> AsyncIterator[ConsoleHarness]:
    """The person at a terminal, with the prompt before them."""
    async with console_harness() as harness, receiving(harness.adapter, inbox.accept):
        await drawn(harness, lambda lines: lines[-1] == PROMPT)
        yield harness


def _ends(sign: str, lines: list[str]) -> bool:
    return lines[-1].endswith(f" {sign}")


async def drawn(harness: ConsoleHarness, wanted: Callable[[list[str]], bool]) -> None:
    """Let everybody work until this is true of the screen."""
    await asyncio.to_thread(harness.terminal.wait, wanted)


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


async def test_the_working_sign_says_what_is_being_done() -> None:
    async with at_prompt(Inbox()) as harness:
        await harness.adapter.working(ROOM)
        reads = Activity("Reads a.txt", "running")
        for activity, sign in ((reads, "Reads a.txt…"), (replace(reads, state="done"), "working…")):
            activities = (Activity("Looks at the clock", "done"), activity)
            progress = Progress(ROOM, harness.person, "", "So", activities, Button("Stop", "s1"))
            assert await harness.adapter.progress(progress, "") == ""
            await drawn(harness, partial(_ends, sign))


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
