"""What commands answer, alone and in a group, and which of them wait their turn."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.chat import Conversation
from bot.domain.skill import Procedure, Step
from bot.engine.commands import COMMANDS
from bot.ports import ModelReply, ModelRequest
from bot.store import proposals, scopes, tasks, turns
from bot.store.commits import Commit
from bot.store.proposals import Proposal
from bot.store.store import Store
from tests.engine.desk import Desk, endless, wishes, words
from tests.engine.made import BOB, GROUP, ROOM

CITY = Procedure((Step("order", "get_order", {"id": "1"}),))


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


@pytest.mark.parametrize("conversation", [ROOM, GROUP])
@pytest.mark.parametrize("command", [*COMMANDS, "skill nothing", "start CODE", "learn off", "  help ", "help me"])
async def test_each_command_is_answered_once_and_quoted_in_a_group(
    desk: Desk, command: str, conversation: Conversation
) -> None:
    answers = await desk.say(f"/{command.lstrip()}", BOB, conversation)
    assert len(answers) == (0 if command == "learn" else 1)  # the cycle's own report answers /learn
    assert [message.reply_to for message in desk.chat.sent] == ["1" if conversation == GROUP else ""] * len(answers)
    assert desk.model.requests == []


@pytest.mark.parametrize("text", ["/helpme", "/unknown", "help", "please /help", "//help", "/Help", "/help/me"])
async def test_anything_else_is_work(desk: Desk, text: str) -> None:
    desk.model.script = [words("I try.")]
    assert await desk.say(text) == ["I try."]


async def test_help_names_every_command(desk: Desk) -> None:
    [answer] = await desk.say("/help")
    assert all(f"`/{name}`" in answer and what in answer for name, what in COMMANDS.items())
    assert answer.endswith("\n\nAnything else is work for me."), "it reads as part of the last command, or names Slack"


async def test_skills_and_their_record(desk: Desk) -> None:
    assert await desk.say("/skills") == ["I have no skills here yet. When work repeats I propose one."]
    await desk.learn("order-city", CITY)
    desk.put("pending-one", CITY)
    desk.put("elsewhere", CITY, GROUP.scope)
    broken = desk.path / "skills" / "broken"
    broken.mkdir()
    (broken / "SKILL.md").write_text("nothing")
    desk.model.script = [wishes(("skill_order_city", {})), words("Rome.")]
    await desk.say("Where?")
    proposal = Proposal("p1", ROOM.scope, ROOM.key, (await desk.library.find("order-city", None)).ref, {}, "f", {}, 1.0)
    await desk.store.write(Commit.SUBMIT, lambda connection: proposals.propose(connection, proposal))
    [answer] = await desk.say("/skills")
    assert answer.split("\n") == [
        "- **order-city** (on trial): Does order-city. _used: 1, not known how well; calls of the model saved: 0_",
        "- **pending-one** (waits for approval): Does pending-one. _not used yet_",
        "- **order-city** waits for a decision on its card.",
    ]


@pytest.mark.parametrize("name", ["order-city", "order_city"])
async def test_one_skill_in_full(desk: Desk, name: str) -> None:
    ref = await desk.learn("order-city", CITY)
    [answer] = await desk.say(f"/skill {name}")
    assert answer.startswith(f"**order-city** (on trial, approved by Mia; not used yet; version `{ref.digest[:12]}`)")
    assert "call `get_order`" in answer


async def test_a_skill_that_is_not_named_or_not_here(desk: Desk) -> None:
    desk.put("elsewhere", CITY, GROUP.scope)
    assert (await desk.say("/skill"))[0].startswith("Which one?")
    assert await desk.say("/skill elsewhere") == [
        "There is no skill named elsewhere here. /skills lists those there are."
    ]


async def learns(desk: Desk) -> dict[str, bool]:
    """Whether the bot may learn in the two chats."""
    both = (GROUP.scope, ROOM.scope)
    return await desk.store.read(lambda connection: {scope: scopes.learns(connection, scope) for scope in both})


async def test_learning_is_switched_for_its_scope(desk: Desk) -> None:
    await desk.say("/learn off", BOB, GROUP)
    assert await learns(desk) == {GROUP.scope: False, ROOM.scope: True}
    assert "/learn on" in (await desk.say("/learn", BOB, GROUP))[0]
    assert "Learning: off" in (await desk.say("/status", BOB, GROUP))[0]
    await desk.say("/learn on", BOB, GROUP)
    assert await desk.say("/learn", BOB, GROUP) == []


async def test_learn_submits_a_cycle_of_this_scope(desk: Desk) -> None:
    await desk.hear("/learn", BOB, GROUP)
    await desk.lanes.drain(f"aside:{GROUP.key}")
    now = desk.clock.now().timestamp()
    mine = await desk.store.write(Commit.CLAIM, lambda connection: turns.claim(connection, "job:mine", now))
    assert isinstance(mine, turns.Turn)
    assert mine.payload == {"scope": GROUP.scope, "asked_in": GROUP.key}


async def test_done_closes_the_task_and_no_more(desk: Desk) -> None:
    assert await desk.say("/done") == ["Nothing is open here."]
    desk.model.script = [words("Yes.")] * 2
    await desk.say("first")
    assert await desk.say("/done") == ["Done: this piece of work is closed."]
    assert await desk.store.read(lambda connection: tasks.open_task(connection, ROOM.key)) is None
    await desk.say("second")
    assert [message["content"] for message in desk.model.requests[-1].messages[1:]] == ["first", "Yes.", "second"]


@pytest.mark.parametrize("command", ["/done", "/new"])
async def test_done_and_new_keep_their_place_behind_work(desk: Desk, command: str) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: ModelRequest) -> ModelReply:
        asked.set()
        await go_on.wait()
        return words("Slowly.")

    desk.model.script = [slow, words("Next.")]
    await desk.hear("first")
    working = asyncio.create_task(desk.work())
    await asked.wait()
    await desk.hear(command)
    await desk.hear("second")
    go_on.set()
    await working
    await desk.work()
    assert [message.text[:4] for message in desk.chat.sent] == [
        "Slow",
        "Done" if command == "/done" else "A fr",
        "Next",
    ]
    before = [message["content"] for message in desk.model.requests[-1].messages[1:-1]]
    assert before == (["first", "Slowly."] if command == "/done" else [])
    closed = await desk.store.read(lambda connection: tasks.closed_tasks(connection, ROOM.scope, 9))
    assert len(closed) == 1


async def test_status_tells_what_goes_on(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun)]
    assert "Work here: none" in (await desk.say("/status"))[0]
    assert "- Outcomes known: 0 of 0" in desk.last.text
    await desk.hear("work")
    await desk.hear("more work")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await begun.wait()
    await desk.hear("/status")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await desk.lanes.drain(ROOM.out_lane)
    assert "- Work here: 2 under way or waiting" in desk.last.text
    assert "- Learning: on; finished since I last looked: 0" in desk.last.text
    assert "- Waiting for a decision: nothing" in desk.last.text
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_stop_ends_slow_work_at_once_and_answers_once(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun), words("Next.")]
    await desk.hear("work")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await begun.wait()
    await desk.hear("more work")
    await desk.hear("/new")
    await desk.hear("/stop")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await working
    await desk.work()
    stopped = "Stopped. 1 more that waited will not be begun. What was done until now stays done."
    assert [message.text for message in desk.chat.sent if "Stop" in message.text] == [stopped]
    # What was no work is carried out, and what is said after goes on.
    assert [message.text[:7] for message in desk.chat.sent if "Stop" not in message.text] == ["A fresh"]
    assert await desk.say("and now?") == ["Next."]
    assert len(desk.model.requests) == 2


async def test_stop_is_for_this_conversation(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun)]
    await desk.hear("work", BOB, GROUP)
    working = asyncio.create_task(desk.lanes.drain(GROUP.lane))
    await begun.wait()
    await desk.hear("/stop")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await desk.lanes.drain(ROOM.out_lane)
    assert desk.last.text == "Nothing was running."
    assert not working.done()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_stop_twice_is_answered_twice_and_harms_nothing(desk: Desk) -> None:
    begun = asyncio.Event()
    desk.model.script = [endless(begun)]
    await desk.hear("work")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await begun.wait()
    await desk.hear("/stop")
    await desk.hear("/stop")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await working
    await desk.work()
    assert [message.text[:7] for message in desk.chat.sent[:1]] == ["Stopped"]
    assert len(desk.chat.sent) == 2
