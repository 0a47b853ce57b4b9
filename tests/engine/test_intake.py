"""An event becomes a turn once, in the lane where it belongs."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.chat import (
    Attachment,
    ButtonClicked,
    ChatMoved,
    Conversation,
    Event,
    MembershipChanged,
    MessageReceived,
    Person,
    Reacted,
)
from bot.engine.commands import COMMANDS
from bot.engine.intake import Intake
from bot.store import buttons, conversations, turns
from bot.store.buttons import Meaning
from bot.store.commits import Commit
from bot.store.deliveries import event, event_payload
from bot.store.store import Store
from tests.engine.desk import Desk, words
from tests.engine.made import ANA, GROUP, ROOM, HandClock, said

LANES = dict.fromkeys(COMMANDS, f"aside:{ROOM.key}") | dict.fromkeys(("done", "new", "start"), ROOM.lane)


async def lanes(store: Store) -> list[str]:
    return sorted(await store.read(lambda connection: turns.due_lanes(connection, 9e9)))


@pytest.mark.parametrize(("command", "lane"), LANES.items())
async def test_what_asks_or_stops_does_not_queue_behind_work(store: Store, command: str, lane: str) -> None:
    await Intake(store, HandClock()).accept(said(f"/{command}"))
    assert await lanes(store) == [lane]


async def test_an_event_that_comes_again_is_one(store: Store) -> None:
    intake = Intake(store, HandClock())
    await asyncio.gather(*(intake.accept(said("hello")) for _ in range(5)))
    await intake.accept(said("hello, edited"))
    assert await store.read(lambda connection: turns.busy(connection, ROOM.lane)) == 1


async def test_each_conversation_has_its_lane_and_is_remembered(store: Store) -> None:
    intake = Intake(store, HandClock())
    thread = Conversation("telegram", "-100", "5", direct=False)
    for number, conversation in enumerate((ROOM, GROUP, thread)):
        await intake.accept(said("hello", number, conversation))
    assert await lanes(store) == sorted([ROOM.lane, GROUP.lane, thread.lane])
    found = await store.read(lambda connection: conversations.find(connection, thread.key))
    assert (found, found.direct) == (thread, False)


async def test_what_people_say_to_each_other_counts_where_the_bot_takes_part(store: Store) -> None:
    intake = Intake(store, HandClock())
    thread = Conversation("slack", "T1/C9", "1.5", direct=False)
    aside = replace(said("aside", 1, thread), addressed=False)
    await intake.accept(aside)
    assert await lanes(store) == []
    await intake.accept(said("you there?", 2, thread))
    await intake.accept(replace(aside, key="3"))
    assert await store.read(lambda connection: turns.busy(connection, thread.lane)) == 2
    await intake.accept(replace(aside, key="4", conversation=replace(thread, thread="2.5")))
    assert await lanes(store) == [thread.lane]


async def test_what_was_said_behind_the_word_that_began_a_thread_counts_also_if_it_comes_before(store: Store) -> None:
    intake = Intake(store, HandClock())
    thread = Conversation("slack", "T1/C9", "2", direct=False)
    asides = [replace(said(f"and {number}", number, thread), addressed=False) for number in (3, 4)]
    for aside in asides:
        await intake.accept(aside)
    await intake.accept(replace(asides[0], key="other", conversation=replace(thread, thread="9")))
    await intake.accept(said("do it", 2, thread))
    claimed = await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, thread.lane, 1e10))
    assert isinstance(claimed, turns.Turn)
    behind = await store.read(lambda connection: turns.behind(connection, claimed, 9))
    assert [claimed.payload["text"], *(one.payload["text"] for one in behind)] == ["do it", "and 3", "and 4"]
    assert await lanes(store) == [thread.lane]


async def test_a_click_runs_in_the_lane_of_what_it_decides_on(store: Store) -> None:
    made = await store.write(
        Commit.SUBMIT, lambda connection: buttons.make(connection, "Yes", Meaning("proposal", "p1", "approve"))
    )
    click = ButtonClicked("c1", ROOM, ANA, made.id, "m1", "t", HandClock().now())
    intake = Intake(store, HandClock())
    await intake.accept(click)
    await intake.accept(replace(click, key="c2", button="forged\ud800"))
    assert await lanes(store) == sorted(["card:p1", f"card:{ROOM.key}"])


async def test_a_click_on_a_button_that_nobody_knows_is_answered(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, tmp_path)
    await desk.intake.accept(ButtonClicked("c1", ROOM, ANA, "forged", "m1", "t", desk.clock.now()))
    await desk.work()
    assert desk.chat.answers == ["This button is from another time: I do not know it any more."]


async def test_texts_that_nobody_can_write_are_mended_at_the_door(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, tmp_path, words("Hello."))
    odd = Person("telegram:7", "A\ud800na\0")
    await desk.hear("he\ud800llo\0", odd)
    turn = await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, ROOM.lane, 9e9))
    assert isinstance(turn, turns.Turn)
    heard = event(turn.payload)
    assert (heard.person.name, turn.payload["text"]) == ("A?na", "he?llo")
    await desk.work()
    assert desk.last.text == "Hello."


async def test_files_without_a_word_are_a_message(store: Store) -> None:
    files = (Attachment("f1", "a\ud800\0.csv", "text/csv\0", 7),)
    await Intake(store, HandClock()).accept(replace(said(""), attachments=files))
    turn = await store.write(Commit.CLAIM, lambda connection: turns.claim(connection, ROOM.lane, 9e9))
    assert isinstance(turn, turns.Turn)
    assert event(turn.payload) == replace(said(""), attachments=(Attachment("f1", "a?.csv", "text/csv", 7),))


async def test_the_language_that_was_told_last_is_kept(store: Store) -> None:
    intake = Intake(store, HandClock())
    told = []
    for number, language in enumerate(("", "de", "", "en-GB")):
        await intake.accept(said("hello", number, replace(ROOM, language=language)))
        found = await store.read(lambda connection: conversations.find(connection, ROOM.key))
        latest = await store.read(lambda connection: conversations.latest(connection, ROOM.scope))
        assert latest is not None
        assert found.language == latest.language
        told.append(found.language)
    assert told == ["", "de", "de", "en-GB"]


@pytest.mark.parametrize(
    "other",
    [
        Reacted("r1", GROUP, ANA, "m1", (), HandClock().now()),
        MembershipChanged("m1", GROUP, ANA, member=True, at=HandClock().now()),
    ],
)
async def test_who_does_not_speak_begins_no_conversation(store: Store, other: Event) -> None:
    await Intake(store, HandClock()).accept(other)
    assert len(await lanes(store)) == 1
    assert not await store.read(lambda connection: conversations.known(connection, GROUP.key))


@given(st.from_type(MessageReceived | ButtonClicked | Reacted | MembershipChanged | ChatMoved))
def test_an_event_is_read_back_as_what_it_was(happened: Event) -> None:
    assert event(json.loads(json.dumps(event_payload(happened)))) == happened
