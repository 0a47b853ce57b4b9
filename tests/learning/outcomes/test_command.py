"""A verifier's command: what it sees, what it says, and how it is ended."""

import os
import select
import sys
from pathlib import Path

import pytest

from bot.learning.outcomes.command import MOST_OUTPUT, NotRun, Ran, execute

ENVIRONMENT = "import os; print(sorted(os.environ), os.getcwd())"


def program(text: str) -> list[str]:
    return [sys.executable, "-I", "-c", text]


@pytest.mark.parametrize(("status", "line"), [(0, "fine"), (3, "two are missing")])
async def test_its_status_and_its_last_line(tmp_path: Path, status: int, line: str) -> None:
    command = program(f"import sys; print('first', flush=True); print('{line}', file=sys.stderr); sys.exit({status})")
    assert await execute(command, tmp_path, 20) == Ran(status, line)


async def test_no_shell_and_nothing_of_the_bots_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    ran = await execute(program(ENVIRONMENT), tmp_path, 20)
    assert ran.last_line.endswith(str(tmp_path))
    assert "OPENAI_API_KEY" not in ran.last_line
    assert (await execute(["echo", "$HOME; exit 3"], tmp_path, 20)) == Ran(0, "$HOME; exit 3")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["no-such-program-here"], "cannot be started"),
        (["echo", "a\0b"], "cannot be started"),
        (program("while True: pass"), "took more than 0.5 seconds"),
        (program(f"print('x' * {2 * MOST_OUTPUT})"), "printed more than"),
        (program("import os; os.kill(os.getpid(), 11)"), "ended by SIGSEGV"),
    ],
)
async def test_what_comes_to_no_end_tells_nothing(tmp_path: Path, command: list[str], why: str) -> None:
    with pytest.raises(NotRun, match=why):
        await execute(command, tmp_path, 0.5 if "while" in command[-1] else 20)


async def test_what_it_left_running_ends_with_it(tmp_path: Path) -> None:
    left = "import time; time.sleep(600)"
    begin = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-I', '-c', '{left}']).pid)"
    ran = await execute(program(begin), tmp_path, 20)
    assert ran.status == 0
    assert _ended(int(ran.last_line))


def _ended(process: int) -> bool:
    """Whether a process is gone, or goes within seconds: it was sent the signal, and that takes no wish of its own."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return select.select([handle], [], [], 10.0)[0] == [handle]
    finally:
        os.close(handle)
