"""A program that is run: what it sees, what is kept of what it prints, and how it is ended."""

import asyncio
import os
import select
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tools.process import NotStarted, Printed, run

ENVIRONMENT = "import os; print(sorted(os.environ), os.getcwd())"
KEPT = 4_000


def program(text: str) -> list[str]:
    return [sys.executable, "-I", "-c", text]


@pytest.mark.parametrize("status", [0, 3])
async def test_its_status_and_what_it_printed(tmp_path: Path, status: int) -> None:
    command = program(f"import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit({status})")
    ended = await run(command, tmp_path, 20, KEPT)
    assert (ended.status, ended.stdout.text, ended.stderr.text) == (status, "out\n", "err\n")
    assert (await run(command, tmp_path, 20, KEPT, together=True)).stdout.text == "out\nerr\n"


async def test_no_shell_and_nothing_of_the_bots_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    printed = (await run(program(ENVIRONMENT), tmp_path, 20, KEPT)).stdout.text
    assert printed.endswith(f"{tmp_path}\n")
    assert "OPENAI_API_KEY" not in printed
    assert (await run(["echo", "$HOME; exit 3"], tmp_path, 20, KEPT)).stdout.text == "$HOME; exit 3\n"


@pytest.mark.parametrize("given", [b"", b"x" * 1_000_000], ids=["nothing", "a megabyte"])
async def test_it_reads_what_it_is_given(tmp_path: Path, given: bytes) -> None:
    ended = await run(program("import sys; print(len(sys.stdin.buffer.read()))"), tmp_path, 20, KEPT, given=given)
    assert ended.stdout.text == f"{len(given)}\n"


@pytest.mark.parametrize("command", [["no-such-program-here"], ["echo", "a\0b"]])
async def test_what_cannot_be_started(tmp_path: Path, command: list[str]) -> None:
    with pytest.raises(NotStarted, match="cannot be started"):
        await run(command, tmp_path, 20, KEPT)


async def test_a_signal_and_the_end_of_its_time(tmp_path: Path) -> None:
    assert (await run(program("import os; os.kill(os.getpid(), 11)"), tmp_path, 20, KEPT)).status == -11
    late = await run(["sh", "-c", "echo begun; sleep 600"], tmp_path, 2, KEPT)
    assert (late.status, late.stdout.text) == (None, "begun\n")


async def test_what_it_left_running_ends_with_it(tmp_path: Path) -> None:
    left = "import time; time.sleep(600)"
    begin = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-I', '-c', '{left}']).pid)"
    ended = await run(program(begin), tmp_path, 20, KEPT)
    assert ended.status == 0
    assert _ended(int(ended.stdout.text))


async def test_who_waits_is_cancelled_and_it_ends(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    os.mkfifo(pid)
    told = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    running = asyncio.create_task(run(program(told), tmp_path, 600, KEPT))
    number = int(await asyncio.to_thread(pid.read_text))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):  # a zombie would still be there
        os.kill(number, 0)


@given(st.lists(st.binary(max_size=40)), st.integers(1, 30))
def test_the_beginning_and_the_end_of_what_is_printed_are_kept(chunks: list[bytes], half: int) -> None:
    printed, whole = Printed(half), b"".join(chunks)
    for chunk in chunks:
        printed.take(chunk)
    assert bytes(printed.beginning) == whole[:half]
    assert bytes(printed.end) == whole[half:][-half:]
    assert printed.left_out == len(whole) - len(printed.beginning) - len(printed.end)
    assert printed.left_out or printed.text == whole.decode("utf-8", "replace")


def test_a_mark_says_how_much_is_left_out() -> None:
    printed = Printed(2)
    printed.take(b"abcdefg")
    assert printed.text == "ab\n[… 3 bytes left out …]\nfg"


def _ended(process: int) -> bool:
    """Whether a process is gone, or goes within seconds: it was sent the signal, and that takes no wish of its own."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return select.select([handle], [], [], 60.0)[0] == [handle]
    finally:
        os.close(handle)
