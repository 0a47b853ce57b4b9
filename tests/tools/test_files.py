"""The file tools on a real folder: what they give, what they refuse, and that nothing leads out of it."""

import asyncio
import os
import shutil
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.tools import files, workspace
from bot.tools.files import FileTools
from bot.tools.workspace import Workspace

HERE = ToolContext(Conversation("console", "local"), Person("console:ann"))
SECRET = "the secret outside"


class Tools:
    """The tools on a workspace that has a neighbour with a secret."""

    def __init__(self, above: Path) -> None:
        self.root = above / "workspace"
        self.outside = above / "outside"
        self.root.mkdir()
        self.outside.mkdir()
        (self.outside / "secret.txt").write_text(SECRET)
        self._files = FileTools(self.root)

    async def call(self, tool: str, **arguments: JSON) -> JSON:
        return (await self._files.call(tool, arguments, HERE)).content

    def put(self, path: str, content: str | bytes = "") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def untouched(self) -> bool:
        return {file.name: file.read_text() for file in self.outside.iterdir()} == {"secret.txt": SECRET}


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(tmp_path)


# What they give.


async def test_what_is_written_is_read_listed_and_found(tools: Tools) -> None:
    assert await tools.call("write_file", path="a/b/note.md", content="Größe: 5\nand more") == {
        "path": "a/b/note.md",
        "bytes": 19,
    }
    assert await tools.call("read_file", path="a/b/note.md") == "Größe: 5\nand more"
    assert await tools.call("list_files") == {"files": [{"path": "a/b/note.md", "size": 19}], "truncated": False}
    assert await tools.call("search_files", query="GRÖSSE") == {
        "matches": [{"path": "a/b/note.md", "line": 1, "text": "Größe: 5"}],
        "truncated": False,
    }


async def test_lists_are_sorted_and_leave_hidden_files_out(tools: Tools) -> None:
    for path in ("b.txt", "a/z.txt", "a/y.txt", ".hidden", ".git/config", "a/.b"):
        tools.put(path)
    listed = await tools.call("list_files")
    assert [file["path"] for file in listed["files"]] == ["a/y.txt", "a/z.txt", "b.txt"]
    assert [file["path"] for file in (await tools.call("list_files", path="a"))["files"]] == ["a/y.txt", "a/z.txt"]
    assert [file["path"] for file in (await tools.call("list_files", path="./a//y.txt"))["files"]] == ["a/y.txt"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, "ä"]}', {"a": [1, "ä"]}),
        ("\ufeff[1]", [1]),
        ("19", 19),
        ('{"a": 1', '{"a": 1'),
        ('{"a": NaN}', '{"a": NaN}'),
        ('"\\ud83d"', '"\\ud83d"'),
        ("[" * 20_000, "[" * 20_000),
        ("9" * 5000, "9" * 5000),
        ("", ""),
    ],
)
async def test_a_json_file_comes_back_as_json_and_broken_json_as_text(tools: Tools, text: str, value: JSON) -> None:
    tools.put("x.JSON", text)
    assert await tools.call("read_file", path="x.JSON") == value


async def test_json_in_other_files_is_text(tools: Tools) -> None:
    tools.put("x.txt", "\ufeff[1]")
    assert await tools.call("read_file", path="x.txt") == "[1]"


async def test_writing_replaces_the_whole_file_and_keeps_its_permissions(tools: Tools) -> None:
    tools.put("run.sh", "a long content").chmod(0o700)
    await tools.call("write_file", path="run.sh", content="new")
    assert (tools.root / "run.sh").read_text() == "new"
    assert stat.S_IMODE((tools.root / "run.sh").stat().st_mode) == 0o700
    assert os.listdir(tools.root) == ["run.sh"]


async def test_text_that_no_file_takes_is_written_all_the_same(tools: Tools) -> None:
    await tools.call("write_file", path="a.txt", content="half a pair \ud83d")
    assert (tools.root / "a.txt").read_text() == "half a pair ?"


async def test_calls_at_once_may_create_the_same_folder(tools: Tools) -> None:
    paths = [f"new/deep/{number}.txt" for number in range(30)]
    await asyncio.gather(*(tools.call("write_file", path=path, content="x") for path in paths))
    assert len((await tools.call("list_files", path="new"))["files"]) == 30


async def test_a_failed_write_leaves_the_old_file_and_nothing_else(tools: Tools) -> None:
    tools.put("a.txt", "old")
    with pytest.raises(ToolError, match="1048577 bytes"):
        await tools.call("write_file", path="a.txt", content="x" * (workspace.MOST_WRITTEN + 1))
    assert (tools.root / "a.txt").read_text() == "old"
    assert os.listdir(tools.root) == ["a.txt"]


