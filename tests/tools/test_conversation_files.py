"""What people send is there in their conversation alone: for every tool, however a path is spelled."""

import asyncio
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.tools import workspace
from bot.tools.files import FileTools
from bot.tools.names import folder_of
from bot.tools.workspace import Workspace

OURS = Conversation("telegram", "42")
THEIRS = Conversation("slack", "T1/C9", "1700.12")
SECRET = "the salary of the other conversation"
HERE, THERE = folder_of(OURS), folder_of(THEIRS)


class Room:
    """A workspace in which two conversations have sent files; the tools are asked in ours."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ours, self.theirs = Workspace(root, HERE), Workspace(root, THERE)
        self.ours.keep("mine.txt", b"ours to read")
        self.theirs.keep("secret.txt", SECRET.encode())
        (root / "files" / THERE / "deep").mkdir()
        (root / "files" / THERE / "deep" / "more.txt").write_text(SECRET)
        (root / "shared.txt").write_text("for everybody")
        self._tools = FileTools(root)

    async def call(self, tool: str, **arguments: JSON) -> JSON:
        return (await self._tools.call(tool, arguments, ToolContext(OURS, Person("telegram:42")))).content

    def untouched(self) -> bool:
        """Whether all stands in the other conversation's folder that stood there, and nothing else."""
        folder = self.root / "files" / THERE
        files = {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}
        return files == {"secret.txt": SECRET, "deep/more.txt": SECRET}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


async def test_own_files_are_listed_found_read_and_written(room: Room) -> None:
    (room.root / "files" / "nobody's.txt").write_text("left there by somebody")
    assert [file["path"] for file in (await room.call("list_files"))["files"]] == [
        f"files/{HERE}/mine.txt",
        "shared.txt",
    ]
    assert await room.call("read_file", path=f"files/{HERE}/mine.txt") == "ours to read"
    assert [match["path"] for match in (await room.call("search_files", query="o"))["matches"]] == [
        f"files/{HERE}/mine.txt",
        "shared.txt",
    ]
    await room.call("write_file", path=f"files/{HERE}/made/by.txt", content="the bot")
    assert [file["path"] for file in (await room.call("list_files", path="files"))["files"]] == [
        f"files/{HERE}/made/by.txt",
        f"files/{HERE}/mine.txt",
    ]


CALLS: tuple[tuple[str, dict[str, JSON]], ...] = (
    ("read_file", {}),
    ("list_files", {}),
    ("write_file", {"content": "planted"}),
    ("search_files", {"query": "salary"}),
)
WAYS_IN = [
    *(f"files/{THERE}", f"files/{THERE}/secret.txt", f"files/{THERE}/deep/more.txt", f"files/{THERE}/new.txt"),
    *(f"./files//{THERE}/./secret.txt", f"files/{HERE}/../{THERE}/secret.txt", f"files/{HERE}/link/secret.txt"),
    *(f"files/{THERE.lower()}/secret.txt", f"Files/{THERE}/secret.txt", f"files/{THERE}./secret.txt"),
    *(f"files/{THERE} /secret.txt", f"files/{unicodedata.normalize('NFKD', THERE)}/secret.txt", f"door/{THERE}"),
    *(f"door/{THERE}/secret.txt", f"files/{THERE}\0/secret.txt", f"files\\{THERE}\\secret.txt", "files/new.txt"),
]


@pytest.fixture
def linked(room: Room) -> Room:
    """Links lead into the other's folder, and `door` is another name of `files`."""
    (room.root / "files" / HERE / "link").symlink_to(room.root / "files" / THERE)
    (room.root / "door").symlink_to(room.root / "files")
    return room


async def tried(room: Room, path: str, tool: str, arguments: dict[str, JSON]) -> str:
    """What the model reads: the result, or the mistake."""
    try:
        return str(await room.call(tool, path=path, **arguments))
    except ToolError as error:
        return str(error)


@pytest.mark.parametrize("path", WAYS_IN)
@pytest.mark.parametrize(("tool", "arguments"), CALLS, ids=lambda value: str(value)[:11])
async def test_no_path_leads_to_what_others_sent(
    linked: Room, path: str, tool: str, arguments: dict[str, JSON]
) -> None:
    assert SECRET not in await tried(linked, path, tool, arguments)
    assert linked.untouched()
    assert sorted(os.listdir(linked.root / "files")) == sorted([HERE, THERE])


NAMES = ["files", "Files", "ﬁles", "files.", "..", ".", "door", "link", "deep", "secret.txt"]
PARTS = st.sampled_from([*NAMES, "", HERE, THERE, THERE.lower()])


