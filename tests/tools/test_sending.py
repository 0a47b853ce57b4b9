"""`send_file`: what is posted is what was named, once, of what the conversation may see."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.chat import Conversation, Outgoing, Person
from bot.domain.json import JSON
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.store import turns
from bot.store.commits import Commit
from bot.store.deliveries import outgoing
from bot.store.store import Connection, Store
from bot.store.tables import turns as rows
from bot.store.turns import Turn
from bot.tools import sending
from bot.tools.names import folder_of
from bot.tools.sending import SendingTool
from bot.tools.workspace import Workspace
from tests.engine.made import ANA, GROUP, ROOM, HandClock


async def waiting(store: Store) -> list[Outgoing]:
    """The deliveries that nobody has made yet."""
    query = sa.select(rows.c.payload).where(turns.OPEN).order_by(rows.c.id)
    return [outgoing(row) for row in await store.read(lambda connection: connection.scalars(query).all())]


def content(message: Outgoing) -> str:
    """What the file of a delivery holds now."""
    return Path(message.file).read_text()


class Desk:
    """The tool on a workspace, and what waits to be sent."""

    def __init__(self, store: Store, path: Path) -> None:
        self.store, self.root, self.outgoing = store, path / "workspace", path / "outgoing"
        self.root.mkdir()
        self.put("report.csv", b"id,city\n1,Rome\n")
        self.tool = SendingTool(self.root, self.outgoing, HandClock(), store)

    def put(self, path: str, content: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    async def send(self, path: str = "report.csv", conversation: Conversation = ROOM, **more: JSON) -> JSON:
        return (await self.tool.call("send_file", {"path": path, **more}, ToolContext(conversation, ANA))).content

    async def delivered(self, conversation: Conversation = ROOM) -> None:
        """Make the oldest delivery of a chat."""

        def work(connection: Connection) -> None:
            turn = turns.claim(connection, conversation.out_lane, 2e9)
            assert isinstance(turn, Turn)
            turns.finish(connection, turn, 2e9)

        await self.store.write(Commit.FINISH, work)

    def copies(self) -> list[str]:
        """The files that lie ready."""
        return sorted(file.read_text() for file in self.outgoing.rglob("*") if file.is_file())


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def test_a_file_is_put_on_its_way_with_its_name_and_a_text(desk: Desk) -> None:
    assert await desk.send(text="Here it is.") == {"path": "report.csv", "bytes": 15, "status": "on its way"}
    [message] = await waiting(desk.store)
    assert (message.conversation, message.text) == (ROOM, "Here it is.")
    assert Path(message.file).name == "report.csv"
    assert Path(message.file).is_absolute()
    assert content(message) == "id,city\n1,Rome\n"


async def test_it_writes_so_a_skill_asks_before_it() -> None:
    [tool] = sending._TOOLS
    assert not tool.reads


async def test_what_is_sent_is_what_was_named_whatever_becomes_of_it(desk: Desk) -> None:
    await desk.send()
    desk.put("report.csv", b"next week's")
    await desk.send()
    (desk.root / "report.csv").unlink()
    assert [*map(content, await waiting(desk.store))] == ["id,city\n1,Rome\n", "next week's"]


async def test_copies_go_when_their_conversation_sends_anew(desk: Desk) -> None:
    for text in (b"1", b"2", b"3"):
        desk.put("report.csv", text)
        await desk.send()
    desk.put("report.csv", b"other")
    await desk.send(conversation=GROUP)
    await desk.delivered()
    await desk.delivered()
    assert desk.copies() == ["1", "2", "3", "other"]
    desk.put("report.csv", b"4")
    await desk.send()
    assert desk.copies() == ["3", "4", "other"]


async def test_what_waits_stays_wherever_the_bot_was_started(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.root.parent)
    desk.tool = SendingTool(desk.root, Path("outgoing"), HandClock(), desk.store)
    await desk.send()
    sending.tidy(Path("outgoing/telegram_7"), {message.file for message in await waiting(desk.store)})
    assert desk.copies() == ["id,city\n1,Rome\n"]
    sending.tidy(Path("outgoing/telegram_7"), ())
    assert desk.copies() == []


async def test_a_file_of_this_conversation_is_sent_and_none_of_another(desk: Desk) -> None:
    path = Workspace(desk.root, folder_of(GROUP)).keep("secret.txt", b"secret")
    with pytest.raises(ToolError, match="files/telegram_7 alone"):
        await desk.send(path)
    assert (await waiting(desk.store), desk.copies()) == ([], [])
    await desk.send(path, GROUP)
    assert desk.copies() == ["secret"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("gone.csv", "There is no gone.csv"),
        ("../outside.txt", "not a path in the workspace"),
        ("/etc/passwd", "not a path in the workspace"),
        ("link", "links are not followed"),
        ("folder", "is no file"),
        ("empty.txt", "empty.txt is empty"),
        ("huge.bin", "more than the 52428800 that can be taken; no chat takes that"),
    ],
)
async def test_what_cannot_be_sent_is_told_and_leaves_nothing(desk: Desk, path: str, says: str) -> None:
    (desk.root.parent / "outside.txt").write_text("outside")
    (desk.root / "link").symlink_to("../outside.txt")
    (desk.root / "folder").mkdir()
    desk.put("empty.txt", b"")
    with (desk.root / "huge.bin").open("wb") as huge:
        huge.truncate(sending.MOST + 1)
    with pytest.raises(ToolError, match=says):
        await desk.send(path)
    assert (await waiting(desk.store), desk.copies()) == ([], [])


async def test_a_text_that_is_too_long_is_refused(desk: Desk) -> None:
    with pytest.raises(ToolError, match="at most 500"):
        await desk.send(text="x" * (sending.LONGEST + 1))
    await desk.send(text="half a pair \ud83d")
    assert [message.text for message in await waiting(desk.store)] == ["half a pair ?"]


@pytest.mark.parametrize(("when", "left"), [("before", []), ("after", ["id,city\n1,Rome\n"])])
async def test_a_crash_leaves_a_delivery_with_its_file_or_neither(
    desk: Desk, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, when: str, left: list[str]
) -> None:
    """Looked at is what a kill at the commit would leave on the disk."""
    remains = tmp_path_factory.mktemp("remains") / "bot"
    desk.store._probe = lambda point: point == f"{when}:{Commit.FILE}" and shutil.copytree(tmp_path, remains)
    await desk.send()
    async with Store(remains / "test.db") as store:
        assert [content(message) for message in await waiting(store)] == left


async def test_it_is_sent_by_the_person_that_asks(desk: Desk) -> None:
    context = ToolContext(GROUP, Person("telegram:8"))
    await desk.tool.call("send_file", {"path": "report.csv"}, context)
    assert [message.conversation for message in await waiting(desk.store)] == [GROUP]
