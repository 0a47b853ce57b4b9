"""The exit code of the last check that was run in a task, as evidence."""

import pytest

from bot.learning.outcomes.exit_codes import checks, last_check
from bot.learning.outcomes.hacks import suspicion
from bot.learning.outcomes.record import Call

TESTS = ["python3", "-m", "pytest", "-q"]


def ran(*command: str, code: int = 0) -> Call:
    return Call("run_command", {"command": [*command]}, {"exit_code": code, "stdout": "", "stderr": ""})


PASSED, FAILED = ran(*TESTS), ran(*TESTS, code=1)
WRITTEN, READ = Call("write_file", {"path": "a.py", "content": ""}, {}), Call("read_file", {"path": "a.py"}, "")


@pytest.mark.parametrize(
    ("calls", "verdicts"),
    [
        ([FAILED], ["failure"]),
        ([PASSED], ["success"]),
        ([FAILED, WRITTEN, PASSED, READ], ["success"]),
        ([PASSED, WRITTEN, FAILED], ["failure"]),
        ([FAILED, WRITTEN], ["failure"]),
        ([PASSED, WRITTEN], []),
        ([PASSED, ran("git", "commit", "-m", "test")], []),
        ([FAILED, ran("git", "status")], ["failure"]),
        ([FAILED, ran(*TESTS, code=124)], []),
        ([ran(*TESTS, code=137)], []),
        ([ran("git", "diff", "--exit-code", code=1)], []),
        ([Call("run_command", {"command": TESTS}, "It is away.", failed=True)], []),
        ([Call("run_command", {"command": "pytest"}, {"exit_code": 1})], []),
        ([Call("crm__run_command", {"command": TESTS}, {"exit_code": 1})], []),
        ([WRITTEN], []),
        ([], []),
    ],
)
def test_the_last_check_tells(calls: list[Call], verdicts: list[str]) -> None:
    told = list(last_check(calls))
    assert [evidence.verdict for evidence in told] == verdicts
    assert all((evidence.source, evidence.rule) == ("verifier", "run_command") for evidence in told)


@pytest.mark.parametrize(
    ("command", "check"),
    [
        ("pytest -q", True),
        ("/usr/bin/python3 -m pytest", True),
        ("python3.11 -m unittest", True),
        ("python3 tests/test_orders.py", True),
        ("python3 check.py", True),
        ("make test", True),
        ("npm run lint:fix", True),
        ("cargo clippy", True),
        ("go vet ./...", True),
        ("sh run-tests.sh", True),
        ("mypy --strict", True),
        ("git checkout main", False),
        ("git commit -m test", False),
        ("python3 -c test", False),
        ("python3 latest.py", False),
        ("grep test a.txt", False),
        ("make", False),
        ("python3", False),
    ],
)
def test_which_commands_are_checks(command: str, check: bool) -> None:
    assert checks(command.split()) is check


def test_a_check_that_was_gone_around_makes_the_task_suspect() -> None:
    assert "no-verify" in suspicion([ran("git", "commit", "--no-verify", "-m", "done"), PASSED])
    assert suspicion([PASSED]) == ""
