"""Chats on Telegram change: groups move, people block the bot and come back, groups throw it out and take it in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.json import JSON
from tests.emulators.openai_server import OpenAIServer, Reply, text
from tests.emulators.telegram import TelegramEmulator
from tests.scenarios.telegram_stage import Stage


def remembering(request: JSON) -> Reply:
    """All that was said in the conversation."""
    said = [message["content"] for message in request["messages"] if message["role"] == "user"]
    return text(", ".join(said))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    (tmp_path / "skills").mkdir()
    async with TelegramEmulator() as telegram, OpenAIServer(remembering) as model:
        yield Stage(tmp_path, telegram, model)


@pytest.mark.parametrize("told", [True, False], ids=["told", "found out by writing"])
async def test_a_conversation_goes_on_in_the_supergroup(stage: Stage, told: bool) -> None:
    async with stage.running() as app:
        stage.ana.say("@apprentice_bot one", stage.group)
        await stage.answers(stage.group, "one")
        await app.settled()
    # It moves while the bot is down, behind a question that waits.
    stage.ana.say("@apprentice_bot two", stage.group)
    new = stage.telegram.migrate(stage.group, stage.ana, told=told)
    async with stage.running() as app:
        await stage.answers(new, "one, two")
        stage.ana.say("@apprentice_bot three", new)
        await stage.answers(new, "one, two", "one, two, three")
        await app.settled()
    async with stage.running() as app:
        stage.ana.say("@apprentice_bot four", new)
        await stage.telegram.wait_for(lambda: len(stage.by_bot(new)) == 3)
        await app.settled()
    assert stage.by_bot(new)[-1].text == "one, two, three, four"
    assert [message.text for message in stage.by_bot(stage.group)] == ["one"]


async def test_who_blocks_the_bot_finds_it_as_it_was(stage: Stage) -> None:
    async with stage.running() as app:
        stage.ana.say("one")
        await stage.answers(stage.ana.direct, "one")
        stage.ana.say("two")
        stage.ana.block()
        await stage.telegram.wait_for(lambda: not stage.telegram.updates.pending)
        await app.settled()
        calls = len(stage.telegram.called("sendMessage"))
        # Others are answered, and nobody knocks at a closed door.
        stage.ben.say("hello")
        await stage.answers(stage.ben.direct, "hello")
        await app.settled()
        assert len(stage.telegram.called("sendMessage")) == calls + 1
        stage.ana.block(False)
        stage.ana.say("three")
        await stage.telegram.wait_for(lambda: stage.by_bot(stage.ana.direct)[-1].text.endswith("three"))
        await app.settled()
    assert stage.by_bot(stage.ana.direct)[-1].text == "one, two, three"


async def test_thrown_out_of_a_group_the_bot_is_silent_and_comes_back_where_it_was(stage: Stage) -> None:
    async with stage.running() as app:
        stage.ana.say("@apprentice_bot one", stage.group)
        await stage.answers(stage.group, "one")
        stage.ben.throw_out(stage.group)
        await stage.telegram.wait_for(lambda: not stage.telegram.updates.pending)
        await app.settled()
        stage.ben.take_in(stage.group)
        stage.ana.say("@apprentice_bot two", stage.group)
        await stage.answers(stage.group, "one", "one, two")
        await app.settled()


async def test_a_click_that_came_too_late_is_answered_once_and_holds_up_nothing(stage: Stage) -> None:
    stage.telegram.query(stage.ana, stage.ana.say("hello"), "old").stale = True
    async with stage.running() as app:
        await stage.answers(stage.ana.direct, "hello")
        await stage.telegram.wait_for(lambda: stage.telegram.called("answerCallbackQuery"))
        stage.ana.say("and now?")
        await stage.answers(stage.ana.direct, "hello", "hello, and now?")
        await app.settled()
    assert len(stage.telegram.called("answerCallbackQuery")) == 1


async def test_a_file_is_for_the_bot_when_its_caption_names_it(stage: Stage) -> None:
    files = stage.telegram.files
    async with stage.running() as app:
        stage.ana.say("for Ben", stage.group, caption=True, **files.document("private.csv", b"1,2"))
        stage.ana.say("@apprentice_bot look", stage.group, caption=True, **files.document("orders.csv", b"1,2"))
        await stage.telegram.wait_for(lambda: stage.by_bot(stage.group))
        await app.settled()
    [answer] = stage.by_bot(stage.group)
    assert "orders.csv" in answer.text
    kept = [file.name for file in (stage.path / "data" / "workspace" / "files").rglob("*") if file.is_file()]
    assert kept == ["orders.csv"]
