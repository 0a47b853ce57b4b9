"""What people want done or said later: made with a tool, told or done when its time has come, once."""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.apprentice_toml import Verifier
from bot.domain.chat import Person
from bot.domain.json import JSON
from bot.domain.skill import Procedure, Step
from bot.errors import DeliverLater, ModelRefused
from bot.learning import collect
from bot.learning.outcomes.record import record
from bot.learning.outcomes.verifiers import matches
from bot.ports import ModelReply, ModelRequest
from bot.store import chats, evidence, reminders, tasks
from bot.store.commits import Commit
from bot.store.reminders import Reminder
from bot.store.store import Connection, Store
from bot.tools import reminders as tools
from tests.engine.desk import Asked, Desk, endless, wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM

ORDER = Procedure((Step("order", "get_order", {"id": "${parameters.id}"}),), {"id": {"type": "string"}}, ("id",))
WEEKDAYS = {"what": "post the open orders", "every": "0 9 * * 1-5", "zone": "Europe/Berlin", "work": True}
CALL_BOB = {"what": "call Bob", "when": "2026-11-23T08:00", "zone": "Europe/Berlin"}
DAY = timedelta(days=1)

REFUSED = (
    ({"what": "x"}, "just one of when"),
    ({"what": "x", "when": "2026-11-23T08:00", "in_minutes": 5}, "just one of when"),
    ({"what": "x", "when": "tomorrow at 8"}, "is no date and time"),
    ({"what": "x", "when": "2026-11-24"}, "is no date and time"),
    ({"what": "x", "when": "0001-01-01T00:00"}, "is no date and time"),
    ({"what": "x", "when": "9999-12-31T23:59"}, "is no date and time"),
    ({"what": "x", "when": "2026-11-22T11:59"}, "passed: it is Sunday, 2026-11-22 at 12:00 \\(UTC\\) now"),
    ({"what": "x", "when": "2040-01-01T08:00"}, "five years"),
    ({"what": "x", "in_minutes": 10**9}, "five years"),
    ({"what": "x", "in_minutes": -5}, "in_minutes"),
    ({"what": "x", "every": "* * * * *"}, "too often"),
    ({"what": " ", "in_minutes": 5}, "what"),
    ({"what": "x" * 2001, "in_minutes": 5}, "what"),
    ({"what": "x", "in_minutes": 5, "zone": "Bern"}, "no time zone 'Bern'"),
    ({"what": "log in with sesame-123", "in_minutes": 5}, "holds a secret"),
    ({"what": "x", "in_minutes": 5, "skill": "nothing"}, "no skill named nothing"),
)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


async def scheduled(desk: Desk, *calls: JSON, where: JSON = ROOM, person: Person = ANA) -> list[str]:
    """A person asks and the model calls the tool; what is said then."""
    desk.model.script = [wishes(*(("schedule", call) for call in calls)), words("Done.")]
    return await desk.say("please", person, where)


async def at(desk: Desk, time: str, *script: ModelReply | Exception | Asked) -> list[str]:
    """It is that time in UTC; what is said then."""
    desk.clock.time = datetime.fromisoformat(time).replace(tzinfo=UTC)
    before, desk.model.script = len(desk.chat.sent), list(script)
    await desk.reminding.submit()
    await desk.work()
    return [message.text for message in desk.chat.sent[before:]]


async def coming(desk: Desk, where: JSON = ROOM) -> Sequence[Reminder]:
    return await desk.store.read(lambda connection: reminders.of_chat(connection, where.scope))


