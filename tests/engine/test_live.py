"""What a turn shows of itself while it works, and how its last words take the place of that."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.chat import Activity, Outgoing
from bot.domain.skill import Procedure, Step
from bot.engine.live import GOES_ON
from bot.errors import DeliverLater, MaybeDelivered, ModelRefused, ModelUnavailable, Undeliverable
from bot.ports import ModelReply, ModelRequest
from bot.store import deliveries
from bot.store.commits import Commit
from bot.store.store import Store
from tests.engine.desk import wishes, words
from tests.engine.made import ANA, BOB, GROUP, ROOM
from tests.engine.watched import WatchedDesk


@pytest.fixture
async def desk(store: Store, tmp_path: Path) -> WatchedDesk:
    return WatchedDesk(store, tmp_path)


async def test_a_quick_answer_shows_nothing(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.ends(running, words("Done."))
    assert (desk.chat.signs, desk.chat.shown, desk.chat.read) == (0, [], ["Done."])


async def test_the_sign_is_kept_up(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.until_shown()
    assert desk.chat.signs == 1
    await desk.clock.passes(2.4, asleep=1)
    await desk.clock.passes(4.0, asleep=1)
    await desk.ends(running, words("Done."))
    assert desk.chat.signs == 3
    assert desk.chat.shown == []


async def test_the_answer_grows_in_one_message_and_takes_its_place(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.until_shown()
    desk.says("Once")
    first = await desk.chat.next()
    assert (first.text, first.activities, first.conversation, first.person) == ("Once", (), ROOM, ANA)
    desk.says("Once upon")
    desk.says("Once upon a time")
    await desk.clock.passes(1.0, asleep=2)
    assert (await desk.chat.next()).text == "Once upon a time"
    await desk.ends(running, words("Once upon a time there was a bot."))
    assert [place for _, place in desk.chat.shown] == ["", "live1"]
    assert desk.chat.sent == []
    assert [(place, message.text) for place, message in desk.chat.edited] == [
        ("live1", "Once upon a time there was a bot.")
    ]


async def test_it_is_shown_no_faster_than_the_chat_allows(desk: WatchedDesk) -> None:
    desk.chat.seconds = 3.0
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    desk.says("2")
    await desk.clock.passes(2.4, asleep=2)  # the sign is due, and no more
    await desk.clock.passes(0.5, asleep=2)
    assert len(desk.chat.shown) == 1
    await desk.clock.passes(0.1, asleep=2)
    assert (await desk.chat.next()).text == "2"
    await desk.ends(running, words("3"))


async def test_where_nothing_is_shown_nobody_listens(desk: WatchedDesk) -> None:
    desk.chat.seconds = float("inf")
    desk.model.script = [wishes(("list_files", {}))]
    running = await desk.begin()
    assert desk.model.heard is None
    await desk.until_shown()
    await desk.clock.passes(1.0, asleep=1)  # the sign alone goes on
    await desk.ends(running, words("Done."))
    assert (desk.chat.shown, desk.chat.read) == ([], ["Done."])


async def test_tools_are_shown_as_they_go(desk: WatchedDesk) -> None:
    (desk.path / "workspace" / "a.txt").write_text("hello")
    halfway = asyncio.Event()
    desk.orders.faults = [halfway]
    desk.model.script = [
        wishes(("read_file", {"path": "a.txt"}), ("read_file", {"path": "b.txt"})),
        wishes(("get_order", {"id": "7"})),
    ]
    await desk.hear("work")
    running = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await halfway.wait()
    await desk.until_shown()
    shown = await desk.chat.next()
    assert shown.activities == (
        Activity("Reads a.txt", "done"),
        Activity("Reads b.txt", "failed"),
        Activity("Get order 7", "running"),
    )
    await desk.dies(running)


async def test_a_skill_shows_its_steps(desk: WatchedDesk) -> None:
    step = Step("order", "get_order", {"id": "${parameters.id}"})
    await desk.learn("order-city", Procedure((step,), {"id": {"type": "string"}}, ("id",)))
    halfway = asyncio.Event()
    desk.orders.faults = [halfway]
    desk.model.script = [wishes(("skill_order_city", {"id": "7"}))]
    await desk.hear("work")
    running = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await halfway.wait()
    await desk.until_shown()
    assert (await desk.chat.next()).activities == (
        Activity("Runs the skill order city 7", "running"),
        Activity("Get order 7", "running"),
    )
    await desk.dies(running)


async def test_what_the_person_adds_is_answered_behind_what_was_said(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.hear("and more")
    more = asyncio.get_running_loop().create_future()
    asked = asyncio.Event()

    async def answer(request: ModelRequest) -> ModelReply:
        asked.set()
        reply: ModelReply = await more
        return reply

    desk.model.script.append(answer)
    desk.reply.set_result(words("First."))
    await asked.wait()
    desk.says("Second")
    await desk.until_shown()
    assert (await desk.chat.next()).text == "First.\n\nSecond"
    more.set_result(words("Second."))
    await running
    await desk.work()
    assert desk.chat.read == ["First.\n\nSecond."]


async def test_what_a_chat_put_off_is_shown_though_nothing_new_came(desk: WatchedDesk) -> None:
    desk.chat.faults_shown = [DeliverLater("Slow down.")]
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    await desk.clock.passes(1.0, asleep=2)
    assert (await desk.chat.next()).text == "1"
    await desk.ends(running, words("2"))


async def test_a_chat_that_asks_to_wait_gets_the_newest_later(desk: WatchedDesk) -> None:
    desk.chat.faults_shown = [DeliverLater("Slow down.", 7.0)]
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    desk.says("2")
    await desk.clock.passes(2.4, asleep=2)
    await desk.clock.passes(4.0, asleep=2)
    assert desk.chat.shown == []
    await desk.clock.passes(0.6, asleep=2)
    assert (await desk.chat.next()).text == "2"
    await desk.ends(running, words("3"))
    assert desk.chat.read == ["3"]


@pytest.mark.parametrize("fault", [Undeliverable("Gone."), MaybeDelivered("Lost."), ZeroDivisionError("A bug.")])
async def test_what_cannot_be_shown_disturbs_nothing(desk: WatchedDesk, fault: Exception) -> None:
    desk.chat.faults_shown = [fault]
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    desk.says("2")
    with capture_logs() as logs:
        await desk.ends(running, words("Done."))
    assert (desk.chat.shown, desk.chat.read) == ([], ["Done."])
    assert ("live.broke" in [line["event"] for line in logs]) is isinstance(fault, ZeroDivisionError)


async def test_a_post_that_is_under_way_is_waited_for(desk: WatchedDesk) -> None:
    desk.chat.open.clear()
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    desk.reply.set_result(words("Done."))
    assert not (await asyncio.wait([running], timeout=0.2))[0]
    desk.chat.open.set()
    await running
    await desk.work()
    assert (desk.chat.sent, desk.chat.read) == ([], ["Done."])


async def test_it_does_not_overtake_what_waits_to_be_sent(desk: WatchedDesk) -> None:
    earlier = Outgoing(ROOM, "Earlier.")
    await desk.store.write(Commit.INTAKE, lambda connection: deliveries.deliver(connection, earlier, "earlier", 1.0))
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.clock.passes(1.0, asleep=2)
    assert desk.chat.shown == []
    await desk.lanes.drain(ROOM.out_lane)
    await desk.clock.passes(1.0, asleep=2)
    await desk.chat.next()
    await desk.ends(running, words("Done."))
    assert desk.chat.read == ["Earlier.", "Done."]


async def test_feedback_finds_the_turn_of_an_answer_in_a_live_message(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    await desk.ends(running, words("Done."))
    found = await desk.store.read(lambda connection: deliveries.answered(connection, ROOM.out_lane, "live1"))
    assert found == 1


async def test_an_answer_quotes_in_a_group_and_so_does_what_comes_before_it(desk: WatchedDesk) -> None:
    running = await desk.begin("work", GROUP)
    await desk.until_shown()
    desk.says("1")
    assert (await desk.chat.next()).reply_to == "1"
    await desk.ends(running, words("Done."))
    assert desk.chat.edited[0][1].reply_to == "1"


async def test_a_failure_takes_the_live_messages_place(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    desk.reply.set_exception(ModelRefused("Set OPENAI_API_KEY."))
    await running
    await desk.work()
    assert (desk.chat.sent, desk.chat.read) == ([], ["Set OPENAI_API_KEY."])


SHIP = Procedure((Step("shipped", "set_order", {"id": "7"}),))


async def test_a_question_takes_the_live_messages_place(desk: WatchedDesk) -> None:
    await desk.learn("ship-order", SHIP)
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    halfway = asyncio.Event()
    desk.orders.faults = [halfway]
    desk.reply.set_result(wishes(("skill_ship_order", {}), ("get_order", {"id": "1"})))
    await halfway.wait()
    await desk.clock.passes(1.0, asleep=0)
    await desk.lanes.drain(ROOM.out_lane)
    assert [place for place, _ in desk.chat.edited] == ["live1"]
    assert "Shall it?" in desk.chat.read[0]
    await desk.dies(running)
    again = asyncio.Event()
    desk.orders.faults = [again]
    running = asyncio.create_task(desk.lanes.drain(ROOM.lane))
    await again.wait()
    await desk.clock.passes(60.0, asleep=0)  # who has a question to answer needs no sign
    await desk.dies(running)
    await desk.work()
    assert (len(desk.chat.read), len(desk.chat.shown)) == (1, 1)


async def test_of_two_questions_the_second_is_a_message_of_its_own(desk: WatchedDesk) -> None:
    await desk.learn("ship-order", SHIP)
    await desk.learn("send-order", SHIP)
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    await desk.ends(running, wishes(("skill_ship_order", {}), ("skill_send_order", {})))
    assert ["Shall it?" in text for text in desk.chat.read] == [True, True]
    assert len(desk.chat.sent) == 1


async def test_stop_makes_the_live_message_say_so(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    await desk.chat.next()
    await desk.hear("/stop")
    await desk.lanes.drain(f"aside:{ROOM.key}")
    await running
    await desk.work()
    assert desk.chat.read == ["Stopped. What was done until now stays done.", "Stopped."]
    assert desk.chat.edited[0][0] == "live1"


async def test_the_stop_button_stops_its_turn_and_no_other(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.hear("the next one", BOB)
    await desk.until_shown()
    desk.says("1")
    stop = (await desk.chat.next()).stop
    assert stop.label == "Stop"
    desk.model.script.append(words("The next."))
    assert await desk.clicks(stop) == "Stopped."
    await running
    await desk.work()
    assert desk.chat.read == ["The next.", "Stopped."]
    assert await desk.clicks(stop) == "This piece of work has come to its end already."


async def test_what_waits_to_be_tried_again_stops_at_once(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.until_shown()
    desk.says("1")
    stop = (await desk.chat.next()).stop
    desk.reply.set_exception(ModelUnavailable("Busy.", 300.0))
    assert await running is not None
    assert await desk.clicks(stop) == "Stopped."
    await desk.work()
    assert (desk.chat.sent, desk.chat.read) == ([], ["Stopped."])


async def test_a_new_process_goes_on_in_the_same_message(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.until_shown()
    desk.says("Once")
    await desk.chat.next()
    await desk.dies(running)
    running = await desk.goes_on()
    await desk.until_shown()
    desk.says("Once more")
    assert (await desk.chat.next()).text == "Once more"
    await desk.ends(running, words("Done."))
    assert [place for _, place in desk.chat.shown] == ["", "live1"]
    assert (desk.chat.sent, desk.chat.read) == ([], ["Done."])


async def test_a_new_process_that_answers_at_once_takes_the_message(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.until_shown()
    desk.says("Once")
    await desk.chat.next()
    await desk.dies(running)
    running = await desk.goes_on()
    await desk.ends(running, words("Done."))
    assert (desk.chat.sent, desk.chat.read) == ([], ["Done."])


async def test_who_has_waited_long_is_told_once_of_an_interruption(desk: WatchedDesk) -> None:
    running = await desk.begin()
    for _ in range(2):
        await desk.dies(running)
        desk.clock.time += timedelta(minutes=2)
        running = await desk.goes_on()
        await desk.until_shown()
        await desk.lanes.drain(ROOM.out_lane)
    await desk.ends(running, words("Done."))
    assert desk.chat.read == [GOES_ON, "Done."]


async def test_the_live_message_tells_of_an_interruption_where_it_was(desk: WatchedDesk) -> None:
    lists = Activity("Looks through the files", "done")
    desk.model.script = [wishes(("list_files", {}))]
    running = await desk.begin()
    await desk.until_shown()
    assert (await desk.chat.next()).activities == (lists,)
    for told in ((Activity(GOES_ON, "done"),), ()):
        await desk.dies(running)
        desk.clock.time += timedelta(minutes=2)
        running = await desk.goes_on()
        await desk.until_shown()
        desk.says("Once")
        assert (await desk.chat.next()).activities == (lists, *told)
    await desk.ends(running, words("Done."))
    assert desk.chat.read == ["Done."]


async def test_nobody_is_told_of_what_took_no_time(desk: WatchedDesk) -> None:
    running = await desk.begin()
    await desk.dies(running)
    running = await desk.goes_on()
    await desk.until_shown()
    desk.reply.set_result(words("Done at once."))
    await running
    await desk.work()
    assert desk.chat.read == ["Done at once."]


async def test_nobody_is_told_of_another_try(desk: WatchedDesk) -> None:
    running = await desk.begin()
    desk.reply.set_exception(ModelUnavailable("Busy.", 300.0))
    await running
    desk.reply = asyncio.get_running_loop().create_future()
    desk.clock.time += timedelta(minutes=10)
    running = await desk.goes_on()
    await desk.until_shown()
    await desk.ends(running, words("Done."))
    assert desk.chat.read == ["Done."]
