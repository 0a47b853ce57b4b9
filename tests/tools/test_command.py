"""`run_command`: in bubblewrap where that works, and without it where the operator says so."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.apprentice_toml import Commands
from bot.domain.json import JSON
from bot.errors import ConfigError, ToolError
from bot.ports import ToolContext
from bot.tools.command import CommandTool
from bot.tools.names import folder_of
from bot.tools.sandbox import prepared
from tests.engine.made import ANA, ROOM

HERE = ToolContext(ROOM, ANA)
PROGRAMS = ("sh", "cat", "ls", "python3", "sleep", "true")


def _why_not() -> str:
    try:
        prepared(2**30, ())
    except ConfigError as error:
        return str(error)
    return ""


WHY_NOT = _why_not()
shut_in = pytest.mark.skipif(WHY_NOT != "", reason=WHY_NOT)
KINDS = [pytest.param("bubblewrap", marks=shut_in), "unsandboxed"]


def tool(workspace: Path, sandbox: str = "bubblewrap", **given: object) -> CommandTool:
    return CommandTool(Commands.model_validate({"programs": PROGRAMS, "sandbox": sandbox, **given}), workspace, ())


async def ran(tool: CommandTool, *command: str) -> dict[str, JSON]:
    content = (await tool.call("run_command", {"command": [*command]}, HERE)).content
    assert isinstance(content, dict)
    assert content.keys() == {"exit_code", "stdout", "stderr"}
    return content


@pytest.mark.parametrize("kind", KINDS)
async def test_a_command_works_in_the_workspace(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.txt").write_text("milk")
    here = tool(tmp_path, kind)
    assert await ran(here, "cat", "a.txt") == {"exit_code": 0, "stdout": "milk", "stderr": ""}
    assert (await ran(here, "sh", "-c", "echo eggs > b.txt; cat missing; exit 3"))["exit_code"] == 3
    assert (tmp_path / "b.txt").read_text() == "eggs\n"
    assert (await ran(here, "cat"))["stdout"] == ""  # nothing stands on its stdin
    assert (await ran(here, "sh", "-c", "kill -9 $$"))["exit_code"] == 137


@pytest.mark.parametrize("kind", KINDS)
async def test_no_shell_reads_its_arguments_and_no_secret_is_there(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    here = tool(tmp_path, kind)
    assert (await ran(here, "sh", "-c", 'echo "$1"', "sh", "$HOME; id"))["stdout"] == "$HOME; id\n"
    assert "OPENAI" not in (await ran(here, "sh", "-c", "env; cat /proc/self/environ"))["stdout"]


@pytest.mark.parametrize("kind", KINDS)
async def test_its_limits(tmp_path: Path, kind: str) -> None:
    here = tool(tmp_path, kind, seconds=60, memory_mb=256, output_kb=1)
    printed = await ran(here, "python3", "-c", "print('a' * 100_000)")
    assert len(printed["stdout"]) < 1100
    assert "[… 98977 bytes left out …]" in printed["stdout"]
    assert "MemoryError" in (await ran(here, "python3", "-c", "'a' * 2**29"))["stderr"]
    full = await ran(here, "python3", "-c", "open('big', 'wb').truncate(2**40)")
    assert full["exit_code"] != 0
    late = await ran(tool(tmp_path, kind, seconds=0.2), "sleep", "600")
    assert late == {"exit_code": 124, "stdout": "", "stderr": "\n[ended after 0.2 seconds]"}


@pytest.mark.parametrize("command", [["rm", "a"], ["/bin/sh", "-c", "id"], ["./sh"], ["sh ", "-c"], [""]])
async def test_only_the_programs_of_the_list_are_run(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "sh").write_text("#!/bin/sh\n")
    with pytest.raises(ToolError, match="is not among the programs that may be run: sh, cat, ls"):
        await tool(tmp_path, "unsandboxed").call("run_command", {"command": [*command]}, HERE)


@pytest.mark.parametrize("arguments", [{}, {"command": []}, {"command": "sh -c id"}, {"command": ["ls", 1]}])
async def test_arguments_that_do_not_fit(tmp_path: Path, arguments: dict[str, JSON]) -> None:
    with pytest.raises(ToolError, match="The arguments do not fit"):
        await tool(tmp_path, "unsandboxed").call("run_command", arguments, HERE)


async def test_a_program_that_cannot_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cat: it cannot be started"):
        await tool(tmp_path, "unsandboxed").call("run_command", {"command": ["cat", "a\0b"]}, HERE)


def test_a_program_that_is_nowhere_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no program no-such-program in the system's folders"):
        tool(tmp_path, "unsandboxed", programs=["true", "no-such-program"])


@pytest.mark.parametrize("kind", KINDS)
async def test_it_says_whether_it_may_change_what_lies_outside(tmp_path: Path, kind: str) -> None:
    [described] = await tool(tmp_path, kind).tools(HERE)
    assert (described.outside, described.reads) == (kind == "unsandboxed", False)


@shut_in
async def test_there_is_no_network(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
    assert (await ran(tool(tmp_path, "unsandboxed"), "python3", "-c", connect))["exit_code"] == 0
    assert "refused" in (await ran(tool(tmp_path), "python3", "-c", connect))["stderr"]
    server.close()


@shut_in
async def test_nothing_but_the_workspace_can_be_written_or_read(tmp_path: Path) -> None:
    workspace, outside = tmp_path / "workspace", tmp_path / "apprentice.db"
    workspace.mkdir()
    outside.write_text("secret")
    (workspace / "link").symlink_to(outside)
    here = tool(workspace)
    for path in (outside, "link", "/etc/shadow", f"/proc/{os.getpid()}/environ", "../apprentice.db"):
        assert (await ran(here, "cat", str(path)))["exit_code"] != 0, path
    places = ("/usr/x", "/etc/x", "/x", "/dev/x", "/workspace/files/x", "/proc/sys/kernel/core_pattern")
    for path in places:
        failed = await ran(here, "sh", "-c", f"echo core > {path}")
        assert "Read-only file system" in failed["stderr"], path
    assert (await ran(here, "sh", "-c", "echo ok > ~/x; cat ~/x"))["stdout"] == "ok\n"
    assert (await ran(here, "sh", "-c", "ls ~"))["stdout"] == ""


@shut_in
async def test_of_what_was_sent_only_the_own_conversations_is_there(tmp_path: Path) -> None:
    own, other = folder_of(ROOM), "telegram_99"
    for name in (own, other):
        (tmp_path / "files" / name).mkdir(parents=True)
        (tmp_path / "files" / name / "sent.txt").write_text(name)
    here = tool(tmp_path)
    seen = await ran(here, "sh", "-c", "ls files; cat files/*/sent.txt; echo new > files/telegram_7/new; mv files f")
    assert seen["stdout"] == f"{own}\n{own}"
    assert (tmp_path / "files" / own / "new").read_text() == "new\n"
    assert os.listdir(tmp_path) == ["files"]


@shut_in
async def test_a_link_in_place_of_the_folder_of_files_is_not_followed(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "files").symlink_to(tmp_path)
    with pytest.raises(ToolError, match="is a link"):
        await tool(workspace).call("run_command", {"command": ["true"]}, HERE)


@shut_in
@pytest.mark.parametrize("ending", ["cancelled", "by itself"])
async def test_what_it_started_ends_with_it(tmp_path: Path, ending: str) -> None:
    os.mkfifo(tmp_path / "begun")
    script = "setsid sh -c 'echo x > begun; sleep 543.21' & " + ("wait" if ending == "cancelled" else "sleep .2")
    running = asyncio.create_task(ran(tool(tmp_path), "sh", "-c", script))
    await asyncio.to_thread((tmp_path / "begun").read_text)
    assert _running("543.21")
    if ending == "cancelled":
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    else:
        await running
    assert not _running("543.21")


def _running(word: str) -> Sequence[str]:
    """The processes whose commands hold a word; zombies have none."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [process.parent.name] if word.encode() in process.read_bytes() else []
        except OSError:  # it has ended
            continue
    return found