async def test_a_reminder_is_confirmed_in_words_and_said_without_a_model(desk: Desk) -> None:
    card, answer = await scheduled(desk, CALL_BOB)
    assert card == "**1.** call Bob: I say it on Monday, 2026-11-23 at 08:00 (Europe/Berlin)."
    assert answer == "Done."
    assert [button.label for row in desk.chat.sent[0].buttons for button in row] == ["Cancel"]
    assert await at(desk, "2026-11-23T06:59:59") == []
    assert await at(desk, "2026-11-23T07:00:03") == ["call Bob"]
    assert desk.last.mention is None
    assert await at(desk, "2026-11-23T07:00:10") == []
    assert await coming(desk) == []

    # It is no work that is judged or mined; but the model finds it when the person answers.
    desk.model.script = [words("Tomorrow again, then.")]
    await desk.say("not now")
    [*_, mark, said, answered] = [message["content"] for message in desk.model.requests[-1].messages]
    assert mark.endswith("\ncall Bob")
    assert "Nobody has written it just now" in mark
    assert (said, answered) == ("call Bob", "not now")
    task = await desk.store.read(lambda connection: tasks.open_task(connection, ROOM.key))
    assert task is not None
    assert len(await desk.store.read(lambda connection: tasks.turns_of(connection, task.id))) == 1


async def test_in_a_group_the_person_is_called(desk: Desk) -> None:
    await scheduled(desk, {"what": "call Bob", "in_minutes": 20}, where=GROUP, person=BOB)
    assert await at(desk, "2026-11-22T12:20:00") == ["call Bob"]
    assert (desk.last.mention, desk.last.conversation) == (BOB, GROUP)


async def test_work_is_done_in_the_name_of_who_made_it(desk: Desk) -> None:
    card, _ = await scheduled(desk, WEEKDAYS, where=GROUP, person=BOB)
    assert card == (
        "**1.** post the open orders: I do it next on Monday, 2026-11-23 at 09:00 (Europe/Berlin), "
        "then on Tuesday, 2026-11-24 at 09:00 (Europe/Berlin) (`0 9 * * 1-5`)."
    )
    said = await at(desk, "2026-11-23T08:00:01", wishes(("get_order", {"id": "7"})), words("One is open."))
    assert said == ["_Scheduled (number 1): post the open orders_\n\nOne is open."]
    assert desk.last.conversation == GROUP
    asked = [message for message in desk.model.requests[-1].messages if message["role"] == "user"][-1]
    assert asked["content"].startswith('<schedule number="1" by="Bob" note="The time for this has come.')
    assert asked["content"].endswith("/>\npost the open orders")
    assert await at(desk, "2026-11-23T08:00:06") == []
    assert await at(desk, "2026-11-24T08:00:01", words("None is open.")) != []
    assert [each.due for each in await coming(desk, GROUP)] == [datetime(2026, 11, 25, 8, tzinfo=UTC).timestamp()]


async def test_words_that_nobody_sees_are_not_put_down(desk: Desk) -> None:
    await scheduled(desk, {"what": "water\u202e the\nplants\U000e0041\U000e0042", "in_minutes": 5, "work": True})
    assert [each.what for each in await coming(desk)] == ["water the\nplants"]


async def test_work_that_was_scheduled_is_a_task_by_itself(desk: Desk) -> None:
    """What people are at goes on, and what they say next is not said of it, unless it is."""
    await scheduled(desk, {"what": "post the open orders", "in_minutes": 5, "work": True})
    theirs = await desk.store.read(lambda connection: tasks.open_task(connection, ROOM.key))
    await at(desk, "2026-11-22T12:05:00", words("None."))
    desk.model.script = [words("Gladly.")]
    await desk.say("and the milk?")
    still = await desk.store.read(lambda connection: tasks.open_task(connection, ROOM.key))
    assert theirs is not None
    assert still is not None
    assert still.id == theirs.id
    [own] = await desk.store.read(lambda connection: tasks.closed_tasks(connection, ROOM.scope, 9))
    assert (own.person, own.outcome.status) == (ANA.id, "unknown")
    found = await desk.store.read(lambda connection: record(connection, own))
    assert (found.scheduled, found.said) == ("post the open orders", [])
    assert matches(Verifier(name="orders", words=("open orders",), command=("true",)), found)
    assert await desk.store.read(lambda connection: evidence.of_task(connection, own.id)) == []


