"""What nobody needs leaves, its bytes kept; what a person made is only told of."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.chat import ButtonClicked
from bot.domain.skill import Procedure, Provenance, Skill, SkillRef, Step
from bot.learning.retiring import FORGOTTEN, LAST_USES, UNUSED, Retiring
from bot.learning.versions import Versions
from bot.skills import folder, format, life
from bot.skills.library import Library
from bot.skills.reviewers import Reviewers
from bot.store import audit, buttons, conversations, lives, skills, turns
from bot.store.audit import Event
from bot.store.commits import Commit
from bot.store.skills import Approval, Use
from bot.store.store import Connection, Store
from bot.store.turns import NewTurn
from tests.engine.made import ANA, ROOM, HandClock
from tests.learning.lived import claim, deliveries, finished

MINED = Skill(
    "orders",
    "Finds orders.",
    Procedure((Step("one", "get_order"),), provenance=Provenance("mined", ("task-1",))),
    scope=ROOM.scope,
)


class Shop:
    """A skill that lives in a chat."""

    def __init__(self, store: Store, path: Path, skill: Skill = MINED) -> None:
        self.store, self.clock = store, HandClock()
        self.library = Library(path / "skills", store, self.clock)
        self.retiring = Retiring(store, self.clock, self.library)
        self.files = format.render(skill)
        self.ref = SkillRef(skill.name, folder.digest(self.files))
        self.folder = path / "skills" / skill.name

    async def open(self) -> None:
        approval = Approval(self.ref, ROOM.scope, self.files, "Ana", self.clock.now().timestamp())

        def work(connection: Connection) -> None:
            conversations.remember(connection, ROOM)
            skills.approve(connection, approval)
            turns.enqueue(connection, NewTurn("said", ROOM.lane, "message", {}, ROOM.key), 1.0)

        await self.store.write(Commit.FINISH, work)
        await self.library.publish(approval)

    async def use(self, number: int, calls: int) -> None:
        use = Use(1, f"tool:{number}.0", self.ref, {}, "done", calls=calls)
        at = self.clock.now().timestamp()
        await self.store.write(Commit.FINISH, lambda connection: life.used(connection, use, at))

    async def look(self) -> list[str]:
        """What the chat is told when the hour has come; folders that are to go are gone."""
        number = str(self.clock.now())

        def hour(connection: Connection) -> None:
            turns.enqueue(connection, NewTurn(f"retire:{number}", "job:retire", "retire", {}), 1.0)

        await self.store.write(Commit.REMIND, hour)
        turn = await claim(self.store, "job:retire")
        await finished(self.store, turn, await self.retiring.look(turn))
        if (await self.state()) == "evicted" and self.folder.exists():
            clear = await self.store.write(Commit.CLAIM, lambda c: turns.claim(c, f"skill:{self.ref.name}", 9e9))
            assert isinstance(clear, turns.Turn)
            await finished(self.store, clear, await self.retiring.clear(clear))
        self.messages = [message for message, _ in await deliveries(self.store)]
        return [message.text for message in self.messages]

    async def state(self) -> str:
        return (await self.store.read(lambda connection: lives.of(connection, self.ref))).state


@pytest.fixture
async def shop(store: Store, tmp_path: Path) -> Shop:
    shop = Shop(store, tmp_path)
    await shop.open()
    return shop


async def test_what_nobody_uses_is_evicted_with_a_note_and_can_be_put_back(shop: Shop) -> None:
    await shop.use(1, 4)
    shop.clock.time += UNUSED - timedelta(minutes=1)
    assert await shop.look() == []
    shop.clock.time += timedelta(hours=1)
    assert await shop.look() == ["I have put **orders** away. Nobody has used it for 60 days."]
    assert not shop.folder.exists()
    assert [event.action for event in await shop.store.read(audit.events)] == ["evicted"]
    versions = Versions(shop.store, shop.clock, shop.library, Reviewers({}, ()))
    [[button]] = shop.messages[0].buttons
    meaning = await shop.store.read(lambda connection: buttons.meaning(connection, button.id))
    assert meaning is not None
    click = ButtonClicked("click", ROOM, ANA, button.id, "m1", "", shop.clock.now())
    _, effect = await versions.decide(click, meaning)
    await shop.store.write(Commit.FINISH, effect)
    turn = await claim(shop.store, "skill:orders")
    await finished(shop.store, turn, await versions.put_back(turn))
    assert [entry.ref for entry in await shop.library.live(ROOM.scope)] == [shop.ref]
    await deliveries(shop.store)
    shop.clock.time += timedelta(hours=1)
    assert await shop.look() == []


async def test_what_saves_nothing_is_evicted(shop: Shop) -> None:
    for number in range(LAST_USES - 1):
        await shop.use(number, 1)
    assert await shop.look() == []
    await shop.use(LAST_USES, 1)
    shop.clock.time += timedelta(hours=1)
    assert await shop.look() == ["I have put **orders** away. It saved nothing in its last 20 uses."]


async def test_one_use_that_saved_something_keeps_it(shop: Shop) -> None:
    for number in range(LAST_USES):
        await shop.use(number, 2 if number == 7 else 1)
    assert await shop.look() == []


async def test_what_stays_suspended_is_evicted(shop: Shop) -> None:
    event = Event("suspended", shop.ref, ROOM.scope)
    at = shop.clock.now().timestamp()
    await shop.store.write(Commit.FINISH, lambda connection: life.suspend(connection, shop.ref, "", at, event))
    shop.clock.time += FORGOTTEN + timedelta(hours=1)
    assert await shop.look() == ["I have put **orders** away. It has been suspended for 30 days."]
    shop.clock.time += timedelta(hours=1)
    assert await shop.look() == []


async def test_what_a_person_made_is_told_of_once_and_stays(store: Store, tmp_path: Path) -> None:
    procedure = MINED.procedure or Procedure(())
    shop = Shop(store, tmp_path, replace(MINED, procedure=replace(procedure, provenance=Provenance("written"))))
    await shop.open()
    shop.clock.time += UNUSED + timedelta(hours=1)
    assert await shop.look() == ["**orders**: Nobody has used it for 60 days. A person made it, so I leave it here."]
    shop.clock.time += timedelta(hours=1)
    assert await shop.look() == []
    assert shop.folder.exists()


async def test_a_folder_that_was_changed_since_stays(shop: Shop) -> None:
    (shop.folder / "notes.md").write_text("mine")
    await shop.store.write(
        Commit.FINISH, lambda connection: lives.put(connection, lives.Life(shop.ref, "evicted", 1.0))
    )
    payload = {"name": shop.ref.name, "digest": shop.ref.digest}
    new = NewTurn("clear", "skill:orders", "clear", payload)
    await shop.store.write(Commit.SUBMIT, lambda connection: turns.enqueue(connection, new, 1.0))
    await shop.retiring.clear(await claim(shop.store, "skill:orders"))
    assert (shop.folder / "notes.md").read_text() == "mine"


@pytest.mark.parametrize(("action", "detail"), [("imported", "orders.zip"), ("proposed", "folder")])
async def test_what_a_person_handed_in_stays_wherever_it_was_mined(
    shop: Shop, action: audit.Action, detail: str
) -> None:
    event = Event(action, shop.ref, ROOM.scope, ANA, "command line", detail)
    await shop.store.write(Commit.FINISH, lambda connection: audit.note(connection, event, 1.0))
    shop.clock.time += UNUSED + timedelta(hours=1)
    assert await shop.look() == ["**orders**: Nobody has used it for 60 days. A person made it, so I leave it here."]
    assert shop.folder.exists()