async def test_a_reader_sees_the_old_or_the_new_file_never_a_part(tools: Tools) -> None:
    old, new = "o" * 100_000, "n" * 100_000
    tools.put("a.txt", old)
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add((tools.root / "a.txt").read_text())

    watcher = asyncio.create_task(asyncio.to_thread(watch))
    for content in (new, old) * 10:
        await tools.call("write_file", path="a.txt", content=content)
    done.set()
    await watcher
    assert seen <= {old, new}


async def test_search_tells_lines_as_editors_count_them(tools: Tools) -> None:
    tools.put("a.txt", "one\r\n two\u2028still two\x0cstill\r\nthree")
    assert (await tools.call("search_files", query="still"))["matches"][0]["line"] == 2
    assert (await tools.call("search_files", query="three"))["matches"] == [
        {"path": "a.txt", "line": 3, "text": "three"}
    ]


async def test_search_looks_into_one_file_or_folder(tools: Tools) -> None:
    for path in ("a/x.txt", "a/y.txt", "b/x.txt"):
        tools.put(path, "needle")

    async def found(path: str) -> list[str]:
        return [match["path"] for match in (await tools.call("search_files", query="needle", path=path))["matches"]]

    assert await found("") == ["a/x.txt", "a/y.txt", "b/x.txt"]
    assert await found("a") == ["a/x.txt", "a/y.txt"]
    assert await found("a/y.txt") == ["a/y.txt"]


async def test_a_match_in_a_long_line_shows_its_surroundings(tools: Tools) -> None:
    tools.put("a.txt", "x" * 5000 + " needle " + "y" * 5000)
    [match] = (await tools.call("search_files", query="needle"))["matches"]
    assert "needle" in match["text"]
    assert len(match["text"]) <= files.LINE


# Caps.


async def test_a_large_file_is_refused_with_a_way_out(tools: Tools) -> None:
    tools.put("most.txt", "x" * workspace.MOST_READ)
    assert len(await tools.call("read_file", path="most.txt")) == workspace.MOST_READ
    tools.put("more.txt", "x" * (workspace.MOST_READ + 1))
    with pytest.raises(ToolError, match="search_files"):
        await tools.call("read_file", path="more.txt")


async def test_long_lists_are_cut_and_say_so(tools: Tools) -> None:
    for number in range(workspace.MOST_FILES):
        tools.put(f"{number}.txt")
    assert (await tools.call("list_files"))["truncated"] is False
    tools.put("more.txt")
    listed = await tools.call("list_files")
    assert (len(listed["files"]), listed["truncated"]) == (workspace.MOST_FILES, True)


async def test_many_matches_are_cut_and_say_so(tools: Tools) -> None:
    tools.put("a.txt", "needle\n" * files.MOST_MATCHES)
    found = await tools.call("search_files", query="needle")
    assert (len(found["matches"]), found["truncated"]) == (files.MOST_MATCHES, False)
    tools.put("b.txt", "needle")
    found = await tools.call("search_files", query="needle")
    assert (len(found["matches"]), found["truncated"]) == (files.MOST_MATCHES, True)


async def test_search_reads_the_beginning_of_a_huge_file_and_goes_on(tools: Tools) -> None:
    huge = tools.put("a.txt", "needle ä\n" * 2 + "x" + "ä" * files.MOST_OF_ONE)
    with huge.open("ab") as file:
        file.truncate(50 * 2**30)
    tools.put("b.txt", "needle")
    found = await tools.call("search_files", query="needle")
    assert [match["path"] for match in found["matches"]] == ["a.txt", "a.txt", "b.txt"]
    assert found["truncated"] is True


async def test_a_huge_binary_file_costs_a_search_nothing(tools: Tools) -> None:
    for number in range(20):
        with tools.put(f"{number}.bin", b"\0").open("ab") as file:
            file.truncate(50 * 2**30)
    tools.put("z.txt", "needle")
    found = await tools.call("search_files", query="needle")
    assert ([match["path"] for match in found["matches"]], found["truncated"]) == (["z.txt"], False)