async def test_however_often_it_runs_a_schedule_is_one_task_that_shows_a_procedure(desk: Desk) -> None:
    await scheduled(desk, WEEKDAYS)
    await desk.say("/done")
    for day in ("23", "24", "25"):
        await at(desk, f"2026-11-{day}T08:00:01", wishes(("get_order", {"id": "7"})), words("None."))
    traces = await desk.store.read(lambda connection: collect.traces(connection, ROOM.scope, (), known(connection)))
    assert [trace.task for trace in traces] == [traces[0].id, *[traces[1].id] * 3]
    assert len({trace.id for trace in traces}) == 4


def known(connection: Connection) -> Collection[str]:
    return collect.marks(connection, ROOM.scope, ()).keys()


async def test_what_was_missed_once_is_said_late(desk: Desk) -> None:
    await scheduled(desk, CALL_BOB)
    desk.open()
    assert await at(desk, "2026-11-23T10:02:00") == ["call Bob\n\n_Late by 3 hours: I was away._"]
    await scheduled(desk, {**CALL_BOB, "when": "2026-11-24T08:00"})
    assert await at(desk, "2026-11-29T08:00:00") == ["call Bob\n\n_Late by 5 days: I was away._"]


async def test_of_what_repeats_only_the_last_that_was_missed_is_made_up_for(desk: Desk) -> None:
    await scheduled(desk, {"what": "drink", "every": "*/30 * * * *"})
    assert await at(desk, "2027-11-23T10:02:00") == ["drink"]
    assert await at(desk, "2027-11-23T10:29:59") == []
    assert await at(desk, "2027-11-23T10:30:00") == ["drink"]
    await scheduled(desk, {"what": "post the week", "every": "0 9 * * 1", "work": True})
    [_, week] = await coming(desk)
    assert week.due == datetime(2027, 11, 29, 9, tzinfo=UTC).timestamp()
    # Two weeks later, on a Wednesday: too late for it, and drinking comes once.
    assert await at(desk, "2027-12-08T10:02:00") == ["drink"]
    assert [each.due for each in await coming(desk)][1] == datetime(2027, 12, 13, 9, tzinfo=UTC).timestamp()


async def test_work_that_is_too_late_is_told_and_waits_for_a_word(desk: Desk) -> None:
    await scheduled(desk, {**CALL_BOB, "work": True})
    missed = "I was away on Monday, 2026-11-23 at 08:00 (Europe/Berlin), so this was not done: call Bob"
    assert await at(desk, "2026-11-26T10:00:00") == [missed]
    desk.model.script = [words("Bob is called.")]
    assert await desk.press("Go on") == "It goes on."
    assert await at(desk, "2026-11-26T10:00:05", words("Bob is called.")) == [
        "_Scheduled (number 1): call Bob_\n\nBob is called."
    ]
    assert await coming(desk) == []


async def test_a_clock_that_jumps_makes_nothing_come_twice(desk: Desk) -> None:
    await scheduled(desk, {"what": "drink", "every": "0 * * * *"}, {"what": "eat", "in_minutes": 60})
    assert sorted(await at(desk, "2026-11-22T13:00:00")) == ["drink", "eat"]
    assert await at(desk, "2026-11-22T12:30:00") == []
    assert await at(desk, "2026-11-22T13:00:01") == []
    assert await at(desk, "2026-11-22T14:00:00") == ["drink"]


async def test_a_clock_that_was_years_ahead_is_not_waited_for(desk: Desk) -> None:
    await scheduled(desk, {"what": "drink", "every": "0 * * * *"})
    assert await at(desk, "2031-11-22T13:00:00") == ["drink"]
    assert await at(desk, "2026-11-22T13:00:00") == []
    await desk.reminding.mend()
    await desk.reminding.mend()
    assert await at(desk, "2026-11-22T14:00:00") == ["drink"]
    assert await at(desk, "2026-11-22T15:00:00") == ["drink"]


