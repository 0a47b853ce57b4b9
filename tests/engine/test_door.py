"""Who may talk: closed by default, opened by settings or by a code."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.chat import ButtonClicked, Conversation, Outgoing, Person
from bot.engine.door import ASKED, CLOSED, CODE_SECONDS, Door
from bot.engine.guests import WELCOME, Guests
from bot.engine.intake import Intake
from bot.store import buttons, turns
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

    def __init__(self, store: Store, *allowed: str, reviewers: Sequence[str] = ()) -> None:
        self.store = store
        self.clock = HandClock()
        self.codes: list[str] = []
        self.worked: list[str] = []
        self.cards: list[Outgoing] = []
        self.guests = Guests(store, self.clock, reviewers)
        self.door = Door(store, self.clock, allowed, self.codes.append, self.guests)
        self.numbers = iter(range(1, 1000))

    async def say(
        self, text: str, person: Person = ANA, conversation: Conversation = ROOM, *, addressed: bool = True
    ) -> list[str]:
        """The texts that are delivered in answer."""
        event = replace(said(text, next(self.numbers), conversation, person), addressed=addressed)
        await Intake(self.store, self.clock).accept(event)
        lanes = await self.store.read(lambda connection: turns.due_lanes(connection, self.clock.now().timestamp()))
        answers: list[str] = []
        for lane in sorted(lane for lane in lanes if not lane.startswith("out:")):
            while isinstance(turn := await self._claim(lane), Turn):
                await self._finish(turn, await self.door.guarded(self._work)(turn))
        return answers + await self.delivered(conversation)

    async def click(self, person: Person, label: str) -> str:
        """Press a button of the last card that was delivered; the words that the person sees."""
        button = next(button for row in self.cards[-1].buttons for button in row if button.label == label)
        meaning = await self.store.read(lambda connection: buttons.meaning(connection, button.id))
        assert meaning is not None
        pressed = ButtonClicked(
            f"click:{next(self.numbers)}", self.cards[-1].conversation, person, button.id, "m1", "", self.clock.now()
        )
        words, effect = await self.guests.decide(pressed, meaning)
        await self.store.write(Commit.FINISH, effect)
        return words

    async def delivered(self, conversation: Conversation) -> list[str]:
        """What waits for a chat."""
        texts = []
        while isinstance(out := await self._claim(conversation.out_lane), Turn):
            self.cards.append(outgoing(out.payload))
            texts.append(self.cards[-1].text)
            await self._finish(out, lambda _: None)
        return texts

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


@pytest.mark.parametrize(
    ("allowed", "let_in"),
    [
        ("slack:T1", True),
        ("slack:T1/C9", True),
        ("slack:T1/U7", True),
        ("slack:T2", False),
        ("slack:T1/C8", False),
        ("slack:T1/U8", False),
    ],
)
async def test_a_workspace_a_channel_and_a_person_of_slack(store: Store, allowed: str, let_in: bool) -> None:
    gate = Gate(store, allowed)
    await gate.say("hello", Person("slack:T1/U7"), Conversation("slack", "T1/C9", "1.5", direct=False))
    assert gate.worked == (["hello"] if let_in else [])


async def test_a_workspace_that_is_allowed_is_not_its_guests_from_others(store: Store) -> None:
    gate = Gate(store, "slack:T1")
    await gate.say("hello", Person("slack:T2/U7"), Conversation("slack", "T1/C9", "1.5", direct=False))
    assert gate.worked == []


async def test_a_stranger_who_talks_to_others_is_not_told(store: Store) -> None:
    gate = Gate(store)
    assert await gate.say("hello", BOB, GROUP) == [CLOSED]
    await gate.clock.sleep(CODE_SECONDS + 1)
    assert await gate.say("they talk", ANA, GROUP, addressed=False) == []
    assert len(gate.codes) == 1
    assert await gate.say("hello?", ANA, GROUP) == [CLOSED]


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


ALONE_WITH_BOB = Conversation("telegram", "8")
OPERATOR = {"reviewers": ["telegram:7", "telegram:9"]}


async def test_the_operator_is_asked_once_about_a_stranger_and_lets_them_in(store: Store) -> None:
    gate = Gate(store, **OPERATOR)
    assert await gate.say("hello", BOB, ALONE_WITH_BOB) == [ASKED]
    assert await gate.say("hello?", BOB, ALONE_WITH_BOB) == []
    assert await gate.delivered(ROOM) == ["**Bob** (telegram:8) writes to me and was not let in. Let them in?"]
    assert await gate.click(ANA, "Yes") == "Bob is in.", "a click's answer knows no Markdown"
    assert await gate.delivered(ROOM) == ["**Bob** (telegram:8) is in."]
    assert await gate.delivered(ALONE_WITH_BOB) == [WELCOME]
    await gate.say("work", BOB, ALONE_WITH_BOB)
    assert gate.worked == ["work"]


async def test_the_operators_no_leaves_a_stranger_outside(store: Store) -> None:
    gate = Gate(store, **OPERATOR)
    await gate.say("hello", BOB, ALONE_WITH_BOB)
    await gate.delivered(ROOM)
    assert await gate.click(ANA, "No") == "Bob stays out."
    await gate.say("work", BOB, ALONE_WITH_BOB)
    assert (gate.worked, await gate.delivered(ALONE_WITH_BOB)) == ([], [])


async def test_nobody_lets_themselves_in(store: Store) -> None:
    gate = Gate(store, **OPERATOR)
    await gate.say("hello", BOB, ALONE_WITH_BOB)
    await gate.delivered(ROOM)
    for person in (BOB, Person("telegram:9")):
        assert await gate.click(person, "Yes") == "Only whoever runs me decides this."
    await gate.say("work", BOB, ALONE_WITH_BOB)
    assert gate.worked == []


async def test_the_first_who_paired_is_the_operator_and_a_second_yes_welcomes_nobody_twice(store: Store) -> None:
    gate = Gate(store, reviewers=["telegram:9"])
    await gate.door.offer_code(anew=True)
    await gate.say(f"/start {gate.codes[0]}")
    await gate.say("hello", BOB, ALONE_WITH_BOB)
    await gate.delivered(ROOM)
    card = gate.cards[-1]
    await gate.click(ANA, "Yes")
    await gate.delivered(ALONE_WITH_BOB)
    for label in ("Yes", "No"):
        gate.cards.append(card)
        assert await gate.click(ANA, label) == "Bob is in already."
    assert await gate.delivered(ALONE_WITH_BOB) == []


async def test_a_strangers_name_is_text_and_short(store: Store) -> None:
    gate = Gate(store, **OPERATOR)
    await gate.say("hello", Person("telegram:8", "**[Ana](http://x)** " + "x" * 500), ALONE_WITH_BOB)
    [text] = await gate.delivered(ROOM)
    assert "[Ana](" not in text
    assert len(text) < 250
