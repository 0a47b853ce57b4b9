"""The operator's checks: what they match, what they say, and what is said when they cannot run."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.apprentice_toml import Verifier
from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolResult
from bot.domain.trace import Outcome
from bot.errors import ConfigError, ToolError
from bot.learning.outcomes import Verifiers
from bot.learning.outcomes.record import Call, Record
from bot.learning.outcomes.verifiers import matches
from bot.ports import ToolContext
from bot.store import conversations, evidence, tasks
from bot.store.commits import Commit
from bot.store.evidence import Evidence
from bot.store.store import Store
from bot.store.tasks import Said, Task
from tests.engine.made import ANA, ROOM
from tests.learning.lived import Made, worked
from tests.learning.outcomes.test_closing import closed

SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
SHIPPED = {"schema": {"properties": {"status": {"const": "shipped"}}, "required": ["status"]}}
PYTHON = [sys.executable, "-I", "-c"]


class Shop:
    """A far system: the order 7 was shipped, 8 is broken."""

    def __init__(self) -> None:
        self.asked: list[dict[str, JSON]] = []

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        assert (context.conversation, context.person) == (ROOM, ANA)
        return [Tool("get_order", "", SCHEMA, reads=True), Tool("ship_order", "", SCHEMA)]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        self.asked.append(arguments)
        if arguments["id"] == "8":
            raise ToolError("The shop is closed.")
        return ToolResult(json.dumps({"status": "shipped" if arguments["id"] == "7" else "open"}))


def rule(**given: Any) -> Verifier:
    return Verifier.model_validate({"name": "order shipped", "tools": ["ship_order"], **given})


def lived(*calls: Call, said: str = "Ship order 7") -> Record:
    task = Task("task-1", ROOM.key, ROOM.scope, ANA.id, 1, None, Outcome(), private=False)
    return Record(task, ROOM, [Said(1, ANA.id, said, 1.0)], calls)


async def verdict(check: Verifier, record: Record, path: Path) -> Evidence:
    [found] = await Verifiers([check], [Shop()], path).verify(record)
    return found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, True),
        ({"tools": ["get_order", "ship_order"]}, True),
        ({"tools": ["get_order"]}, False),
        ({"tools": [], "words": ["order 7"]}, True),
        ({"words": ["SHIP"]}, True),
        ({"words": ["order 77"]}, False),
        ({"tools": ["get_order"], "words": ["ship"]}, False),
        ({"tools": ["broken"]}, False),
    ],
)
def test_what_a_check_is_about(given: dict[str, Any], expected: bool) -> None:
    record = lived(Call("ship_order", {"id": "7"}), Call("broken", {}, failed=True))
    assert matches(rule(command=["true"], **given), record) is expected


@pytest.mark.parametrize(
    ("program", "status", "text"),
    [
        ("print('all well')", "success", "The check order shipped held."),
        (
            "import sys; print('mail ana@example.com'); sys.exit(2)",
            "failure",
            "The check order shipped did not hold: it ended with status 2 and said: mail [e-mail address 1].",
        ),
    ],
)
async def test_a_command(tmp_path: Path, program: str, status: str, text: str) -> None:
    found = await verdict(rule(command=[*PYTHON, program]), lived(Call("ship_order", {})), tmp_path)
    assert (found.source, found.verdict, found.text, found.rule) == ("verifier", status, text, "order shipped")


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([{"status": "open"}, {"status": "shipped"}], "success"),
        ([{"status": "shipped"}, {}], "failure"),
        ([], "unknown"),
    ],
)
async def test_the_last_output_of_a_tool(tmp_path: Path, results: list[JSON], status: str) -> None:
    calls = [Call("ship_order", {}), *(Call("get_order", {}, result) for result in results)]
    check = rule(output="get_order", expect=SHIPPED)
    assert (await verdict(check, lived(*calls), tmp_path)).verdict == status


@pytest.mark.parametrize(
    ("id", "status", "said"),
    [
        ("7", "success", "held"),
        ("9", "failure", 'did not hold: status: "shipped" was expected'),
        ("8", "unknown", "could not run: The shop is closed."),
    ],
)
async def test_a_state_read_back_with_the_calls_arguments(tmp_path: Path, id: str, status: str, said: str) -> None:
    check = rule(tool="get_order", **{"with": {"id": "${parameters.id}"}}, expect=SHIPPED)
    found = await verdict(check, lived(Call("ship_order", {"id": "1"}), Call("ship_order", {"id": id})), tmp_path)
    assert found.verdict == status
    assert said.split(":")[0] in found.text


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"tool": "get_order", "with": {"id": "${parameters.number}"}, "expect": SHIPPED}, "is null or missing"),
        ({"tool": "ship_order", "with": {"id": "7"}, "expect": SHIPPED}, "a check only reads"),
        ({"tool": "get_stock", "with": {}, "expect": SHIPPED}, "there is no tool named get_stock"),
        ({"command": ["no-such-program-here"]}, "cannot be started"),
        ({"command": [*PYTHON, "while True: pass"], "seconds": 0.3}, "took more than 0.3 seconds"),
    ],
)
async def test_a_check_that_cannot_run_is_no_evidence(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    found = await verdict(rule(**given), lived(Call("ship_order", {"id": "7"})), tmp_path)
    assert found.verdict == "unknown"
    assert why in found.text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"output": "get_order", "expect": {"schema": {"type": "nothing"}}}, "expect.schema: no JSON Schema"),
        ({"tool": "get_order", "with": {"id": "${parameters.}"}, "expect": SHIPPED}, r"with: \$\{parameters"),
        ({"tool": "get_order", "with": {"id": "${steps.a}"}, "expect": SHIPPED}, "here starts with parameters"),
        (
            {"tools": [], "words": ["a"], "tool": "a", "with": {"id": "${parameters.id}"}, "expect": SHIPPED},
            "so name its tool",
        ),
    ],
)
def test_what_can_never_hold_stops_the_start(tmp_path: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=rf"^apprentice.toml: the verifier 'order shipped', .*{sentence}"):
        Verifiers([rule(**given)], [], tmp_path)


async def test_it_decides_over_everybody_and_runs_at_the_first_closing_alone(store: Store, tmp_path: Path) -> None:
    task = await worked(store, 1, "Ship order 9", Made("ship_order", {"id": "9"}, "done"))
    await worked(store, 2, "thanks, that worked")
    shop = Shop()
    check = rule(tool="get_order", **{"with": {"id": "${parameters.id}"}}, expect=SHIPPED)
    verifiers = Verifiers([check], [shop], tmp_path)
    for why in ("done", "feedback"):
        outcome = await closed(store, task, why, verifiers=verifiers)
        assert (outcome.status, outcome.source) == ("failure", "verifier")
    assert shop.asked == [{"id": "9"}]
    kept = await store.read(lambda connection: evidence.of_task(connection, task))
    assert [(each.source, each.verdict, each.rule) for each in kept] == [
        ("verifier", "failure", "order shipped"),
        ("feedback", "success", "said"),
    ]
    assert kept[0].weight < kept[1].weight < 5


async def test_work_that_was_scheduled_is_over_before_it_is_checked_once(store: Store, tmp_path: Path) -> None:
    task = await worked(store, 1, "Ship order 9", Made("ship_order", {"id": "9"}, "done"))
    await store.write(Commit.FINISH, lambda connection: tasks.close(connection, task, Outcome(), 1.0))
    shop = Shop()
    check = rule(tool="get_order", **{"with": {"id": "${parameters.id}"}}, expect=SHIPPED)
    for why in ("scheduled", "feedback"):
        assert (await closed(store, task, why, verifiers=Verifiers([check], [shop], tmp_path))).status == "failure"
    assert shop.asked == [{"id": "9"}]


async def test_what_could_not_run_stands_in_the_tasks_detail(store: Store, tmp_path: Path) -> None:
    task = await worked(store, 1, "Ship order 8", Made("ship_order", {"id": "8"}, "done"))
    verifiers = Verifiers([rule(command=["no-such-program-here"])], [], tmp_path)
    outcome = await closed(store, task, verifiers=verifiers)
    assert outcome.status == "unknown"
    assert outcome.detail.startswith("The check order shipped could not run: it cannot be started")
    silent = await store.read(evidence.silent)
    assert silent == {"order shipped": (1, outcome.detail)}
    found = await store.read(lambda connection: tasks.task(connection, task))
    assert found.probability == 0.5
    assert await store.read(lambda connection: conversations.find(connection, ROOM.key)) == ROOM
