"""What is known of people comes with what they do, and is asked for once."""

from datetime import timedelta

import pytest

from adapters.slack import people
from bot.domain.chat import ButtonClicked, MessageReceived, Outgoing, Reacted
from tests.adapters.contract import BUTTONS, Inbox, receiving
from tests.adapters.slack_harness import SlackHarness
from tests.emulators.slack_faults import refused, server_error, slow


async def test_the_language_and_zone_of_who_speaks_come_with_everything_they_do(harness: SlackHarness) -> None:
    ben = harness.slack.person("Ben", locale="de-DE", tz="Europe/Lisbon")
    room, inbox = harness.slack.channel("kitchen", harness.ann, ben), Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        root = harness.ann.say(room, f"{harness.slack.bot.mention} hello {ben.mention}")
        asked = await inbox.take()
        await harness.adapter.send(Outgoing(asked.conversation, "Well?", BUTTONS), 0)
        card = room.messages[-1]
        ben.say(room, f"{harness.slack.bot.mention} hallo", root)
        ben.press(card, "Approve")
        ben.react(card, "eyes")
        ben.command("/apprentice", "skills", room)
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert asked.conversation.language == "en-US"
    theirs = [event for event in inbox.offered if event.person.name == "Ben"]
    assert {type(event) for event in theirs} == {MessageReceived, ButtonClicked, Reacted}
    assert {(event.conversation.language, event.person.zone) for event in theirs} == {("de-DE", "Europe/Lisbon")}
    assert len(harness.slack.called("users.info")) == 2


@pytest.mark.parametrize("fault", [server_error(), refused("missing_scope")])
async def test_who_is_not_known_has_no_language_and_is_asked_about_again(harness: SlackHarness, fault: object) -> None:
    inbox = Inbox()
    harness.slack.fault("users.info", fault)  # type: ignore[arg-type] # one of the faults above
    async with receiving(harness.adapter, inbox.accept):
        await harness.say("hi")
        await harness.say("hi again")
        first, second = await inbox.take(), await inbox.take()
    assert [event.conversation.language for event in (first, second)] == ["", "en-US"]
    assert [event.person.name for event in (first, second)] == ["", "Ann"]


async def test_while_slack_is_slow_to_tell_names_only_one_event_waits_for_it(
    harness: SlackHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, now = Inbox(), harness.clock.now()
    harness.slack.fault("users.info", slow(60))
    async with receiving(harness.adapter, inbox.accept):
        for number in range(5):
            await harness.say(f"m{number}")
        await inbox.hears(*(f"m{number}" for number in range(5)))
        assert len(harness.slack.called("users.info")) == 1
        monkeypatch.setattr(harness.clock, "now", lambda: now + people.REST + timedelta(seconds=1))
        monkeypatch.setattr(people, "NAMING_SECONDS", 60)
        await harness.say("hi")
        await harness.slack.wait_for(lambda: inbox.offered[-1].person.name == "Ann")
