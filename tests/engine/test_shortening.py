"""A conversation that outgrows the model goes on with a summary, which is made once; the journal keeps it whole."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.json import JSON
from bot.engine.shortening import LABEL, LARGEST, SUMMARISE
from bot.errors import ContextTooLong
from bot.ports import ModelReply, ModelRequest
from bot.store import journal
from bot.store.journal import Entry
from bot.store.store import Store
from bot.store.transcript import as_text
from tests.engine.desk import Asked, Desk, endless, wishes, words

SUMMARY = "They keep notes on birds."
TOO_LONG = "This is too long for my model, even shortened: send less at once, or begin anew with /new."


class SmallModel:
    """Answers by a script and takes requests up to a `window` of bytes; summaries are asked apart and counted."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.script: list[ModelReply | Asked] = []
        self.summary: ModelReply | Asked = words(SUMMARY, tokens=7)
        self.requests: list[ModelRequest] = []
        self.refused: list[ModelRequest] = []
        self.summarised: list[str] = []

    async def complete(self, request: ModelRequest, heard: Callable[[str], None] | None = None) -> ModelReply:
        if sum(len(as_text(message).encode()) for message in request.messages) > self.window:
            self.refused.append(request)
            raise ContextTooLong("Too long.")
        if request.messages[0]["content"] == SUMMARISE:
            self.summarised.append(request.messages[1]["content"])
            step = self.summary
        else:
            self.requests.append(replace(request, messages=[*request.messages]))
            step = self.script.pop(0)
        return step if isinstance(step, ModelReply) else await step(request)


class Room(Desk):
    """A desk whose model is small."""

    def __init__(self, store: Store, path: Path) -> None:
        super().__init__(store, path)
        self.small = SmallModel(6_000)
        self.model = self.small  # type: ignore[assignment]  # the script's errors are the window's here
        self.open()

    def note(self, name: str, size: int) -> None:
        (self.path / "workspace" / name).write_text(f"{name} " + "x" * size)

    def sent(self) -> list[JSON]:
        return [*self.small.requests[-1].messages]

    async def journaled(self, turn: int) -> list[Entry]:
        rows = await self.store.read(lambda connection: journal.entries(connection, [turn]))
        return rows[turn]


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    return Room(store, tmp_path)


async def test_a_long_history_is_summarised_once_and_remembered(room: Room) -> None:
    room.small.script = [words("y" * 3_000), words("z" * 3_000), words("Three."), words("Four.")]
    await room.say("I keep notes on birds")
    await room.say("Go on")
    assert await room.say("How many?") == ["Three."]
    summary, message = room.sent()[1:]
    assert summary == {"role": "user", "content": f"{LABEL}\n{SUMMARY}"}
    assert message["content"] == "How many?"
    [text] = room.small.summarised
    assert text == f"user: I keep notes on birds\n\nassistant: {'y' * 999}…\n\nuser: Go on\n\nassistant: {'z' * 999}…"
    assert await room.say("And now?") == ["Four."]
    assert room.sent()[1:] == [
        summary,
        {"role": "user", "content": "How many?"},
        {"role": "assistant", "content": "Three."},
        {"role": "user", "content": "And now?"},
    ]
    assert (len(room.small.summarised), len(room.small.refused)) == (1, 2)


async def test_the_summary_is_on_record_with_its_place_and_cost_and_nothing_else_changes_there(room: Room) -> None:
    room.note("birds", 3_900)
    room.note("trees", 1_900)
    room.small.script = [
        wishes(("read_file", {"path": "birds"})),
        wishes(("read_file", {"path": "trees"})),
        words("Both."),
    ]
    assert await room.say("Read them") == ["Both."]
    entries = {entry.place: entry for entry in await room.journaled(1)}
    assert list(entries) == ["model:0", "tool:0.0", "model:1", "tool:1.0", "model:2", "summary:2"]
    summary = entries["summary:2"]
    assert (summary.request, summary.result, summary.tokens) == ({"since": 1}, SUMMARY, 7)
    assert (len(entries["tool:0.0"].result), len(entries["tool:1.0"].result)) == (3_906, 1_906)
    message, _, result = room.sent()[2:]
    assert (message["content"], result["content"][:5]) == ("Read them", "trees")
    assert "birds x" in room.small.summarised[0]
    assert "trees" not in room.small.summarised[0]


async def test_a_large_result_is_cut_in_what_is_sent_alone(room: Room) -> None:
    room.note("birds", 20_000)
    room.small.script = [wishes(("read_file", {"path": "birds"})), words("Long.")]
    assert await room.say("Read it") == ["Long."]
    result = room.sent()[-1]["content"]
    left_out = 20_006 - LARGEST
    assert result.endswith(f"x\n[{left_out} more characters are left out here.]")
    assert room.small.summarised == []
    entries = {entry.place: entry for entry in await room.journaled(1)}
    assert len(entries["tool:0.0"].result) == 20_006


async def test_a_turn_that_grows_on_is_summarised_again_from_the_summary(room: Room) -> None:
    for name in ("ants", "bees", "cats", "dogs"):
        room.note(name, 2_400)
    room.small.window = 5_000
    reads = [wishes(("read_file", {"path": name})) for name in ("ants", "bees", "cats", "dogs")]
    room.small.script = [*reads, words("Four.")]
    assert await room.say("Read them") == ["Four."]
    begins = [text[:20] for text in room.small.summarised]
    assert begins == ["user: Read them\n\nass", *[f"user: {LABEL}"[:20]] * 2]
    assert "dogs x" in room.sent()[-1]["content"]


async def test_a_resumed_turn_does_not_pay_for_the_summary_again(room: Room) -> None:
    begun = asyncio.Event()
    room.small.script = [words("y" * 3_000), words("z" * 3_000), endless(begun), words("Three.")]
    await room.say("I keep notes on birds")
    await room.say("Go on")
    await room.hear("How many?")
    await room.killed(begun)
    await room.work()
    assert room.last.text == "Three."
    assert len(room.small.summarised) == 1


async def test_a_summary_that_was_cut_off_is_made_again(room: Room) -> None:
    begun = asyncio.Event()
    room.small.script = [words("y" * 3_000), words("z" * 3_000), words("Three.")]
    room.small.summary = endless(begun)
    await room.say("I keep notes on birds")
    await room.say("Go on")
    await room.hear("How many?")
    await room.killed(begun)
    room.small.summary = words(SUMMARY)
    await room.work()
    assert room.last.text == "Three."
    assert room.sent()[1]["content"] == f"{LABEL}\n{SUMMARY}"


@pytest.mark.parametrize("earlier", [0, 1])
async def test_a_message_that_is_too_long_by_itself_is_said_so(room: Room, earlier: int) -> None:
    room.small.script = [words("Yes.")] * 2
    for _ in range(earlier):
        await room.say("Hello")
    assert await room.say("x" * 7_000) == [TOO_LONG]
    assert await room.say("/new") != []
    assert await room.say("Hello") == ["Yes."]
