"""What is too old is forgotten without a word; what is younger, and what keeps the records, stays."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.skill import Procedure, Provenance, Step
from bot.engine.retention import Retention
from bot.store import audit, proposals, turns
from bot.store.commits import Commit
from bot.store.proposals import Proposal
from bot.store.store import Connection, Store
from bot.store.tables import reminders, tasks
from bot.store.turns import NewTurn, Turn
from tests.engine.desk import Desk, wishes, words
from tests.engine.made import BOB, GROUP, ROOM
from tests.engine.test_forget import CITY, SECRET, files, kept, rows, told

DAYS = 30
YEARLY = {"every": "0 9 24 12 *"}


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def retain(desk: Desk) -> list[str]:
    """What the chats are told when the day has come."""
    before, now = len(desk.chat.sent), desk.clock.now().timestamp()
    new = NewTurn(f"retain:{now}", "job:retain", "retain", {})
    await desk.store.write(Commit.REMIND, lambda connection: turns.enqueue(connection, new, now))
    turn = await desk.store.write(Commit.CLAIM, lambda connection: turns.claim(connection, "job:retain", now))
    assert isinstance(turn, Turn)
    effect = await Retention(desk.store, desk.clock, desk.library, desk.path / "workspace", DAYS)(turn)

    def work(connection: Connection) -> None:
        turns.finish(connection, turn, now)
        effect(connection)

    await desk.store.write(Commit.FINISH, work)
    await desk.work()
    return [message.text for message in desk.chat.sent[before:]]


async def test_what_is_too_old_is_gone_everywhere_and_the_rest_goes_on(desk: Desk) -> None:
    await told(desk, words(f"The {SECRET}."))
    await told(desk, words(f"The {SECRET} too."), where=GROUP)
    folder = files(desk)
    (folder / "new.txt").write_text("new")
    for name, day in (("a.txt", 0), ("new.txt", DAYS - 1)):
        at = desk.clock.now().timestamp() + day * 86_400
        os.utime(folder / name, (at, at))
    await desk.clock.sleep((DAYS - 1) * 86_400)
    await desk.work()
    desk.model.script = [words("Young.")]
    await desk.say("still young")
    await desk.clock.sleep(2 * 86_400)
    assert await retain(desk) == []
    assert await kept(desk) == set()
    assert [path.name for path in folder.iterdir()] == ["new.txt"]
    desk.model.script = [words("Yes.")]
    assert await desk.say("and now?") == ["Yes."]
    assert [message["content"] for message in desk.model.requests[-1].messages[1:]] == [
        "still young",
        "Young.",
        "and now?",
    ]
    desk.model.script = [words("Here.")]
    assert await desk.say("anew", BOB, GROUP) == ["Here."]
    assert len(desk.model.requests[-1].messages) == 2


async def test_what_is_scheduled_stays_until_it_is_over(desk: Desk) -> None:
    calls = [("schedule", {"what": what, **when}) for what, when in (("a", YEARLY), ("b", {"in_minutes": 5}))]
    desk.model.script = [wishes(*calls), words("Done.")]
    await desk.say("remind me")
    await desk.clock.sleep(300)
    await desk.reminding.submit()
    await desk.work()
    await desk.clock.sleep((DAYS + 1) * 86_400)
    assert [row.what for row in await rows(desk, reminders)] == ["a", ""]
    await retain(desk)
    assert [row.what for row in await rows(desk, reminders)] == ["a"]


async def test_what_is_young_stays(desk: Desk) -> None:
    await told(desk, words("Here."))
    await desk.clock.sleep((DAYS - 1) * 86_400)
    await retain(desk)
    assert "turns" in await kept(desk)


async def test_skills_that_rest_on_nothing_else_are_named_once(desk: Desk) -> None:
    await told(desk, words("Here."))
    [old] = [row.id for row in await rows(desk, tasks)]
    await desk.clock.sleep((DAYS - 1) * 86_400)
    await desk.work()
    desk.model.script = [words("Young.")]
    await desk.say("still young")
    young = [row.id for row in await rows(desk, tasks)][-1]
    assert young != old
    for name, support in (("alone", (old,)), ("both", (old, young)), ("imported", (old, "elsewhere"))):
        await desk.learn(name, replace(CITY, provenance=Provenance("mined", support)), ROOM.scope)
    await desk.learn("written", Procedure((Step("one", "get_order"),)), ROOM.scope)
    ref = (await desk.library.find("alone", ROOM.scope)).ref
    evidence = {"support": [old], "card": "c", "alike": SECRET}
    proposal = Proposal("p", ROOM.scope, ROOM.key, ref, {}, "f", evidence, 1.0)
    await desk.store.write(Commit.SUBMIT, lambda connection: proposals.propose(connection, proposal))
    await desk.clock.sleep(2 * 86_400)
    [said] = await retain(desk)
    assert said.startswith("What these skills were learned from is older than I keep work: **alone**. They stay;")
    assert await kept(desk) == set()
    assert len(await desk.library.live(ROOM.scope)) == 4
    [noted] = await desk.store.read(lambda connection: audit.events(connection))
    assert (noted.action, noted.ref, noted.by.id) == ("forgotten", ref, "")
    await desk.clock.sleep(1.0)
    assert await retain(desk) == []
