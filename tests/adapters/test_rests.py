"""Where a platform asks to wait, what may be left out is left out for so long."""

from dataclasses import replace

from adapters.rests import Rests
from adapters.slack.adapter import SlackAdapter
from adapters.telegram.adapter import TelegramAdapter
from tests.adapters.slack_harness import slack_harness
from tests.adapters.telegram_harness import MovingClock, telegram_harness
from tests.emulators import slack_faults, telegram_faults


def test_a_call_rests_for_as_long_as_was_asked() -> None:
    clock = MovingClock()
    rests = Rests(clock)
    rests.begin("a", 5)
    rests.begin("b", 0)
    clock.pass_by(4.9)
    assert [call in rests for call in "abc"] == [True, False, False]
    clock.pass_by(0.2)
    assert "a" not in rests


async def test_on_slack() -> None:
    async with slack_harness() as harness:
        slack, adapter = harness.slack, harness.adapter
        assert isinstance(adapter, SlackAdapter)
        said = harness.ann.say(harness.ann.direct, "hello")
        place = replace(harness.conversation, thread=said.ts)
        for method in ("reactions.add", "assistant.threads.setStatus"):
            slack.fault(method, slack_faults.flood(60))
        for thread in ("1.1", "2.2"):
            await adapter.working(replace(place, thread=thread))
            await adapter.seen(place, said.ts)
        assert len(slack.called("assistant.threads.setStatus")) == len(slack.called("reactions.add")) == 1


async def test_people_are_not_asked_for_on_slack_either() -> None:
    async with slack_harness() as harness:
        people = harness.adapter._people
        harness.slack.fault("users.info", slack_faults.flood(60))
        for _ in range(2):
            assert await people.known({harness.ann.id}) == {}
        assert len(harness.slack.called("users.info")) == 1


async def test_on_telegram_for_each_chat() -> None:
    async with telegram_harness() as harness:
        telegram, adapter, place = harness.telegram, harness.adapter, harness.conversation
        assert isinstance(adapter, TelegramAdapter)
        said = harness.ann.say("hello")
        other = telegram.person("Ben")
        for method in ("sendChatAction", "setMessageReaction"):
            telegram.fault(method, telegram_faults.flood(60))
        for chat in (place.chat, place.chat, str(other.id)):
            await adapter.working(replace(place, chat=chat))
            await adapter.seen(replace(place, chat=chat), str(said.id))
        assert len(telegram.called("sendChatAction")) == len(telegram.called("setMessageReaction")) == 2
