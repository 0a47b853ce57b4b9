"""Where people meet the bot in Slack: its pane, channels that throw it out and take it back, channels without it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.pane import PROMPTS
from tests.adapters.slack_harness import shown_text
from tests.emulators.openai_server import OpenAIServer
from tests.scenarios.slack_stage import Stage, workspace


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    (tmp_path / "skills").mkdir()
    async with workspace() as slack, OpenAIServer() as model:
        yield Stage(tmp_path, slack, model)


async def test_the_pane_from_its_opening_to_the_second_answer(stage: Stage) -> None:
    direct = stage.ana.direct
    async with stage.running() as app:
        thread = stage.ana.open_assistant(stage.room)
        await stage.slack.wait_for(lambda: direct.prompts.get(thread))
        stage.ana.choose(PROMPTS[0][0], thread)
        commands = await stage.answer(direct, thread)
        assert "`/skills`" in shown_text(commands)
        assert "`/apprentice skills`" in shown_text(commands)
        stage.ana.look_at(stage.room, thread)
        stage.ana.say(direct, "Which orders are open?", thread)
        answer = await stage.answer(direct, thread, 2)
        assert shown_text(answer) == "Which orders are open?"
        stage.ana.say(direct, "And of Ben?", thread)
        await stage.answer(direct, thread, 3)
        await app.settled()
    assert direct.titles == {thread: "Which orders are open?"}
    assert stage.slack.status(direct, thread) == ""
    assert {message.thread for message in stage.answers(direct)} == {thread}


async def test_an_agents_messages_from_their_opening_to_the_answer(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    async with workspace("manifest-agent.yaml") as slack, OpenAIServer() as model:
        stage = Stage(tmp_path, slack, model)
        async with stage.running() as app:
            stage.ana.open_home("messages")
            await slack.wait_for(lambda: stage.ana.direct.prompts)
            stage.ana.choose(PROMPTS[0][0])
            await slack.wait_for(lambda: stage.answers(stage.ana.direct))
            await app.settled()
    assert "/skills" in stage.said(stage.ana.direct)[0]


@pytest.mark.parametrize("way", ["thrown out", "archived"])
async def test_out_of_a_channel_and_back_where_it_was(stage: Stage, way: str) -> None:
    slack, room = stage.slack, stage.room

    async def heard() -> None:
        await slack.wait_for(lambda: all(sent.acknowledged for sent in slack.outbox.deliveries))

    async with stage.running() as app:
        root = stage.ana.say(room, f"{stage.bot} one")
        await stage.answer(room, root.ts)
        if way == "archived":
            slack.archive(room)
        else:
            slack.remove_bot(room)
        await heard()
        await app.settled()
    async with stage.running() as app:
        posts = len(slack.called("chat.postMessage"))
        await app.settled()
        assert len(slack.called("chat.postMessage")) == posts
        if way == "archived":
            slack.archive(room, archived=False)
        else:
            slack.invite_bot(room)
        await heard()
        stage.ben.say(room, "two", root)  # it still takes part in the thread: no mention is needed
        await stage.answer(room, root.ts, 2)
        await app.settled()
    assert stage.said(room, root.ts) == ["one", "two"]


async def test_a_channel_that_gets_another_id_goes_on_where_it_was(stage: Stage) -> None:
    slack, room = stage.slack, stage.room
    async with stage.running() as app:
        root = stage.ana.say(room, f"{stage.bot} one")
        await stage.answer(room, root.ts)
        slack.renumber(room)
        await slack.wait_for(lambda: all(sent.acknowledged for sent in slack.outbox.deliveries))
        await app.settled()
        stage.ben.say(room, "two", root)
        await stage.answer(room, root.ts, 2)
        await app.settled()
    assert stage.said(room, root.ts) == ["one", "two"]


async def test_a_command_in_a_channel_without_the_bot_is_answered(stage: Stage) -> None:
    cellar = stage.slack.channel("cellar", stage.ana, stage.ben, private=True, bot=False)
    async with stage.running() as app:
        stage.ana.command("/apprentice", "skills", cellar)
        told = await stage.slack.wait_for(lambda: (cellar.messages or [None])[0])
        await app.settled()
    assert told.only_for is stage.ana
    assert "no skills here yet" in shown_text(told)
    assert len(cellar.messages) == 1


async def test_people_are_answered_in_their_language(stage: Stage) -> None:
    stage.ana.locale = "de-DE"
    async with stage.running() as app:
        for person in (stage.ana, stage.ben):
            person.say(person.direct, "skills")
            await stage.slack.wait_for(lambda person=person: stage.said(person.direct))
        await app.settled()
    assert "noch keine Skills" in stage.said(stage.ana.direct)[0]
    assert "no skills here yet" in stage.said(stage.ben.direct)[0]
