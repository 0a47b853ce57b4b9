"""The assistant pane: what it suggests, how its threads are named, and that nothing waits for it."""

import pytest

from adapters.slack import pane
from adapters.slack.pane import PROMPTS, TITLE_CHARACTERS
from bot.domain.chat import MessageReceived
from tests.adapters.contract import Inbox, receiving
from tests.adapters.slack_harness import SlackHarness
from tests.emulators.slack_faults import dropped, refused, slow
from tests.emulators.telegram_faults import Fault

TITLES = [title for title, _ in PROMPTS]
SUGGEST, ENTITLE = "assistant.threads.setSuggestedPrompts", "assistant.threads.setTitle"


async def test_a_fresh_pane_suggests_what_the_bot_can_do(harness: SlackHarness) -> None:
    inbox, direct = Inbox(), harness.ann.direct
    async with receiving(harness.adapter, inbox.accept):
        thread = harness.ann.open_assistant()
        prompts = await harness.slack.wait_for(lambda: direct.prompts.get(thread))
        assert [prompt["title"] for prompt in prompts] == TITLES
        assert 1 <= len(prompts) <= 4
        harness.ann.choose("What can you do?", thread)
        event = await inbox.take()
    assert isinstance(event, MessageReceived)
    assert (event.text, event.conversation.thread, event.conversation.direct) == ("/help", thread, True)


async def test_an_agent_view_gets_its_prompts_without_a_thread(harness: SlackHarness) -> None:
    async with receiving(harness.adapter, Inbox().accept):
        await harness.listening()
        harness.ann.open_home("home")
        harness.ann.open_home("messages")
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert [prompt["title"] for prompt in harness.ann.direct.prompts[""]] == TITLES
    assert len(harness.slack.called(SUGGEST)) == 1


async def test_a_thread_is_named_after_the_first_that_is_said_there(harness: SlackHarness) -> None:
    inbox, direct = Inbox(), harness.ann.direct
    async with receiving(harness.adapter, inbox.accept):
        thread = harness.ann.open_assistant()
        await harness.slack.wait_for(lambda: direct.prompts)
        harness.ann.say(direct, "not in the pane")
        harness.ann.say(direct, "skills", thread)
        harness.ann.say(direct, f"Which orders\nof *Ann* are open? {'word ' * 50}", thread)
        harness.ann.say(direct, "And of Ben?", thread)
        await harness.slack.wait_for(lambda: len(inbox.offered) == 4)
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert list(direct.titles) == [thread]
    assert direct.titles[thread].startswith("Which orders of *Ann* are open? word")
    assert len(direct.titles[thread]) <= TITLE_CHARACTERS
    assert len(harness.slack.called(ENTITLE)) == 1


async def test_another_channel_beside_the_pane_means_nothing(harness: SlackHarness) -> None:
    inbox, room = Inbox(), harness.slack.channel("kitchen", harness.ann)
    async with receiving(harness.adapter, inbox.accept):
        thread = harness.ann.open_assistant(room)
        harness.ann.look_at(room, thread)
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert inbox.offered == []
    assert [sent.attempts for sent in harness.slack.outbox.deliveries] == [1, 1]


@pytest.mark.parametrize("method", [SUGGEST, ENTITLE])
@pytest.mark.parametrize("fault", [refused("missing_scope"), dropped(), slow(600)], ids=lambda fault: fault.kind)
async def test_what_the_pane_lacks_keeps_nothing_up(
    harness: SlackHarness, monkeypatch: pytest.MonkeyPatch, method: str, fault: Fault
) -> None:
    if not fault.seconds:
        monkeypatch.setattr(pane, "SECONDS", 60)
    harness.slack.fault(method, fault)
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say(harness.ann.direct, "Which orders are open?", harness.ann.open_assistant())
        await inbox.hears("Which orders are open?")
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert harness.slack.called(method)
    assert {sent.attempts for sent in harness.slack.outbox.deliveries} == {1}


async def test_threads_that_nobody_writes_in_are_forgotten(
    harness: SlackHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pane, "REMEMBERED", 1)
    inbox, direct = Inbox(), harness.ann.direct
    async with receiving(harness.adapter, inbox.accept):
        threads = [harness.ann.open_assistant(), harness.ann.open_assistant()]
        await harness.slack.wait_for(lambda: len(direct.prompts) == 2)
        for thread in threads:
            harness.ann.say(direct, "hello", thread)
        await inbox.hears("hello", "hello")
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert list(direct.titles) == threads[1:]


async def test_prompts_speak_the_persons_language(harness: SlackHarness) -> None:
    harness.ann.locale = "de-DE"
    async with receiving(harness.adapter, Inbox().accept):
        harness.ann.open_assistant()
        prompts = await harness.slack.wait_for(lambda: harness.ann.direct.prompts)
    assert "Was kannst du?" in [prompt["title"] for prompt in next(iter(prompts.values()))]
