"""`/forget`: asked first, decided by who may; then nothing is left but what keeps the conversation from returning."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain.chat import Conversation, Person
from bot.domain.skill import Procedure, Provenance, Step
from bot.engine import forget
from bot.ports import ModelReply, ModelRequest
from bot.store import audit, proposals, skills, tasks
from bot.store.commits import Commit
from bot.store.evidence import Judgement, keep_judgement
from bot.store.proposals import Proposal
from bot.store.store import Connection, Store
from bot.store.tables import confirmations, conversations, metadata, showings, turns, uses
from bot.tools.names import folder_of
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM, said

SECRET = "xylophone"
CITY = Procedure((Step("order", "get_order", {"id": "${parameters.id}"}),), {"id": {"type": "string"}}, ("id",))
CHANGE = Procedure((Step("order", "set_order", {"id": "${parameters.id}"}),), {"id": {"type": "string"}}, ("id",))
THREAD = replace(GROUP, thread="5")


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def rows(desk: Desk, table: sa.Table) -> list[Any]:
    return [*await desk.store.read(lambda connection: connection.execute(sa.select(table)).all())]


async def kept(desk: Desk, word: str = SECRET) -> set[str]:
    """The tables that hold a word."""
    return {table.name for table in metadata.sorted_tables if any(word in repr(row) for row in await rows(desk, table))}


async def told(desk: Desk, *script: ModelReply, where: Conversation = ROOM) -> None:
    """Say something that leaves its word wherever a conversation leaves words."""
    desk.model.script = [*script]
    await desk.say(f"Tell me of the {SECRET}", ANA, where)


def files(desk: Desk, where: Conversation = ROOM) -> Path:
    """Files of a conversation, as people sent them and as they are sent; the folder of the former."""
    folder = desk.path / "workspace" / "files" / folder_of(where)
    for place in (folder, desk.path / "outgoing" / folder_of(where) / "1"):
        place.mkdir(parents=True)
        (place / "a.txt").write_text(SECRET)
    return folder


async def delete(desk: Desk, person: Person = ANA, where: Conversation = ROOM) -> str:
    await desk.say("/forget", person, where)
    return await desk.press("Delete", person)


async def test_nothing_of_it_is_left(desk: Desk) -> None:
    folder = files(desk)
    await desk.learn("order-city", CITY)
    await desk.learn("order-change", CHANGE)
    await told(desk, wishes(("skill_order_city", {"id": SECRET})), words(f"The {SECRET} is here."))
    await told(desk, wishes(("skill_order_change", {"id": SECRET})))
    desk.model.script = [words("With pleasure.")]
    await desk.say(f"thanks for the {SECRET}")
    await desk.say("/done")
    [judged] = await desk.store.read(lambda connection: tasks.closed_tasks(connection, ROOM.scope, 9))
    assert SECRET not in judged.id
    assert await kept(desk) >= {"turns", "journal", "uses"}
    assert await delete(desk) == "Delete"
    assert await kept(desk) == set()
    assert not folder.exists()
    assert [path for path in desk.path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()] == []
    assert desk.chat.edited[-1][1].text == "Ana: this conversation is deleted, I know nothing of it any more."
    assert not desk.chat.edited[-1][1].buttons


async def test_what_was_said_of_it_is_deleted_wherever_it_stands(desk: Desk) -> None:
    await told(desk, words("Here."))
    await desk.say("/done")
    [task] = await desk.store.read(lambda connection: tasks.closed_tasks(connection, ROOM.scope, 9))
    await desk.store.write(Commit.JUDGE, lambda connection: _judge(connection, task.id))
    assert await kept(desk) >= {"evidence", "judgements", "tasks"}
    await delete(desk)
    assert await kept(desk) == set()
    [after] = await rows(desk, metadata.tables["tasks"])
    assert (after.status, after.source, after.private) == ("success", "judge", True)


def _judge(connection: Connection, task: str) -> None:
    keep_judgement(connection, "d1", Judgement("success", f"The {SECRET} was found."), 1.0)
    values = {"source": "judge", "verdict": "success", "text": f"The {SECRET} was found.", "person": "", "at": 1.0}
    connection.execute(metadata.tables["evidence"].insert().values(task=task, **values))
    told = {"status": "success", "source": "judge", "detail": f"The {SECRET} was found.", "suspicion": SECRET}
    connection.execute(metadata.tables["tasks"].update().values(told))


async def test_the_model_hears_nothing_of_it(desk: Desk) -> None:
    await told(desk, words("Here."))
    await delete(desk)
    desk.model.script = [words("What?")]
    await desk.say("And now?")
    assert [message["content"] for message in desk.model.requests[-1].messages[1:]] == ["And now?"]


async def test_an_old_event_is_not_taken_for_a_new_one(desk: Desk) -> None:
    await told(desk, words("Here."))
    await delete(desk)
    answered = len(desk.chat.sent)
    await desk.intake.accept(said(f"Tell me of the {SECRET}", 1))
    await desk.work()
    assert len(desk.chat.sent) == answered
    assert await kept(desk) == set()


async def test_what_the_bot_knows_of_skills_stays(desk: Desk) -> None:
    ref = await desk.learn("order-city", CITY)
    await told(desk, wishes(("skill_order_city", {"id": SECRET})), words("Here."))
    before = await desk.store.read(lambda connection: skills.tally(connection, ref)), await rows(desk, showings)
    await delete(desk)
    assert (
        await desk.store.read(lambda connection: skills.tally(connection, ref)),
        await rows(desk, showings),
    ) == before
    assert [entry.name for entry in await desk.library.live(ROOM.scope)] == ["order-city"]
    assert [row.parameters for row in await rows(desk, uses)] == [{}]


@pytest.mark.parametrize("elsewhere", [GROUP, THREAD, Conversation("telegram", "8")])
async def test_other_conversations_stay(desk: Desk, elsewhere: Conversation) -> None:
    folder = files(desk, elsewhere)
    await told(desk, words(f"The {SECRET} is here."), where=elsewhere)
    here = ROOM if elsewhere.direct else GROUP if elsewhere == THREAD else THREAD
    desk.chat.admins = (ANA.id,)
    await told(desk, words(f"The {SECRET} is here."), where=here)
    before = [row for row in await rows(desk, turns) if SECRET in repr(row)]
    await delete(desk, ANA, here)
    after = [row for row in await rows(desk, turns) if SECRET in repr(row)]
    assert {row.id for row in after} < {row.id for row in before}
    assert all(elsewhere.chat in repr(row) for row in after)
    assert [row.kind for row in after] == ["message", "delivery"]
    assert len([*desk.path.rglob("a.txt")]) == 2
    assert folder.exists()


async def test_kept_where_the_person_says_so(desk: Desk) -> None:
    await told(desk, words("Here."))
    before = await rows(desk, turns)
    await desk.say("/forget")
    assert [[button.label for button in row] for row in desk.last.buttons] == [["Delete", "Keep"]]
    assert await desk.press("Keep") == "Keep"
    assert desk.chat.edited[-1][1].text == "Ana: nothing is deleted."
    assert (await rows(desk, turns))[: len(before)] == before


async def test_in_a_group_those_decide_who_decide_on_skills(desk: Desk) -> None:
    desk.chat.admins = (BOB.id,)
    await told(desk, words("Here."), where=GROUP)
    await desk.say("/forget", ANA, GROUP)
    assert desk.last.reply_to == "2"
    assert await desk.press("Delete", ANA) == "Only a reviewer of this chat can decide this."
    assert "turns" in await kept(desk)
    assert await desk.press("Delete", BOB) == "Delete"
    assert await kept(desk) == set()


async def test_a_second_click_finds_a_card_of_another_time(desk: Desk) -> None:
    await told(desk, words("Here."))
    await desk.say("/forget")
    card = len(desk.chat.sent) - 1
    for _ in range(2):
        await desk.touch("Delete", message=card)
    await desk.work()
    assert desk.chat.answers == ["Delete", "Delete"]
    assert await desk.press("Keep", message=card) == "This button is from another time: I do not know it any more."


async def test_what_was_learned_from_it_is_named_and_stays(desk: Desk) -> None:
    await told(desk, words("Here."))
    [task] = [row.id for row in await rows(desk, metadata.tables["tasks"])]
    await desk.learn("learned-here", replace(CITY, provenance=Provenance("mined", (task,))))
    await desk.learn("written", CITY)
    approved = await desk.learn("by-a-card", CITY)
    elsewhere = replace(_proposal("elsewhere", task), scope=GROUP.scope)
    on_others = replace(_proposal("on-others", task), evidence={"support": ["task-999"]})
    for proposal in (
        _proposal("waits", task),
        elsewhere,
        on_others,
        replace(_proposal("by-a-card", task), ref=approved),
    ):
        await desk.store.write(Commit.SUBMIT, lambda connection, it=proposal: proposals.propose(connection, it))
    person = Person("telegram:1")
    await desk.store.write(
        Commit.SUBMIT, lambda connection: proposals.decide(connection, "by-a-card", "approved", person, 1.0)
    )
    [asked] = await desk.say("/forget")
    named = [
        "Skills learned from it: **by-a-card**, **learned-here**",
        "Proposals that rest on it: **waits**",
    ]
    assert asked.split("\n")[1:] == named
    await desk.press("Delete")
    assert desk.chat.edited[-1][1].text.split("\n")[1:] == named
    assert len(await desk.library.live(ROOM.scope)) == 3
    card, here, waits = desk.chat.sent[-3:]
    assert card.text == "What I learned **by-a-card** from is deleted. Shall I go on using it?"
    assert [button.label for button in waits.buttons[0]] == ["Keep", "Take back"]
    [redacted] = await desk.store.read(lambda connection: proposals.listed(connection, "waits"))
    assert redacted.evidence == {"support": [task], "card": "waits"}
    place = {name: desk.chat.sent.index(message) for name, message in (("card", card), ("here", here), ("w", waits))}
    assert await desk.press("Keep", message=place["card"]) == "Noted."
    assert await desk.press("Suspend", message=place["here"]) == "Noted."
    assert await desk.press("Take back", message=place["w"]) == "Noted."
    assert [entry.name for entry in await desk.library.live(ROOM.scope)] == ["by-a-card", "written"]
    [taken] = await desk.store.read(lambda connection: proposals.listed(connection, "waits"))
    assert (taken.state, taken.reason) == ("expired", "forgotten")
    await desk.press("Take back", message=place["w"])
    assert desk.chat.edited[-1][1].text == "It was decided meanwhile."
    noted = await desk.store.read(lambda connection: audit.events(connection))
    assert [(event.action, event.ref.name, event.by.id, event.detail) for event in noted] == [
        *(("forgotten", name, ANA.id, "asked") for name in ("by-a-card", "learned-here", "waits")),
        ("forgotten", "by-a-card", ANA.id, "keep"),
        ("suspended", "learned-here", ANA.id, "what it was learned from was erased."),
        ("forgotten", "learned-here", ANA.id, "suspend"),
        ("forgotten", "waits", ANA.id, "take-back"),
    ]


def _proposal(name: str, task: str) -> Proposal:
    ref = skills.SkillRef(name, name)
    return Proposal(name, ROOM.scope, ROOM.key, ref, {}, name, {"support": [task], "card": name, "alike": SECRET}, 1.0)


async def test_what_runs_is_stopped_first_and_what_is_said_after_is_new(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun), words("New.")]
    await desk.hear(f"Work on the {SECRET} for ever")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await begun.wait()
    await desk.hear(f"and more {SECRET}")
    await desk.hear("/forget")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await desk.lanes.drain(ROOM.out_lane)
    await desk.touch("Delete")
    [card] = [lane for lane in await desk.due() if lane.startswith("card:")]
    for lane in (card, f"forget:{ROOM.key}"):
        await desk.lanes.drain(lane)
    await desk.hear("something new")
    await working
    await desk.work()
    assert await kept(desk) == set()
    assert [message.text for message in desk.chat.sent][1:] == ["New."]
    assert len(desk.model.requests) == 2


async def test_it_is_done_in_parts_and_again_after_a_crash(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forget, "AT_ONCE", 2)
    desk.model.script = [words("Here.")] * 5
    for number in range(5):
        await desk.say(f"{SECRET} {number}")
    await desk.say("/forget")
    await desk.touch("Delete")
    write, commits, begun = desk.store.write, iter(range(100)), asyncio.Event()

    async def dies(commit: Commit, work: Any) -> Any:
        if commit == Commit.FORGET and next(commits) == 2:
            begun.set()
            await asyncio.Event().wait()
        return await write(commit, work)

    monkeypatch.setattr(desk.store, "write", dies)
    await desk.killed(begun)
    assert "turns" in await kept(desk)
    await desk.work()
    assert await kept(desk) == set()
    assert next(commits) > 2 * 3


async def test_stop_does_not_stop_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await told(desk, words("Here."))
    await desk.say("/forget")
    await desk.touch("Delete")
    write = desk.store.write

    async def interrupted(commit: Commit, work: Any) -> Any:
        if commit == Commit.FORGET:
            desk.lanes.stop(ROOM.lane, 999)
            await asyncio.sleep(0)
        return await write(commit, work)

    monkeypatch.setattr(desk.store, "write", interrupted)
    await desk.work()
    assert await kept(desk) == set()


async def test_a_thumb_or_a_yes_under_an_old_answer_finds_nothing(desk: Desk) -> None:
    await desk.learn("order-city", CITY)
    await desk.learn("order-change", CHANGE)
    await told(desk, wishes(("skill_order_city", {"id": SECRET})), words("Here."))
    thumb = len(desk.chat.sent) - 1
    await told(desk, wishes(("skill_order_change", {"id": SECRET})))
    question = len(desk.chat.sent) - 1
    await delete(desk)
    for label, message in (("👍", thumb), ("Run once", question)):
        assert (
            await desk.press(label, message=message) == "This button is from another time: I do not know it any more."
        )
    assert desk.orders.made("set_order") == []


async def test_that_a_skill_may_always_write_here_stays(desk: Desk) -> None:
    await desk.learn("order-change", CHANGE)
    await told(desk, wishes(("skill_order_change", {"id": "1"})))
    desk.model.script = [words("Done."), wishes(("skill_order_change", {"id": "2"})), words("Done.")]
    await desk.press("Always here")
    await delete(desk)
    assert await rows(desk, confirmations) == []
    await desk.say("Once more")
    assert desk.orders.made("set_order") == [{"id": "1"}, {"id": "2"}]


async def test_the_conversation_itself_stays_known(desk: Desk) -> None:
    await told(desk, words("Here."))
    await delete(desk)
    [row] = await rows(desk, conversations)
    assert (row.key, row.since > 0) == (ROOM.key, True)


async def test_nothing_was_said_yet(desk: Desk) -> None:
    async def never(request: ModelRequest) -> ModelReply:
        raise AssertionError

    desk.model.script = [never]
    await delete(desk)
    assert len(desk.chat.edited) == 1