async def test_a_kill_between_the_tick_and_the_word_loses_and_doubles_nothing(desk: Desk) -> None:
    await scheduled(desk, CALL_BOB, {**CALL_BOB, "work": True, "what": "ring Eva"})
    desk.clock.time = datetime(2026, 11, 23, 7, tzinfo=UTC)
    await desk.reminding.submit()
    await asyncio.gather(desk.reminding.submit(), desk.reminding.submit())
    begun = asyncio.Event()
    desk.model.script = [endless(begun)]
    await desk.killed(begun)
    said = await at(desk, "2026-11-23T07:00:20", words("Eva is called."))
    assert sorted(message.text for message in desk.chat.sent if "call" in message.text)[-2:] == [
        "_Scheduled (number 2): ring Eva_\n\nEva is called.",
        "call Bob",
    ]
    assert len(said) >= 1
    assert await coming(desk) == []


async def test_a_skill_goes_first_and_its_end_is_said(desk: Desk) -> None:
    await desk.learn("look-up", ORDER)
    call = {**WEEKDAYS, "skill": "look-up", "parameters": {"id": "7"}, "work": False}
    card, _ = await scheduled(desk, call)
    assert card.endswith("It begins with the skill **look-up**.")
    asked = len(desk.model.requests)
    [said] = await at(desk, "2026-11-23T08:00:00", words("Rome."))
    assert said.endswith("Rome.")
    assert desk.orders.made("get_order") == [{"id": "7"}]
    assert len(desk.model.requests) == asked + 1

    for file in (desk.path / "skills" / "look-up").iterdir():
        file.unlink()
    (desk.path / "skills" / "look-up").rmdir()
    desk.open()
    [said] = await at(desk, "2026-11-24T08:00:00", words("I looked by hand."))
    assert "_The skill look-up is not here any more, so I did without._" in said


async def test_what_cannot_be_scheduled_goes_back_to_the_model(desk: Desk) -> None:
    for call, why in REFUSED:
        assert await scheduled(desk, call) == ["Done."]
        assert re.search(why, desk.model.requests[-1].messages[-1]["content"])
    assert await coming(desk) == []


async def test_a_time_that_the_clocks_skip_or_show_twice_is_said(desk: Desk) -> None:
    skipped, _ = await scheduled(desk, {**CALL_BOB, "when": "2027-03-28T02:30"})
    assert "Sunday, 2027-03-28 at 03:00 (Europe/Berlin)" in skipped
    assert skipped.endswith("\nClocks skip 02:30 on that day, so it is when they go on.")
    twice, _ = await scheduled(desk, {**CALL_BOB, "when": "2027-10-31T02:30"})
    assert twice.endswith("\nClocks show 02:30 twice on that day: it is the first of them.")
    assert [each.due for each in await coming(desk)] == [
        datetime(2027, 3, 28, 1, tzinfo=UTC).timestamp(),
        datetime(2027, 10, 31, 0, 30, tzinfo=UTC).timestamp(),
    ]


async def test_whose_zone_it_is(desk: Desk) -> None:
    """The one that is named, else the platform's, else the one named here before, else the house's."""
    call = {"what": "wake up", "when": "2026-12-01T08:00"}
    assert "(UTC)" in (await scheduled(desk, call))[0]
    assert "(Asia/Tokyo)" in (await scheduled(desk, {**call, "zone": "Asia/Tokyo"}))[0]
    assert "(Asia/Tokyo)" in (await scheduled(desk, {**call, "what": "get up"}))[0]
    assert "(UTC)" in (await scheduled(desk, call, where=GROUP))[0]
    told = replace(BOB, zone="Europe/Lisbon")
    assert "(Europe/Lisbon)" in (await scheduled(desk, {**call, "what": "rise"}, person=told))[0]