@given(path=st.lists(PARTS, max_size=6).map("/".join), call=st.sampled_from(CALLS))
@example(path=f"files/{THERE}/secret.txt", call=CALLS[0])
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_whatever_leads_to_what_others_sent(linked: Room, path: str, call: tuple[str, dict[str, JSON]]) -> None:
    tool, arguments = call
    assert SECRET not in asyncio.run(tried(linked, path, tool, arguments))
    assert linked.untouched()
    assert {*os.listdir(linked.root / "files")} == {HERE, THERE}


@pytest.mark.parametrize(("tool", "arguments"), CALLS, ids=lambda value: str(value)[:11])
async def test_nobody_learns_whether_another_conversation_sent_anything(
    room: Room, tool: str, arguments: dict[str, JSON]
) -> None:
    there = await tried(room, f"files/{THERE}", tool, arguments)
    nobody = await tried(room, "files/slack_T1+C8", tool, arguments)
    assert there == nobody
    assert f"files/{HERE} alone" in there


@pytest.mark.parametrize("path", [f"files/{THERE}/secret.txt", f"files/{THERE}"])
@pytest.mark.parametrize(("tool", "arguments"), CALLS, ids=lambda value: str(value)[:11])
async def test_the_folder_is_known_by_what_it_is_and_not_by_its_name(
    room: Room, monkeypatch: pytest.MonkeyPatch, path: str, tool: str, arguments: dict[str, JSON]
) -> None:
    """As on a disk that does not tell small from capital letters: the folder we ask for has another name here."""
    (room.root / "here").mkdir()
    monkeypatch.setattr(workspace, "FILES", "here/../files")
    assert SECRET not in await tried(room, path, tool, arguments)
    assert room.untouched()


async def test_no_file_takes_the_place_of_the_folder(tmp_path: Path) -> None:
    tools = FileTools(tmp_path)
    for path in ("files", "FILES", "./files/"):
        with pytest.raises(ToolError, match="folder of what people send"):
            await tools.call("write_file", {"path": path, "content": "x"}, ToolContext(OURS, Person("telegram:42")))
    assert Workspace(tmp_path, HERE).keep("a.txt", b"x") == f"files/{HERE}/a.txt"


# What is kept.


def test_a_name_that_is_taken_is_numbered_and_no_file_is_replaced(room: Room) -> None:
    paths = [room.ours.keep("a.csv", content) for content in (b"1", b"2", b"3")]
    assert paths == [f"files/{HERE}/{name}" for name in ("a.csv", "a-2.csv", "a-3.csv")]
    assert [room.ours.read(path) for path in paths] == [b"1", b"2", b"3"]


def test_the_same_file_is_kept_once(room: Room) -> None:
    for content in (b"1", b"2", b"1", b"2"):
        room.ours.keep("a.csv", content)
    assert sorted(os.listdir(room.root / "files" / HERE)) == ["a-2.csv", "a.csv", "mine.txt"]


def test_a_folder_or_a_link_of_that_name_stays_what_it_is(room: Room) -> None:
    own = room.root / "files" / HERE
    (own / "a").mkdir()
    (own / "a-2").symlink_to("../../shared.txt")
    for size in {(own / name).lstat().st_size for name in ("a", "a-2")}:
        assert room.ours.read(room.ours.keep("a", b"x" * size)) == b"x" * size
    assert sorted(os.listdir(own)) == ["a", "a-2", "a-3", "a-4", "mine.txt"]
    assert (room.root / "shared.txt").read_text() == "for everybody"


def test_a_name_in_another_form_of_unicode_is_taken_too(room: Room) -> None:
    (room.root / "files" / HERE / "Cafe\u0301.txt").write_bytes(b"decomposed")
    assert room.ours.keep("Caf\u00e9.txt", b"decomposed") == f"files/{HERE}/Caf\u00e9.txt"
    assert room.ours.keep("Caf\u00e9.txt", b"composed") == f"files/{HERE}/Caf\u00e9-2.txt"
    assert sorted(os.listdir(room.root / "files" / HERE)) == ["Cafe\u0301.txt", "Caf\u00e9-2.txt", "mine.txt"]


def test_what_a_crash_left_half_written_is_taken_away(room: Room) -> None:
    (room.root / "files" / HERE / ".arriving.tmp").write_bytes(b"x" * 1000)
    room.ours.keep("a.csv", b"1")
    assert sorted(os.listdir(room.root / "files" / HERE)) == ["a.csv", "mine.txt"]
    assert room.ours.kept() == len("ours to read") + 1


def test_the_size_of_what_was_sent_is_that_of_one_conversation(room: Room, tmp_path: Path) -> None:
    assert (room.ours.kept(), room.theirs.kept()) == (len("ours to read"), 2 * len(SECRET))
    assert Workspace(tmp_path, "telegram_1").kept() == 0