async def test_search_stops_at_its_limit_of_bytes(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_SCANNED", 3 * files.LEAST)
    for number in range(4):
        tools.put(f"{number}.txt", "needle")
    found = await tools.call("search_files", query="needle")
    assert [match["path"] for match in found["matches"]] == ["0.txt", "1.txt", "2.txt"]
    assert found["truncated"] is True


async def test_one_long_file_does_not_take_a_whole_search(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_SCANNED", 10_000)
    monkeypatch.setattr(files, "MOST_OF_ONE", 1000)
    tools.put("0.txt", "needle\n" + "hay\n" * 9000)
    tools.put("1.txt", "needle")
    found = await tools.call("search_files", query="needle")
    assert [match["path"] for match in found["matches"]] == ["0.txt", "1.txt"]
    assert found["truncated"] is True


def test_a_folder_that_vanishes_during_a_walk_costs_nothing_else(tools: Tools) -> None:
    for path in ("a.txt", "gone/b.txt", "swapped/c.txt", "z.txt"):
        tools.put(path)
    walk = Workspace(tools.root, "console_local").files("")
    assert next(walk).path == "a.txt"
    shutil.rmtree(tools.root / "gone")
    shutil.rmtree(tools.root / "swapped")
    (tools.root / "swapped").symlink_to(tools.outside)
    assert [file.path for file in walk] == ["z.txt"]


# What they refuse.


@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xfea\0", b"latin \xe4"])
async def test_what_is_no_text_is_refused(tools: Tools, content: bytes) -> None:
    tools.put("a.bin", content)
    with pytest.raises(ToolError, match=r"a\.bin is no UTF-8 text"):
        await tools.call("read_file", path="a.bin")
    assert (await tools.call("search_files", query="a"))["matches"] == []


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("read_file", {}, "path: Field required"),
        ("read_file", {"path": 5}, "path: Input should be a valid string"),
        ("read_file", {"path": "a", "lines": 3}, "lines: Extra inputs"),
        ("read_file", {"path": "gone.txt"}, "list_files"),
        ("read_file", {"path": ""}, "path to a file"),
        ("read_file", {"path": "folder"}, "folder is no file"),
        ("read_file", {"path": "/note.txt"}, "/note.txt is not a path in the workspace"),
        ("read_file", {"path": "folder\\x"}, "separated by /"),
        ("read_file", {"path": "note.txt/more"}, "note.txt/more leads through"),
        ("write_file", {"path": "a.txt"}, "content: Field required"),
        ("write_file", {"path": ".", "content": ""}, "path to a file"),
        ("write_file", {"path": "folder", "content": ""}, "is a folder"),
        ("write_file", {"path": "note.txt/more", "content": ""}, "leads through"),
        ("write_file", {"path": "x" * 300, "content": ""}, "too long"),
        ("write_file", {"path": "x/" * 40 + "x", "content": ""}, "32 parts"),
        ("list_files", {"path": "gone"}, "There is no gone"),
        ("search_files", {"query": ""}, "query: String should have at least 1 character"),
        ("search_files", {"query": "x", "path": "gone"}, "There is no gone"),
    ],
)
async def test_a_wrong_call_says_what_would_be_right(
    tools: Tools, tool: str, arguments: dict[str, JSON], named: str
) -> None:
    tools.put("note.txt")
    (tools.root / "folder").mkdir()
    with pytest.raises(ToolError, match=named):
        await tools.call(tool, **arguments)
    assert sorted(os.listdir(tools.root)) == ["folder", "note.txt"]


async def test_what_is_no_regular_file_is_refused_at_once(tools: Tools) -> None:
    os.mkfifo(tools.root / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tools.root / "socket"))
    for path in ("pipe", "socket"):
        with pytest.raises(ToolError):
            await tools.call("read_file", path=path)
        with pytest.raises(ToolError, match="device"):
            await tools.call("write_file", path=path, content="x")
    assert (await tools.call("list_files"))["files"] == []
    assert (await tools.call("search_files", query="x"))["matches"] == []


async def test_a_workspace_that_is_gone_is_told(tools: Tools) -> None:
    tools.root.rmdir()
    for tool, arguments in CALLS:
        with pytest.raises(ToolError):
            await tools.call(tool, path="a", **arguments)
    with pytest.raises(ToolError, match="There is no workspace folder"):
        await tools.call("list_files")


# Odd names.


async def test_names_that_are_no_text_are_left_out(tools: Tools) -> None:
    tools.put("\udcff.txt", "needle")
    tools.put("a\\b.txt", "needle")
    tools.put("new\nline.txt", "needle")
    assert [file["path"] for file in (await tools.call("list_files"))["files"]] == ["new\nline.txt"]
    assert len((await tools.call("search_files", query="needle"))["matches"]) == 1
    assert await tools.call("read_file", path="new\nline.txt") == "needle"


