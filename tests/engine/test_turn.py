"""A message becomes a reply: rounds, calls, limits, history, and going on where a crash cut it off."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Step
from bot.engine import prompt
from bot.engine.journal import UNKNOWN
from bot.engine.lanes import BROKE, BUG_TRIES, MODEL_TRIES
from bot.engine.turn import SILENCE
from bot.engine.work import Limits
from bot.errors import ContextTooLong, ModelRefused, ModelUnavailable, ToolError
from bot.ports import ModelReply, ModelRequest
from bot.store import journal, tasks
from bot.store.commits import Commit
from bot.store.store import Connection, Store
from bot.store.tables import journal as journal_rows
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM
from tests.engine.test_shortening import TOO_LONG

NOTE = {"path": "note.txt", "content": "milk"}


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def told(desk: Desk, request: int = -1) -> list[str]:
    """The contents of the tools' messages of a request."""
    return [message["content"] for message in desk.model.requests[request].messages if message["role"] == "tool"]


async def test_rounds_go_on_until_the_model_answers(desk: Desk) -> None:
    desk.model.script = [wishes(("write_file", NOTE)), wishes(("read_file", {"path": "note.txt"})), words("Milk.")]
    assert await desk.say("Note milk, and read it to me") == ["Milk."]
    assert told(desk) == ['{"path":"note.txt","bytes":4}', "milk"]
    roles = [message["role"] for message in desk.model.requests[-1].messages]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "tool"]


async def test_several_calls_of_one_reply_are_all_answered_by_ids_of_their_own(desk: Desk) -> None:
    desk.model.script = [
        wishes(("write_file", NOTE), ("read_file", {"path": "note.txt"}), ("read_file", {"path": "nothing"})),
        words("Done."),
    ]
    await desk.say("Three things")
    *_, assistant, first, second, third = desk.model.requests[-1].messages
    ids = [call["id"] for call in assistant["tool_calls"]]
    assert [message["tool_call_id"] for message in (first, second, third)] == ids
    assert len(set(ids)) == 3
    assert second["content"] == "milk"
    assert third["content"].startswith("Error: There is no nothing")


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("read_file", '{"path": "no', "not valid JSON"),
        ("read_file", '["note.txt"]', "not a JSON object"),
        ("read_file", "[" * 100_000, "not valid JSON"),
        ("read_file", {"file": "note.txt"}, "path: Field required"),
        ("read_file", {"path": 7}, "path: Input should be a valid string"),
        ("read_file", {"path": "../secret"}, "not a path in the workspace"),
        ("reed_file", {"path": "note.txt"}, "There is no tool named reed_file. The tools are: list_files, read_file"),
        ("", "", "There is no tool named"),
    ],
)
async def test_a_call_that_cannot_be_made_goes_back_to_be_mended(
    desk: Desk, name: str, arguments: JSON, error: str
) -> None:
    (desk.path / "workspace" / "note.txt").write_text("milk")
    desk.model.script = [wishes((name, arguments)), wishes(("read_file", {"path": "note.txt"})), words("Milk.")]
    assert await desk.say("Read my note") == ["Milk."]
    refused, mended = told(desk)
    assert refused.startswith("Error: ")
    assert error in refused
    assert mended == "milk"


async def test_no_arguments_are_an_empty_object(desk: Desk) -> None:
    desk.model.script = [wishes(("list_files", "")), words("None.")]
    await desk.say("Which files are there?")
    assert told(desk) == ['{"files":[],"truncated":false}']


async def test_an_error_of_a_tool_goes_back_to_the_model(desk: Desk) -> None:
    desk.orders.faults = [ToolError("The system of orders sleeps.")]
    desk.model.script = [wishes(("get_order", {"id": "7"})), words("It sleeps.")]
    assert await desk.say("Order 7?") == ["It sleeps."]
    assert told(desk) == ["Error: The system of orders sleeps."]


async def test_text_beside_calls_is_not_sent_and_not_forgotten(desk: Desk) -> None:
    desk.model.script = [wishes(("list_files", {}), text="Let me look."), words("No files.")]
    assert await desk.say("Which files are there?") == ["No files."]
    assert desk.model.requests[-1].messages[2]["content"] == "Let me look."


async def test_what_no_encoder_takes_reaches_no_server(desk: Desk) -> None:
    (desk.path / "workspace" / "odd.json").write_text('{"a": "\\ud800"}')
    desk.model.script = [
        wishes(("read_file", {"path": "odd.json"})),
        wishes(("get_order", '{"id": "\\ud800"}')),
        words("Odd."),
        words("Still odd."),
    ]
    assert await desk.say("Read it \ud800\0") == ["Odd."]
    assert await desk.say("And now?") == ["Still odd."]
    for request in desk.model.requests:
        json.dumps([*request.messages], ensure_ascii=False).encode()


