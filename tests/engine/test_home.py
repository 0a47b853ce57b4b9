"""A person's page: what stands on it, page by page, and that nothing of it is kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.chat import ButtonClicked, Conversation, HomeOpened, Outgoing, Person
from bot.domain.skill import Procedure, Step
from bot.engine.clicks import Clicks
from bot.engine.endings import ChatEndings
from bot.engine.home import KIND, MOST, Homes
from bot.engine.lanes import Lanes
from bot.engine.pages import PAGE
from bot.engine.work import Limits
from bot.errors import DeliverLater, MaybeDelivered
from bot.store import turns
from bot.store.homes import Piece
from bot.store.store import Connection, Store
from tests.engine.desk import Desk
from tests.engine.made import ANA, BOB, ROOM, KeptChat

LOOK = Procedure((Step("order", "get_order", {"id": "7"}),))


class Hall:
    """A desk with pages, to which Bob is not let in; `waits` has what waits for Ana."""

    def __init__(self, store: Store, path: Path) -> None:
        self.desk = Desk(store, path)
        clock, adapters = self.desk.clock, {"telegram": self.chat}
        self.waits: list[str] = []
        homes = Homes(store, clock, adapters, self.desk.library, self._let_in, (self._waiting,))
        handlers = {
            "home": homes.look,
            "publish-home": homes.publish,
            "click": Clicks(store, clock, adapters, {KIND: homes.turn_page}),
        }
        self.desk.lanes = Lanes(store, clock, handlers, ChatEndings(clock, Limits().idle))

    @property
    def chat(self) -> KeptChat:
        return self.desk.chat

    async def open(self, number: int = 1, person: Person = ANA) -> Sequence[str]:
        """Look at the page; the texts that stand there."""
        await self.desk.intake.accept(HomeOpened(f"home:{number}", ROOM, person, self.desk.clock.now()))
        await self.desk.work()
        return self.texts()

    async def press(self, label: str) -> Sequence[str]:
        rows = [row for piece in self.chat.homes[-1].pieces for row in piece.buttons]
        [button] = [button for row in rows for button in row if button.label == label]
        number = next(self.desk.numbers)
        await self.desk.intake.accept(
            ButtonClicked(f"click:{number}", ROOM, ANA, button.id, "", "", self.desk.clock.now())
        )
        await self.desk.work()
        return self.texts()

    def texts(self) -> Sequence[str]:
        return [piece.text for piece in self.chat.homes[-1].pieces]

    async def _let_in(self, conversation: Conversation, person: Person) -> bool:
        return person != BOB

    async def _waiting(self, here: Conversation, person: Person) -> Sequence[Piece]:
        return [lambda _, text=text: Outgoing(here, text) for text in self.waits]


@pytest.fixture
def hall(store: Store, tmp_path: Path) -> Hall:
    return Hall(store, tmp_path)


async def test_what_waits_stands_above_and_the_rest_is_counted(hall: Hall) -> None:
    assert (await hall.open())[0] == "Nothing waits for you."
    hall.waits = [f"card {number}" for number in range(MOST + 2)]
    assert (await hall.open(2))[: MOST + 2] == ["## Waiting for you", *hall.waits[:MOST], "2 more wait behind these."]


async def test_skills_stand_on_pages(hall: Hall) -> None:
    for number in range(PAGE + 1):
        await hall.desk.learn(f"skill-{number:02}", LOOK)
    shown = (await hall.open())[-1]
    assert shown.count("not used yet") == PAGE
    shown = (await hall.press("More"))[-1]
    assert shown.startswith(f"- **skill-{PAGE:02}**")
    assert shown.count("not used yet") == 1
    assert "skill-00" in (await hall.press("Back"))[-1]
    assert hall.chat.answers == []  # the page itself is the answer


async def test_who_is_not_let_in_sees_nothing(hall: Hall) -> None:
    hall.waits = ["card"]
    [words] = await hall.open(person=BOB)
    assert "let in" in words


async def test_a_button_of_another_time_is_answered_on_the_page(hall: Hall) -> None:
    click = ButtonClicked("click:1", ROOM, ANA, "forged", "", "", hall.desk.clock.now())
    await hall.desk.intake.accept(click)
    await hall.desk.work()
    assert hall.texts()[0] == "This button is from another time: I do not know it any more."
    await hall.desk.intake.accept(replace(click, key="click:2", token="form"))
    await hall.desk.work()
    assert hall.texts()[0] == "Nothing waits for you."  # the form says it
    assert len(hall.chat.answers) == 1


async def test_what_could_not_be_shown_is_shown_later_and_nothing_of_it_is_kept(hall: Hall) -> None:
    hall.waits = ["a secret"]
    hall.chat.faults = [DeliverLater("Not now.", 0.0), MaybeDelivered("Lost.")]
    await hall.desk.intake.accept(HomeOpened("home:1", ROOM, ANA, hall.desk.clock.now()))
    for _ in range(3):
        await hall.desk.work()
        hall.desk.clock.time += timedelta(minutes=1)
    assert "a secret" in hall.texts()

    def payloads(connection: Connection) -> list[object]:
        return [turns.payload_of(connection, id) for id in (1, 2)]

    assert await hall.desk.store.read(payloads) == [{}, {}]
