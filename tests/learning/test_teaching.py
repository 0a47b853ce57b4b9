"""One piece of work becomes a proposal because a person wants it, and says of itself that nothing else was seen."""

import json
from pathlib import Path
from random import Random

import pytest

from bot.domain.chat import Conversation
from bot.domain.trace import Outcome, Trace
from bot.learning.mining import Report, Taken, replay
from bot.learning.outcomes import BUILT_IN
from bot.learning.shown_again import shown_again
from bot.learning.teaching import Teaching, taught
from bot.skills.output import normalise
from bot.store import scopes, tasks, turns
from bot.store.commits import Commit
from bot.store.deliveries import event_payload
from bot.store.store import Effect, Store
from bot.store.turns import NewTurn, Turn
from tests.engine.made import ANA, GROUP, ROOM, said
from tests.learning import workplaces
from tests.learning.lived import Made, claim, deliveries, finished, worked
from tests.learning.test_cycle import Loop
from tests.learning.workplaces import traces_of


def once(work: workplaces.Work, seed: int = 3) -> tuple[Trace, Report]:
    [trace] = traces_of(work, Random(seed), 1)
    return trace, taught(trace, Taken())


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("work", [workplaces.shop, workplaces.files, workplaces.tickets, workplaces.build])
def test_what_one_run_teaches_does_the_work_of_others(work: workplaces.Work, seed: int) -> None:
    trace, report = once(work, seed)
    [skill] = report.skills
    assert (skill.tasks, skill.verified, skill.replay.matches, skill.support) == (1, 0, 0, (trace.id,))
    assert skill.procedure.provenance.tasks == (trace.task,)
    others = traces_of(work, Random(seed + 100), 6)
    found, _ = replay(skill.procedure, others)
    assert found.matches == 5  # the sixth has the name of the one that was shown
    assert (found.exact, found.bindable) == (1.0, 1.0)


def test_other_values_stand_throughout_and_names_stay() -> None:
    [trace] = traces_of(workplaces.shop, Random(1), 1)
    first, *others = shown_again(trace)
    assert first == trace
    assert len({other.id for other in others}) == 3
    email = json.loads(trace.messages[1]["tool_calls"][0]["function"]["arguments"])["email"]
    for other in others:
        assert email not in json.dumps(other.messages)
        new = json.loads(other.messages[1]["tool_calls"][0]["function"]["arguments"])["email"]
        assert new in other.messages[0]["content"]
        for before, after in zip(trace.messages, other.messages, strict=True):
            if before["role"] == "tool" and before["content"].startswith("{"):
                assert normalise(before["content"]).keys() == normalise(after["content"]).keys()


def test_the_same_work_is_shown_again_the_same_way() -> None:
    [trace] = traces_of(workplaces.shop, Random(1), 1)
    assert shown_again(trace) == shown_again(trace)


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("Make a skill of what you just did!", True),
        ("please turn that into a skill, thanks", True),
        ("Bitte mach daraus einen Skill!", True),
        ("Don't make a skill of this", False),
        ("make a skill of what you just did and mail it to Bob", False),
        ("What is a skill?", False),
    ],
)
def test_who_wants_a_skill_made_says_nothing_else(text: str, wants: bool) -> None:
    assert BUILT_IN.wants_teaching(text) is wants


class Room:
    """A chat in which somebody teaches; `heard` counts what went to the model."""

    def __init__(self, store: Store, path: Path, home: Conversation = ROOM) -> None:
        self.loop, self.home, self.heard = Loop(store, path), home, 0
        self.handler = Teaching(self.loop.clock, BUILT_IN).heard(self._answer)

    async def _answer(self, turn: Turn) -> Effect:
        self.heard += 1
        return lambda _: None

    async def work(self) -> str:
        calls = [Made("read_file", '{"path": "customers/ana-silva.json"}', {"orders": ["1011", "1012"]})]
        calls += [Made("read_file", json.dumps({"path": f"orders/{id}.json"}), {"id": id}) for id in ("1011", "1012")]
        return await worked(self.loop.store, 1, "Which orders of ana-silva are open?", *calls, conversation=self.home)

    async def say(self, text: str, number: int) -> None:
        new = said(text, number, self.home, ANA)
        row = NewTurn(new.key, self.home.lane, "message", event_payload(new), self.home.key)
        await self.loop.store.write(Commit.INTAKE, lambda connection: turns.enqueue(connection, row, 1.0))
        turn = await claim(self.loop.store, self.home.lane)
        await finished(self.loop.store, turn, await self.handler(turn))


async def test_a_person_teaches_by_one_piece_of_work(store: Store, tmp_path: Path) -> None:
    room = Room(store, tmp_path)
    task = await room.work()
    await room.say("Make a skill of what you just did.", 2)
    assert room.heard == 0
    turn = await claim(store, "job:mine")
    await finished(store, turn, await room.loop.cycle(turn))
    [(card, _)] = await deliveries(store)
    assert card.text.startswith("**I can do that again by myself. Shall I learn it as ")
    assert "- Taught by one piece of work: there is nothing else to replay it on" in card.text
    assert "Seen in" not in card.text
    await room.loop.press(card.buttons[0][0].id)
    [(decided, _)] = await deliveries(store)
    assert "Approved by Ana" in decided.text
    unmined = await store.read(tasks.unmined)
    await store.write(Commit.FINISH, lambda connection: tasks.close(connection, task, Outcome(), 5.0))
    assert unmined == {}
    assert await store.read(tasks.unmined) == {ROOM.scope: 1}


async def test_where_nothing_was_done_or_it_is_private_nothing_is_taught(store: Store, tmp_path: Path) -> None:
    room = Room(store, tmp_path, GROUP)
    await room.say("learn that as a skill", 1)
    [(answer, _)] = await deliveries(store, GROUP)
    assert answer.text == "There is no work here that I may make a skill of."
    assert answer.reply_to == "1"
    task = await worked(store, 2, "Look it up", Made("read_file", '{"path": "a.md"}', "x"), conversation=GROUP)
    await store.write(Commit.FINISH, lambda connection: tasks.keep_private(connection, task))
    await room.say("learn that as a skill", 3)
    [(answer, _)] = await deliveries(store, GROUP)
    assert answer.text == "There is no work here that I may make a skill of."


async def test_where_learning_is_off_it_is_said(store: Store, tmp_path: Path) -> None:
    room = Room(store, tmp_path)
    await room.work()
    await store.write(Commit.FINISH, lambda connection: scopes.set_learning(connection, ROOM.scope, on=False))
    await room.say("Make a skill of what you just did.", 2)
    [(answer, _)] = await deliveries(store)
    assert answer.text == "Learning is off here; `/learn on` switches it on."


async def test_other_messages_go_their_way(store: Store, tmp_path: Path) -> None:
    room = Room(store, tmp_path)
    await room.say("Which skills do you have?", 1)
    assert room.heard == 1
