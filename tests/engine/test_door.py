"""Who may talk: closed by default, opened by settings or by a code."""

import pytest

from bot.domain.chat import Conversation, Person
from bot.engine.door import CLOSED, CODE_SECONDS, Door
from bot.engine.intake import Intake
from bot.store import turns
from bot.store.commits import Commit
from bot.store.deliveries import outgoing
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from tests.engine.made import ANA, BOB, GROUP, ROOM, HandClock, said

ALLOWED = [
    (["*"], True),
    ([], False),
    (["telegram:7"], True),
    (["telegram:8"], False),
    (["telegram:-100"], False),
]


class Gate:
    """A door with a handler behind it, and what was announced and said."""

    def __init__(self, store: Store, *allowed: str) -> None:
        self.store = store
        self.clock = HandClock()
        self.codes: list[str] = []
        self.worked: list[str] = []
        self.door = Door(store, self.clock, allowed, self.codes.append)
        self.numbers = iter(range(1, 1000))

    async def say(self, text: str, person: Person = ANA, conversation: Conversation = ROOM) -> list[str]:
        """The texts that are delivered in answer."""
        event = said(text, next(self.numbers), conversation, person)
        await Intake(self.store, self.clock).accept(event)
        lanes = await self.store.read(lambda connection: turns.due_lanes(connection, self.clock.now().timestamp()))
        answers = []
        for lane in sorted(lanes):
            while isinstance(turn := await self._claim(lane), Turn):
                if turn.kind == "delivery":
                    answers.append(outgoing(turn.payload).text)
                    await self._finish(turn, lambda _: None)
                else:
                    await self._finish(turn, await self.door.guarded(self._work)(turn))
        out = await self._claim(conversation.out_lane)
        while isinstance(out, Turn):
            answers.append(outgoing(out.payload).text)
            await self._finish(out, lambda _: None)
            out = await self._claim(conversation.out_lane)
        return answers

    async def _work(self, turn: Turn) -> Effect:
        self.worked.append(turn.payload["text"])
        return lambda _: None

    async def _claim(self, lane: str) -> Turn | float | None:
        now = self.clock.now().timestamp()
        return await self.store.write(Commit.CLAIM, lambda connection: turns.claim(connection, lane, now))

    async def _finish(self, turn: Turn, effect: Effect) -> None:
        def work(connection: Connection) -> None:
            turns.finish(connection, turn, 1.0)
            effect(connection)

        await self.store.write(Commit.FINISH, work)


@pytest.mark.parametrize(("allowed", "let_in"), ALLOWED)
async def test_settings_say_who_may_talk(store: Store, allowed: list[str], let_in: bool) -> None:
    gate = Gate(store, *allowed)
    answers = await gate.say("hello")
    assert gate.worked == (["hello"] if let_in else [])
    assert answers == ([] if let_in else [CLOSED])


async def test_a_chat_that_is_allowed_lets_all_its_people_talk_there_only(store: Store) -> None:
    gate = Gate(store, "telegram:-100")
    await gate.say("in the group", BOB, GROUP)
    await gate.say("alone", BOB, Conversation("telegram", "8"))
    assert gate.worked == ["in the group"]


async def test_a_stranger_is_told_once(store: Store) -> None:
    gate = Gate(store)
    assert await gate.say("hello") == [CLOSED]
    assert await gate.say("hello?") == []


async def test_a_code_lets_one_person_in_once(store: Store) -> None:
    gate = Gate(store)
    await gate.door.offer_code(anew=True)
    [code] = gate.codes
    assert "wrong" in (await gate.say("/start nonsense"))[0]
    assert "You are in" in (await gate.say(f"/start {code}"))[0]
    await gate.say("work")
    assert gate.worked == ["work"]
    assert "wrong, used" in (await gate.say(f"/start {code}", BOB))[0]


async def test_a_code_is_valid_for_ten_minutes_and_a_stranger_has_a_new_one_made(store: Store) -> None:
    gate = Gate(store)
    await gate.door.offer_code(anew=True)
    await gate.clock.sleep(CODE_SECONDS + 1)
    assert "older than ten minutes" in (await gate.say(f"/start {gate.codes[0]}"))[0]
    assert len(gate.codes) == 2
    assert "You are in" in (await gate.say(f"/start {gate.codes[1]}"))[0]


async def test_with_settings_there_is_no_code(store: Store) -> None:
    gate = Gate(store, "telegram:8")
    await gate.door.offer_code(anew=True)
    await gate.say("hello")
    assert gate.codes == []
