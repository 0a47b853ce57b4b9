"""`apprentice judge`: tables, shares, checks that could not run, suspect tasks."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import command
from bot.domain.trace import Outcome, Source, Status
from bot.store import evidence, schema, tasks
from bot.store.commits import Commit
from bot.store.evidence import Evidence
from bot.store.store import Connection, Store
from tests.learning.lived import worked

LIVED: list[tuple[Status, Source | None, list[Evidence]]] = [
    ("success", "verifier", [Evidence("judge", "success", "t", rule="judge")]),
    ("failure", "feedback", [Evidence("judge", "success", "t", rule="judge")]),
    ("success", "behaviour", []),
    ("unknown", None, [Evidence("verifier", "unknown", "The check [stock] could not run: why.", rule="stock")]),
]


@pytest.fixture
async def lived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    schema.upgrade(tmp_path / "data" / "apprentice.db")
    async with Store(tmp_path / "data" / "apprentice.db") as store:
        for number, (status, source, given) in enumerate(LIVED, 1):
            id = await worked(store, number, "do it")

            def work(connection: Connection, id: str = id, number: int = number) -> None:
                status, source, given = LIVED[number - 1]
                tasks.close(connection, id, Outcome(status, source), 1.0)
                for each in given:
                    evidence.testify(connection, id, each, 1.0)
                if number > 2:
                    tasks.suspect(connection, id, "It looks like a hack: [why].")
                if number > 3:
                    tasks.keep_private(connection, id)

            await store.write(Commit.FINISH, work)


def printed(*options: str) -> str:
    result = CliRunner().invoke(command, ["judge", *options], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.usefixtures("lived")
def test_as_json() -> None:
    told = json.loads(printed("--json"))
    assert (told["tasks"], told["unknown"]) == (4, 1)
    shares = {each["source"]: (each["decided"], each["share"]) for each in told["sources"]}
    assert shares == {"verifier": (1, 0.25), "feedback": (1, 0.25), "behaviour": (1, 0.25), "judge": (0, 0.0)}
    judge = told["sources"][-1]
    assert (judge["seen"], judge["agreed"]) == (2, 1)
    for name in ("of_successes", "of_failures"):
        assert judge[name]["low"] < judge[name]["share"] < judge[name]["high"]
    assert judge["weights"]["failure"] < 0 < judge["weights"]["success"]
    assert told["not_run"] == [{"verifier": "stock", "times": 1, "last": "The check [stock] could not run: why."}]
    assert told["suspect"] == [{"task": "task-3", "scope": "telegram:7", "why": "It looks like a hack: [why]."}]


@pytest.mark.usefixtures("lived")
def test_as_a_table() -> None:
    text = printed()
    assert "1 of 2" in text
    assert "1 (25%)" in text
    assert "The check [stock] could not run" in text
    assert "task-3 in telegram:7 is never mined. It looks like a hack: [why]." in text
    assert "task-4" not in text