async def test_a_name_is_found_in_either_form_of_unicode(tools: Tools) -> None:
    tools.put("Cafe\u0301/Men\u00fc.txt", "needle")
    for path in ("Caf\u00e9/Menu\u0308.txt", "Cafe\u0301/Men\u00fc.txt"):
        assert await tools.call("read_file", path=path) == "needle"
        assert len((await tools.call("search_files", query="needle", path=path))["matches"]) == 1
    await tools.call("write_file", path="Caf\u00e9/Menu\u0308.txt", content="new")
    assert (tools.root / "Cafe\u0301/Men\u00fc.txt").read_text() == "new"
    assert len((await tools.call("list_files"))["files"]) == 1


# Nothing leads outside.

CALLS: tuple[tuple[str, dict[str, JSON]], ...] = (
    ("read_file", {}),
    ("list_files", {}),
    ("write_file", {"content": "changed"}),
    ("search_files", {"query": "secret"}),
)


WAYS_OUT = [
    *("file", "out", "out/secret.txt", "folder/out/secret.txt", "chain/secret.txt", "loop", "new", "out/new.txt"),
    *("folder/out/..", ".", "..", "../outside/secret.txt", "folder/../../outside/secret.txt", "..\\outside"),
    *("/etc/passwd", "//etc/passwd", "~/.ssh/id_rsa", "/proc/self/environ", "\0", "a\0b", "\udcff"),
]


@pytest.fixture
def linked(tools: Tools) -> Tools:
    """Links of all kinds that lead outside."""
    tools.put("inside.txt", "inside")
    (tools.root / "folder").mkdir()
    (tools.root / "file").symlink_to(tools.outside / "secret.txt")
    (tools.root / "folder" / "out").symlink_to(tools.outside)
    (tools.root / "out").symlink_to("../outside")
    (tools.root / "chain").symlink_to("out")
    (tools.root / "loop").symlink_to("loop")
    (tools.root / "new").symlink_to(tools.outside / "new.txt")
    return tools


async def test_links_are_not_listed(linked: Tools) -> None:
    assert [file["path"] for file in (await linked.call("list_files"))["files"]] == ["inside.txt"]


@pytest.mark.parametrize("path", WAYS_OUT)
@pytest.mark.parametrize(("tool", "arguments"), CALLS, ids=lambda value: str(value)[:11])
async def test_no_path_leads_outside(linked: Tools, path: str, tool: str, arguments: dict[str, JSON]) -> None:
    try:
        given = await linked.call(tool, path=path, **arguments)
    except ToolError:
        given = None
    assert SECRET not in str(given)
    assert "secret.txt" not in str(given)
    assert linked.untouched()


PARTS = st.sampled_from(
    ["..", ".", "", "out", "file", "chain", "loop", "new", "folder", "secret.txt", "inside.txt", "x"]
)
PATHS = st.one_of(st.lists(PARTS, max_size=6).map("/".join), st.text(max_size=20))


@given(path=PATHS, call=st.sampled_from(CALLS))
@example(path="folder/out/secret.txt", call=CALLS[0])
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_whatever_leads_outside(linked: Tools, path: str, call: tuple[str, dict[str, JSON]]) -> None:
    tool, arguments = call
    try:
        given = asyncio.run(linked.call(tool, path=path, **arguments))
    except ToolError as error:
        given = str(error)
    assert SECRET not in str(given)
    assert linked.untouched()
    assert not (linked.root.parent / "changed").exists()


@pytest.fixture
def swapping(tools: Tools) -> Iterator[Tools]:
    """`here` is a folder and a link to the outside in turn, as fast as can be."""
    here, away = tools.root / "here", tools.root / "away"
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            with suppress(OSError):
                here.rename(away)
            shutil.rmtree(away, ignore_errors=True)
            with suppress(OSError):
                here.symlink_to(tools.outside)
                here.unlink()
            with suppress(OSError):
                here.mkdir()
                (here / "secret.txt").write_text("inside")

    thread = threading.Thread(target=swap)
    thread.start()
    yield tools
    done.set()
    thread.join()


async def test_a_link_swapped_in_during_a_call_leads_nowhere(swapping: Tools) -> None:
    inside = 0
    for number in range(300):
        tool, arguments = CALLS[number % len(CALLS)]
        try:
            given = await swapping.call(tool, path="here" if tool == "list_files" else "here/secret.txt", **arguments)
        except ToolError:
            continue
        assert SECRET not in str(given)
        inside += 1
    assert inside > 0
    assert swapping.untouched()
