"""Proposals reach people: no flood, nothing at night, one reminder, and an end to waiting."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.domain.chat import Conversation, Outgoing
from bot.domain.skill import Procedure, Skill, SkillRef, Step
from bot.learning.posting import EXPIRE, REMIND, Posting, announce
from bot.learning.quiet import NEVER, Quiet
from bot.skills import folder, format
from bot.store import audit, conversations, people, proposals, turns
from bot.store.commits import Commit
from bot.store.proposals import Proposal
from bot.store.store import Connection, Store
from bot.store.turns import NewTurn, Turn
from tests.engine.made import BOB, GROUP, ROOM, HandClock
from tests.learning.lived import claim, deliveries

NIGHT = Quiet(time(22), time(7))


def waits(name: str, home: Conversation) -> Proposal:
    files = format.render(Skill(name, f"Does {name}.", Procedure((Step("one", "get_order"),)), scope=home.scope))
    ref = SkillRef(name, folder.digest(files))
    return Proposal(f"id-{name}", home.scope, home.key, ref, files, f"print-{name}", {"card": f"**{name}**?"}, 1.0)


class Room:
    """A chat in which proposals wait."""

    def __init__(self, store: Store, home: Conversation = ROOM, quiet: Quiet = NEVER, *reviewers: str) -> None:
        self.store, self.home, self.quiet = store, home, quiet
        self.clock = HandClock()
        self.posting = Posting(store, self.clock, quiet, reviewers)
        self.looks = 0

    async def propose(self, *names: str) -> None:
        def work(connection: Connection) -> None:
            conversations.remember(connection, self.home)
            for name in names:
                proposals.propose(connection, waits(name, self.home))
            announce(connection, self.home.scope, names[0], self.clock.now(), self.quiet)

        await self.store.write(Commit.FINISH, work)

    async def look(self) -> None:
        """The clock has the posting look at what waits."""
        self.looks += 1
        new = NewTurn(f"remind:{self.looks}", "job:remind", "remind", {})
        await self.store.write(Commit.REMIND, lambda connection: turns.enqueue(connection, new, 1.0))
        effect = await self.posting.remind(await claim(self.store, "job:remind"))
        await self.store.write(Commit.FINISH, effect)

    async def said(self, there: Conversation | None = None) -> list[Outgoing]:
        return [message for message, _ in await deliveries(self.store, there or self.home)]


async def test_one_proposal_is_a_card_and_several_are_one_message(store: Store) -> None:
    room = Room(store)
    await room.propose("one")
    [card] = await room.said()
    assert (card.text, [button.label for button in card.buttons[0]]) == (
        "**one**?",
        ["Approve", "Reject", "Edit", "Details"],
    )
    await room.propose("two", "three")
    [digest] = await room.said()
    assert [button.label for row in digest.buttons for button in row] == ["three", "two"]
    assert "- **two**: Does two." in digest.text


async def test_at_night_nothing_is_posted_until_the_morning(store: Store) -> None:
    room = Room(store, quiet=NIGHT)
    room.clock.time = datetime(2026, 11, 22, 23, tzinfo=UTC)
    await room.propose("one")
    assert await room.said() == []
    lane = "post:telegram:7:one"
    morning = datetime(2026, 11, 23, 7, tzinfo=UTC)
    due = await store.write(
        Commit.CLAIM, lambda connection: turns.claim(connection, lane, room.clock.now().timestamp())
    )
    assert due == morning.timestamp()
    turn = await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, lane, morning.timestamp()))
    assert isinstance(turn, Turn)
    await store.write(Commit.FINISH, await room.posting.post(turn))
    assert [message.text for message in await room.said()] == ["**one**?"]
    await store.write(Commit.FINISH, await room.posting.post(turn))
    assert await room.said() == []


async def test_what_waits_is_called_to_mind_once_and_not_at_night(store: Store) -> None:
    room = Room(store, quiet=NIGHT)
    await room.propose("one", "two")
    await room.said()
    await room.look()
    assert await room.said() == []
    room.clock.time += REMIND + timedelta(hours=11)
    await room.look()
    assert await room.said() == []
    room.clock.time += timedelta(hours=10)
    await room.look()
    [reminder] = await room.said()
    assert reminder.text.startswith("**Still waiting for a decision:**")
    assert [button.label for row in reminder.buttons for button in row] == ["one", "two"]
    await room.look()
    assert await room.said() == []


async def test_the_reviewers_of_a_silent_group_are_asked_alone_and_without_any_the_operator(store: Store) -> None:
    room = Room(store, GROUP, NEVER, BOB.id, "slack:T1/U7")
    await room.propose("one")
    await room.said()
    room.clock.time += REMIND + timedelta(minutes=1)
    await room.look()
    assert len(await room.said()) == 1
    [asked] = await room.said(Conversation(*BOB.id.split(":")))
    assert asked.conversation == Conversation("telegram", "8")

    def pair(connection: Connection) -> None:
        people.offer(connection, "code", 9e9)
        people.pair(connection, "telegram:9", "code", 1.0)

    await store.write(Commit.PAIRING, pair)
    other = Room(store, Conversation("telegram", "-200", direct=False))
    await other.propose("three")
    await other.said()
    other.clock.time += REMIND + timedelta(minutes=1)
    await other.look()
    assert len(await other.said(Conversation("telegram", "9"))) == 1


async def test_a_shared_chat_is_told_that_the_bot_learns_before_the_first_card(store: Store) -> None:
    room = Room(store, GROUP)
    await room.propose("one")
    hello, card = await room.said()
    assert "`/learn off` keeps me from learning here" in hello.text
    assert card.text == "**one**?"
    await room.propose("two")
    assert len(await room.said()) == 1


async def test_at_night_nothing_is_taken_back(store: Store) -> None:
    room = Room(store, quiet=NIGHT)
    await room.propose("one")
    await room.said()
    room.clock.time = (room.clock.time + EXPIRE + timedelta(days=1)).replace(hour=23)
    await room.look()
    assert await room.said() == []
    room.clock.time += timedelta(hours=10)
    await room.look()
    [note] = await room.said()
    assert note.text.startswith("Nobody decided about **one**")


async def test_what_nobody_answers_is_taken_back_with_a_note(store: Store) -> None:
    room = Room(store)
    await room.propose("one")
    await room.said()
    room.clock.time += EXPIRE + timedelta(minutes=1)
    await room.look()
    [note] = await room.said()
    assert note.text.startswith("Nobody decided about **one** in 14 days, so I took it back.")
    found = await store.read(lambda connection: proposals.find(connection, "id-one"))
    assert found is not None
    assert found.state == "expired"
    assert [event.action for event in await store.read(lambda connection: audit.events(connection))] == ["expired"]
    await room.look()
    assert await room.said() == []


@pytest.mark.parametrize("decided", [True, False])
async def test_who_has_decided_is_not_reminded(store: Store, decided: bool) -> None:
    room = Room(store)
    await room.propose("one")
    await room.said()
    if decided:
        await store.write(
            Commit.FINISH, lambda connection: proposals.decide(connection, "id-one", "rejected", BOB, 1.0)
        )
    room.clock.time += REMIND + timedelta(minutes=1)
    await room.look()
    assert len(await room.said()) == (0 if decided else 1)
