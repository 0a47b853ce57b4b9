"""A post whose answer was lost is found by its mark."""

from dataclasses import replace

import pytest

from adapters.slack import marks
from bot.domain.chat import Outgoing
from bot.errors import DeliverLater, MaybeDelivered
from tests.adapters.slack_harness import SlackHarness
from tests.emulators.slack_faults import dropped, flood, garbled, lost_answer, refused, server_error
from tests.emulators.telegram_faults import Fault

LONG = "\n\n".join(f"{number}. " + "word " * 400 for number in range(20))


@pytest.mark.parametrize("threaded", [False, True])
async def test_each_part_is_found_where_it_stands(harness: SlackHarness, threaded: bool) -> None:
    root = harness.ann.say(harness.ann.direct, "Tell me.")
    place = replace(harness.conversation, thread=root.ts if threaded else "")
    message = Outgoing(place, LONG, key="one")
    last = harness.adapter.parts(message) - 1
    ids = [await harness.adapter.send(message, part) for part in (0, last)]
    assert last > 1
    assert [await harness.adapter.posted(message, part) for part in (0, last)] == ids
    assert await harness.adapter.posted(message, 1) is None
    assert await harness.adapter.posted(replace(message, key="other"), 0) is None


async def test_a_thread_is_searched_to_its_end(harness: SlackHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "PAGE", 2)
    root = harness.ann.say(harness.ann.direct, "Tell me.")
    for number in range(5):
        harness.ann.say(harness.ann.direct, f"{number}", root)
    message = Outgoing(replace(harness.conversation, thread=root.ts), "Told.", key="one")
    assert await harness.adapter.send(message, 0) == await harness.adapter.posted(message, 0)


async def test_a_lost_answer_is_found(harness: SlackHarness) -> None:
    message = Outgoing(harness.conversation, "Told.", key="one")
    harness.slack.fault("chat.postMessage", lost_answer())
    with pytest.raises(MaybeDelivered):
        await harness.adapter.send(message, 0)
    assert await harness.adapter.posted(message, 0) == harness.posted[0].ts


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (flood(7), DeliverLater),
        (server_error(), DeliverLater),
        (refused("internal_error"), DeliverLater),
        (refused("missing_scope"), DeliverLater),
        (dropped(), DeliverLater),
        (lost_answer(), DeliverLater),
        (garbled(), DeliverLater),
        (refused("channel_not_found"), MaybeDelivered),
    ],
)
async def test_slack_may_not_tell(harness: SlackHarness, fault: Fault, error: type[Exception]) -> None:
    harness.slack.fault("conversations.history", fault, times=2)  # aiohttp itself asks again once, as one may a GET
    with pytest.raises(error) as raised:
        await harness.adapter.posted(Outgoing(harness.conversation, "Told.", key="one"), 0)
    if isinstance(raised.value, DeliverLater):
        assert raised.value.after == (7 if fault == flood(7) else None)