async def test_the_list_and_who_may_cancel(desk: Desk) -> None:
    for number in range(10):
        await scheduled(desk, {"what": f"thing {number}", "in_minutes": 10 + number}, where=GROUP, person=BOB)
    await scheduled(desk, CALL_BOB)
    [listed] = await desk.say("/reminders", ANA, GROUP)
    assert listed.startswith("**1.** thing 0: I say it on Sunday, 2026-11-22 at 12:10 (UTC).")
    assert "call Bob" not in listed
    labels = [button.label for row in desk.last.buttons for button in row]
    assert labels == [*(f"Cancel {number}" for number in range(1, 9)), "More"]

    assert await desk.press("Cancel 3", ANA) == "Only who made it, or a reviewer, can decide this."
    desk.chat.admins = (ANA.id,)
    assert await desk.press("Cancel 3", ANA) == "Cancelled."
    assert "thing 2" not in desk.chat.edited[-1][1].text
    assert "thing 8" in desk.chat.edited[-1][1].text
    assert await desk.press("Cancel 3", BOB) == "That is over already."
    assert await desk.press("More", BOB) == "Page 2"
    assert desk.chat.edited[-1][1].text.startswith("**10.** thing 9")
    assert [button.label for row in desk.chat.edited[-1][1].buttons for button in row] == ["Cancel 10", "Back"]
    assert len(await at(desk, "2026-11-22T12:30:00")) == 9

    # Elsewhere, by the card, and through the model.
    assert (await desk.say("/reminders", ANA, ROOM))[0].startswith("**11.** call Bob")
    desk.model.script = [wishes(("cancel_schedule", {"number": 11})), words("No.")]
    await desk.say("cancel it", BOB)
    assert "Only who made it" in desk.model.requests[-1].messages[-1]["content"]
    desk.model.script = [wishes(("list_schedules", {})), wishes(("cancel_schedule", {"number": 11})), words("Yes.")]
    await desk.say("cancel it", ANA)
    assert desk.model.requests[-1].messages[-1]["content"] == "Number 11 is cancelled."
    assert '"next":"Monday, 2026-11-23 at 08:00 (Europe/Berlin)"' in str(desk.model.requests[-1].messages)
    assert await desk.say("/reminders") == ["Nothing is scheduled here."]


async def test_the_card_cancels(desk: Desk) -> None:
    await scheduled(desk, CALL_BOB)
    assert await desk.press("Cancel", message=0) == "Cancelled."
    assert desk.chat.edited[-1][1] == replace(desk.chat.sent[0], text="Ana cancelled this: call Bob", buttons=())
    assert await at(desk, "2026-11-23T08:00:00") == []


async def test_there_is_room_for_so_many_and_not_for_one_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "MOST", 3)
    await scheduled(desk, WEEKDAYS)
    await scheduled(desk, WEEKDAYS)
    assert "already, as number 1" in desk.model.requests[-1].messages[-1]["content"]
    for number in range(3):
        await scheduled(desk, {"what": f"thing {number}", "in_minutes": 10})
    assert "which is the most" in desk.model.requests[-1].messages[-1]["content"]
    assert len(await coming(desk)) == 3
    await scheduled(desk, WEEKDAYS, where=GROUP)
    assert len(await coming(desk, GROUP)) == 1


async def test_who_is_not_allowed_any_more_is_told_once(desk: Desk) -> None:
    await scheduled(desk, WEEKDAYS)
    desk.open_to = BOB
    assert await at(desk, "2026-11-23T08:00:00") == [
        "Ana may not talk to me here any more, so this rests: post the open orders"
    ]
    assert await at(desk, "2026-11-24T08:00:00") == []
    assert (await desk.say("/reminders"))[0] == "**1.** post the open orders: it rests."
    desk.open_to = None
    assert await desk.press("Go on 1") == "It goes on."
    assert await at(desk, "2026-11-25T08:00:00", words("None.")) != []


async def test_who_has_left_the_chat_is_told_of_once(desk: Desk) -> None:
    await scheduled(desk, WEEKDAYS, {"what": "drink", "every": "0 9 * * *"}, where=GROUP, person=BOB)
    desk.chat.left.append(BOB)
    desk.chat.faults.append(DeliverLater("Nobody tells."))
    assert await at(desk, "2026-11-23T09:00:00") == ["Bob is not in this chat any more, so this rests: drink"]
    assert await at(desk, "2026-11-23T09:00:01") == [
        "Bob is not in this chat any more, so this rests: post the open orders"
    ]
    assert await at(desk, "2026-11-24T09:00:00") == []