@pytest.mark.parametrize("depth", [100, 900, 950, 970, 980, 990])
async def test_a_file_of_any_depth_is_answered(desk: Desk, depth: int) -> None:
    (desk.path / "workspace" / "deep.json").write_text("[" * depth + "]" * depth)
    desk.model.script = [wishes(("read_file", {"path": "deep.json"})), words("Deep.")]
    assert await desk.say("Read it") == ["Deep."]


@pytest.mark.parametrize("nothing", ["", " \n"])
async def test_an_empty_answer_is_answered_and_makes_no_broken_history(desk: Desk, nothing: str) -> None:
    desk.model.script = [words(nothing), words("Yes.")]
    assert await desk.say("Are you there?") == [SILENCE]
    assert await desk.say("Hello?") == ["Yes."]
    # Servers refuse an assistant's message that has neither text nor calls.
    assert [message["content"] for message in desk.model.requests[-1].messages[1:]] == [
        "Are you there?",
        nothing,
        "Hello?",
    ]


LIST = wishes(("list_files", {}), tokens=60)


@pytest.mark.parametrize(
    ("limits", "asked", "sentence"),
    [
        (Limits(rounds=2), 2, "I stopped after 2 rounds without an answer."),
        (Limits(tokens=100), 2, "I stopped after 100 tokens without an answer."),
        (Limits(seconds=0), 0, "I stopped after 0 seconds without an answer."),
    ],
)
async def test_a_turn_that_comes_to_a_limit_says_so_once(desk: Desk, limits: Limits, asked: int, sentence: str) -> None:
    desk.open(limits)
    desk.model.script = [LIST] * 5
    assert await desk.say("Work for ever") == [sentence]
    assert len(desk.model.requests) == asked


async def test_an_answer_at_the_limit_is_an_answer(desk: Desk) -> None:
    desk.open(Limits(rounds=2, tokens=100))
    desk.model.script = [LIST, words("Done.", tokens=1000)]
    assert await desk.say("Work") == ["Done."]


async def test_a_model_that_is_away_is_asked_again(desk: Desk) -> None:
    desk.model.script = [ModelUnavailable("The model is busy.", after=5.0), words("Here I am.")]
    assert await desk.say("Hello") == []
    await desk.clock.sleep(5.0)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["Here I am."]


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (ModelUnavailable("The model is busy.", after=1.0), MODEL_TRIES),
        (ModelRefused("Set OPENAI_API_KEY."), 1),
        (
            ContextTooLong(TOO_LONG),
            1,
        ),
    ],
)
async def test_a_model_that_does_not_answer_is_told_once(desk: Desk, error: Exception, tries: int) -> None:
    desk.model.script = [error] * 5
    await desk.say("Hello")
    for _ in range(tries):
        await desk.clock.sleep(1.0)
        await desk.work()
    assert [message.text for message in desk.chat.sent] == [str(error)]
    assert len(desk.model.requests) == tries


