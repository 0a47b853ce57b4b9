"""The bot is told where it comes in, is thrown out and blocked, and of groups that move."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.json import JSON
from tests.emulators.telegram_bot import Bot, telegram_bot
from tests.emulators.telegram_members import change_bot
from tests.emulators.telegram_state import User


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with telegram_bot() as bot:
        yield bot


@pytest.fixture
def ann(bot: Bot) -> User:
    return bot.telegram.person("Ann", language="de")


async def heard(bot: Bot) -> list[JSON]:
    return list((await bot.call("getUpdates"))["result"])


async def test_comings_and_goings_are_told_with_what_was_before(bot: Bot, ann: User) -> None:
    group = bot.telegram.group("Ops", ann)
    ann.throw_out(group)
    assert "403 Forbidden: bot was kicked" in await bot.refused("sendMessage", chat_id=group.id, text="x")
    ann.take_in(group)
    ann.block()
    change_bot(bot.telegram, group, "restricted", ann, is_member=False)
    changes = [update["my_chat_member"] for update in await heard(bot)]
    assert [(one["old_chat_member"]["status"], one["new_chat_member"]["status"]) for one in changes] == [
        ("member", "kicked"),
        ("kicked", "member"),
        ("member", "kicked"),
        ("member", "restricted"),
    ]
    assert [one["chat"]["id"] for one in changes] == [group.id, group.id, ann.id, group.id]
    assert changes[3]["new_chat_member"]["is_member"] is False
    assert changes[0]["from"]["language_code"] == "de"
    assert changes[0]["new_chat_member"]["user"]["id"] == bot.telegram.bot.id


async def test_a_group_that_moves_tells_of_it_in_both_chats(bot: Bot, ann: User) -> None:
    group = bot.telegram.group("Ops", ann)
    new = bot.telegram.migrate(group, ann)
    old, there = [update["message"] for update in await heard(bot)]
    assert (old["chat"]["id"], old["migrate_to_chat_id"], old["chat"]["type"]) == (group.id, new.id, "group")
    assert (there["chat"]["id"], there["migrate_from_chat_id"]) == (new.id, group.id)
    assert (await bot.call("sendMessage", chat_id=group.id, text="x"))["parameters"] == {"migrate_to_chat_id": new.id}
    assert (await bot.call("sendMessage", chat_id=new.id, text="x"))["ok"]
    assert new.members == group.members


async def test_a_group_may_move_without_a_word(bot: Bot, ann: User) -> None:
    bot.telegram.migrate(bot.telegram.group("Ops", ann), ann, told=False)
    assert await heard(bot) == []


async def test_all_of_it_can_be_done_over_http(bot: Bot) -> None:
    async def act(action: str, **said: JSON) -> JSON:
        async with bot.session.post(f"{bot.telegram.url}/control/{action}", json=said) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def seen(what: str) -> str:
        async with bot.session.get(f"{bot.telegram.url}/control/{what}") as answer:
            assert answer.status == 200
            return await answer.text()

    ann = (await act("person", name="Ann", language="de"))["id"]
    group = (await act("group", title="Ops", members=[ann]))["id"]
    sent = (await act("send", person=ann, kind="document", name="a.csv", content="MSwy", text="look"))["message_id"]
    await act("send", person=ann, kind="photo", content="MSwy")
    await act("edit", person=ann, chat=ann, message=sent, text="look here")
    await act("react", person=ann, chat=ann, message=sent, emoji=["👍"])
    await act("member", chat=group, person=bot.telegram.bot.id, status="kicked", by=ann)
    await act("member", chat=group, person=bot.telegram.bot.id, status="member", by=ann)
    moved = (await act("migrate", chat=group, person=ann))["id"]
    await act("rates", chat=1, group=20, everywhere=30)
    await bot.call("sendMessage", chat_id=moved, text="x")
    assert "429" in await bot.refused("sendMessage", chat_id=moved, text="y")
    await act("rates", chat=0, group=0, everywhere=0)
    await bot.call("sendMessage", chat_id=moved, text="y")
    await bot.call("sendMessageDraft", chat_id=ann, draft_id=1, text="I am <reading>")
    await bot.call("setMyCommands", commands=[{"command": "go", "description": "Go"}])
    kinds = [next(kind for kind in update if kind != "update_id") for update in await heard(bot)]
    assert kinds == ["message", "message", "edited_message", "my_chat_member", "my_chat_member", "message", "message"]
    assert '"text": "I am <reading>"' in await seen(f"drafts?chat={ann}")
    assert '"scope": "default"' in await seen("menus")
    assert await seen("file?id=file_1") == "1,2"
    assert '"file_name": "a.csv"' in await seen(f"chat?chat={ann}")
    page = await seen(f"page?chat={ann}")
    assert "I am &lt;reading&gt;" in page
    assert "📎 document a.csv (3 bytes)" in page
    assert "sendMessageDraft" in await seen("calls")
    await act("delete", chat=moved, message=2)
    assert [message.text for message in bot.telegram.chats[moved].messages] == ["", "y"]