async def test_what_fails_three_times_in_a_row_rests(desk: Desk) -> None:
    await scheduled(desk, WEEKDAYS)
    broken = ModelRefused("The key is wrong.")
    for day in ("23", "24"):
        assert await at(desk, f"2026-11-{day}T08:00:00", broken) == ["The key is wrong."]
    await at(desk, "2026-11-25T08:00:00", words("None."))
    for day in ("26", "27"):
        assert await at(desk, f"2026-11-{day}T08:00:00", broken) == ["The key is wrong."]
    assert await at(desk, "2026-11-30T08:00:00", broken) == [
        "The key is wrong.",
        "This failed 3 times in a row, so it rests: post the open orders",
    ]
    assert await at(desk, "2026-12-01T08:00:00") == []


async def test_work_that_takes_long_is_not_late(desk: Desk) -> None:
    async def slow(request: ModelRequest) -> ModelReply:
        assert await coming(desk) == []
        desk.clock.time += timedelta(minutes=9)
        return words("One is open.")

    await scheduled(desk, CALL_BOB | {"work": True})
    assert await at(desk, "2026-11-23T07:00:00", slow) == ["_Scheduled (number 1): call Bob_\n\nOne is open."]


async def test_stop_ends_a_run_and_not_the_schedule(desk: Desk) -> None:
    await scheduled(desk, WEEKDAYS)
    begun = asyncio.Event()
    desk.clock.time = datetime(2026, 11, 23, 8, tzinfo=UTC)
    desk.model.script = [endless(begun)]
    await desk.reminding.submit()
    await desk.lanes.drain("reminder:1")
    working = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await begun.wait()
    await desk.hear("/stop")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await working
    await desk.work()
    assert desk.last.text.startswith("Stopped.")
    assert await at(desk, "2026-11-24T08:00:00", words("None.")) != []


async def test_a_message_meanwhile_waits_for_its_own_answer(desk: Desk) -> None:
    await scheduled(desk, WEEKDAYS)
    desk.clock.time = datetime(2026, 11, 23, 8, tzinfo=UTC)
    await desk.reminding.submit()
    await desk.lanes.drain("reminder:1")
    await desk.hear("and the milk?")
    desk.model.script = [wishes(("get_order", {"id": "7"})), words("None."), words("Milk is there.")]
    await desk.work()
    assert [message.text for message in desk.chat.sent[-2:]] == [
        "_Scheduled (number 1): post the open orders_\n\nNone.",
        "Milk is there.",
    ]


async def test_in_a_chat_that_the_bot_left_it_rests_until_the_bot_is_back(desk: Desk) -> None:
    await scheduled(desk, CALL_BOB, WEEKDAYS, where=GROUP)
    await desk.store.write(Commit.STOP, lambda connection: chats.leave(connection, GROUP, 1.0))
    assert await at(desk, "2026-11-23T08:30:00") == []
    await desk.store.write(Commit.STOP, lambda connection: chats.come_back(connection, GROUP, 0.0))
    assert sorted(await at(desk, "2026-11-23T11:00:00", words("None.")), reverse=True) == [
        "call Bob\n\n_Late by 4 hours: I was away._",
        "_Scheduled (number 2): post the open orders_\n_Late by 3 hours: I was away._\n\nNone.",
    ]


async def test_forget_takes_what_is_scheduled_with_it(desk: Desk) -> None:
    await scheduled(desk, CALL_BOB)
    await scheduled(desk, WEEKDAYS, where=GROUP)
    [card] = await desk.say("/forget")
    assert "Scheduled here, and cancelled with it: 1" in card
    await desk.press("Delete")
    assert await coming(desk) == []
    assert await at(desk, "2026-11-23T07:00:00") == []
    assert len(await coming(desk, GROUP)) == 1