async def test_a_turn_that_was_cut_off_goes_on_behind_its_last_step(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [
        wishes(("set_order", {"id": "1"}), ("get_order", {"id": "1"})),
        endless(begun),
        words("Done."),
    ]
    await desk.hear("Change order 1")
    await desk.killed(begun)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["Done."]
    assert desk.orders.calls == [("set_order", {"id": "1"}), ("get_order", {"id": "1"})]
    _, cut_off, again = desk.model.requests
    assert again == cut_off


@pytest.mark.parametrize(
    ("name", "calls", "result"),
    [("set_order", 1, f"Error: {UNKNOWN}"), ("get_order", 2, '{"id":"1","city":"Rome"}')],
)
async def test_a_call_that_was_cut_off_is_made_again_only_if_it_reads(
    desk: Desk, name: str, calls: int, result: str
) -> None:
    begun = asyncio.Event()
    desk.orders.faults = [begun]
    desk.model.script = [wishes((name, {"id": "1"})), words("I see.")]
    await desk.hear("Order 1")
    await desk.killed(begun)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["I see."]
    assert len(desk.orders.calls) == calls
    assert told(desk) == [result]


async def test_history_is_told_in_order_with_its_calls(desk: Desk) -> None:
    desk.model.script = [wishes(("get_order", {"id": "1"})), words("Rome."), words("Order 1.")]
    await desk.say("Where is order 1?")
    await desk.say("Which one was it?")
    assert [(message["role"], message["content"]) for message in desk.model.requests[-1].messages[1:]] == [
        ("user", "Where is order 1?"),
        ("assistant", None),
        ("tool", '{"id":"1","city":"Rome"}'),
        ("assistant", "Rome."),
        ("user", "Which one was it?"),
    ]


async def said_before(desk: Desk) -> list[str]:
    """What people said, as the last request tells it."""
    return [message["content"] for message in desk.model.requests[-1].messages if message["role"] == "user"]


async def test_history_ends_at_new_and_at_the_conversation(desk: Desk) -> None:
    desk.model.script = [words("Yes.")] * 4
    await desk.say("first")
    await desk.say("elsewhere", BOB, GROUP)
    await desk.say("second")
    assert await said_before(desk) == ["first", "second"]
    await desk.say("/new")
    await desk.say("third")
    assert await said_before(desk) == ["third"]


@pytest.mark.parametrize("letter", ["x", "語"])
async def test_history_keeps_whole_turns_the_newest_first_within_its_bytes(desk: Desk, letter: str) -> None:
    long = letter * (prompt.HISTORY_BYTES // len(letter.encode()) // 2 - 100)
    desk.model.script = [words("Yes.")] * 4
    for number in range(4):
        await desk.say(f"{number}{long}")  # two fill the budget
    assert [text[0] for text in await said_before(desk)] == ["1", "2", "3"]


async def test_a_question_without_an_answer_stays_in_the_history(desk: Desk) -> None:
    desk.model.script = [ModelRefused("No key."), words("Yes.")]
    await desk.say("first")
    await desk.say("second")
    assert await said_before(desk) == ["first", "second"]


async def test_a_history_that_cannot_be_told_costs_an_answer_and_not_the_lane(desk: Desk) -> None:
    desk.model.script = [words("Yes.")]
    await desk.say("first")
    await desk.store.write(Commit.FINISH, _break_the_journal)
    await desk.say("second")
    for _ in range(BUG_TRIES):
        await desk.clock.sleep(10.0)
        await desk.work()
    assert desk.last.text == BROKE
    await desk.say("/new")
    desk.model.script = [words("Afresh.")]
    assert await desk.say("third") == ["Afresh."]


def _break_the_journal(connection: Connection) -> None:
    connection.execute(journal_rows.update().where(journal_rows.c.place == "model:0").values(result="no reply"))


async def test_a_reply_quotes_the_question_where_others_talk_too(desk: Desk) -> None:
    desk.model.script = [words("Yes.")] * 2
    await desk.say("in the group", BOB, GROUP)
    assert desk.last.reply_to == "1"
    await desk.say("alone")
    assert desk.last.reply_to == ""


async def test_thumbs_stand_under_answers_that_used_a_skill_only(desk: Desk) -> None:
    await desk.learn("order-city", Procedure((Step("order", "get_order", {"id": "1"}),)))
    desk.model.script = [words("Hello."), wishes(("skill_order_city", {})), words("Rome."), words("Bye.")]
    rows = []
    for text in ("Hi", "Where is it?", "Bye"):
        await desk.say(text)
        rows.append([button.label for row in desk.last.buttons for button in row])
    assert rows == [[], ["👍", "👎"], []]


async def test_what_several_people_say_at_once_is_answered_in_order(desk: Desk) -> None:
    async def answer(request: ModelRequest) -> ModelReply:
        return words(f"To {request.messages[-1]['content']}")

    desk.model.script = [answer] * 3
    for text, person in (("1", ANA), ("2", BOB), ("3", ANA)):
        await desk.hear(text, person, GROUP)
    await desk.work()
    assert [message.text for message in desk.chat.sent] == ["To 1", "To 2", "To 3"]


async def test_every_call_is_in_the_journal_with_what_it_cost(desk: Desk) -> None:
    desk.model.script = [wishes(("get_order", {"id": "1"}), tokens=7), words("Rome.", tokens=8)]
    await desk.say("Where?")
    entries = (await desk.store.read(lambda connection: journal.entries(connection, [1])))[1]
    assert [(entry.place, entry.name, entry.status, entry.tokens) for entry in entries] == [
        ("model:0", "", "done", 7),
        ("tool:0.0", "get_order", "done", 0),
        ("model:1", "", "done", 8),
    ]


async def test_a_conversations_turns_are_one_task_until_it_was_quiet(desk: Desk) -> None:
    desk.model.script = [words("Yes.")] * 3
    await desk.say("1")
    await desk.clock.sleep(600)
    await desk.say("2")
    await desk.clock.sleep(899)
    await desk.work()
    task = await desk.store.read(lambda connection: tasks.open_task(connection, ROOM.key))
    assert task is not None
    assert len(await desk.store.read(lambda connection: tasks.turns_of(connection, task.id))) == 2
    await desk.clock.sleep(1)
    await desk.work()
    assert await desk.store.read(lambda connection: tasks.open_task(connection, ROOM.key)) is None
