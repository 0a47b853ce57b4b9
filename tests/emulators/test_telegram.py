"""The emulator keeps the rules of the Bot API's documentation, for forms and for JSON."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.domain.json import JSON
from tests.emulators.telegram_bot import Bot, telegram_bot
from tests.emulators.telegram_faults import Fault, flood
from tests.emulators.telegram_state import User


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with telegram_bot() as bot:
        yield bot


@pytest.fixture
def ann(bot: Bot) -> User:
    return bot.telegram.person("Ann")


async def test_the_bot_knows_itself(bot: Bot) -> None:
    me = (await bot.call("getMe"))["result"]
    assert (me["is_bot"], me["username"], me["can_read_all_group_messages"]) == (True, "apprentice_bot", False)


async def test_wrong_tokens_and_methods(bot: Bot) -> None:
    async with bot.session.get(f"{bot.telegram.base_url}1:x/getMe") as answer:
        assert (answer.status, (await answer.json())["description"]) == (401, "Unauthorized")
    assert await bot.refused("getYou") == "404 Not Found: method not found"


async def test_updates_stay_until_they_are_confirmed(bot: Bot, ann: User) -> None:
    for text in "abc":
        ann.say(text)
    first, second, third = await bot.updates()
    assert await bot.updates(limit=2) == [first, second]
    assert await bot.updates(offset=second) == [second, third]
    assert await bot.updates() == [second, third]
    assert await bot.updates(offset=-1) == [third]
    assert await bot.updates() == [third]
    assert await bot.updates(offset=third + 1) == []


async def test_a_long_poll_ends_with_the_first_update(bot: Bot, ann: User) -> None:
    poll = asyncio.create_task(bot.call("getUpdates", timeout=50))
    await bot.telegram.wait_for(lambda: bot.telegram.called("getUpdates"))
    ann.say("hi")
    assert [update["message"]["text"] for update in (await poll)["result"]] == ["hi"]


async def test_a_second_poll_ends_the_first(bot: Bot, ann: User) -> None:
    polls = [asyncio.create_task(bot.call("getUpdates", timeout=50))]
    await bot.telegram.wait_for(lambda: bot.telegram.called("getUpdates"))
    polls.append(asyncio.create_task(bot.call("getUpdates", timeout=50)))
    assert (await polls[0])["description"].startswith("Conflict: terminated by other getUpdates request")
    ann.say("hi")
    assert len((await polls[1])["result"]) == 1


async def test_polls_and_webhooks_exclude_each_other(bot: Bot) -> None:
    poll = asyncio.create_task(bot.call("getUpdates", timeout=50))
    await bot.telegram.wait_for(lambda: bot.telegram.called("getUpdates"))
    await bot.call("setWebhook", url="https://example.com")
    assert (await poll)["error_code"] == 409
    assert (await bot.refused("getUpdates")).startswith("409 Conflict: can't use getUpdates method while webhook")
    assert (await bot.call("getWebhookInfo"))["result"]["url"] == "https://example.com"
    await bot.call("deleteWebhook")
    assert await bot.updates() == []


async def test_only_updates_that_are_asked_for_come_and_the_wish_is_kept(bot: Bot, ann: User) -> None:
    said = ann.say("one")
    await bot.call("getUpdates", allowed_updates=["callback_query"])
    ann.say("two")
    assert len(await bot.updates()) == 1
    await bot.call("getUpdates", allowed_updates=[])
    ann.edit(said, "three")
    assert len(await bot.updates()) == 2


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n"}, "message text is empty"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "a", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "can't parse entities"),
        ({"text": "😀", "entities": [{"type": "bold", "offset": 1, "length": 1}]}, "can't parse entities"),
        ({"text": "a", "entities": [{"type": "loud", "offset": 0, "length": 1}]}, "can't parse entities"),
        ({"text": "a" * 101, "entities": [{"type": "bold", "offset": 0, "length": 1}] * 101}, "can't parse entities"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "b", "callback_data": ""}]]}}, "BUTTON_DATA"),
        (
            {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "b", "callback_data": "ä" * 33}]]}},
            "BUTTON_DATA",
        ),
        ({"text": "a", "reply_parameters": {"message_id": 9}}, "message to be replied not found"),
    ],
    ids=str,
)
async def test_messages_over_the_limits_are_refused(bot: Bot, ann: User, given: dict[str, Any], refusal: str) -> None:
    assert (await bot.refused("sendMessage", chat_id=ann.id, **given)).startswith(f"400 Bad Request: {refusal}")
    assert not ann.direct.messages


async def test_the_longest_message_is_taken(bot: Bot, ann: User) -> None:
    marks = [{"type": "bold", "offset": 2 * place, "length": 2} for place in range(100)]
    assert (await bot.call("sendMessage", chat_id=ann.id, text="😀" * 2048, entities=marks))["ok"]


async def test_forms_carry_structure_as_json(bot: Bot, ann: User) -> None:
    keyboard = '{"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}'
    form = {"chat_id": str(ann.id), "text": "Well?", "reply_markup": keyboard}
    async with bot.session.post(f"{bot.telegram.base_url}{bot.telegram.token}/sendmessage", data=form) as answer:
        assert (await answer.json())["result"]["reply_markup"]["inline_keyboard"][0][0]["text"] == "Yes"
    assert ann.direct.messages[0].buttons == [["Yes"]]


async def test_edits(bot: Bot, ann: User) -> None:
    rows = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    posted = (await bot.call("sendMessage", chat_id=ann.id, text="Well?", reply_markup=rows))["result"]
    here = {"chat_id": ann.id, "message_id": posted["message_id"]}
    assert "message is not modified" in await bot.refused("editMessageText", **here, text="Well?", reply_markup=rows)
    await bot.call("editMessageReplyMarkup", **here)
    await bot.call("editMessageText", **here, text="Done")
    (message,) = ann.direct.messages
    assert (message.text, message.keyboard, message.edits) == ("Done", [], 2)
    said = ann.say("mine")
    assert "can't be edited" in await bot.refused("editMessageText", chat_id=ann.id, message_id=said.id, text="x")
    await bot.call("deleteMessage", **here)
    assert "message to edit not found" in await bot.refused("editMessageText", **here, text="x")


async def test_clicks_are_answered_while_they_are_fresh(bot: Bot, ann: User) -> None:
    rows = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    await bot.call("sendMessage", chat_id=ann.id, text="Well?", reply_markup=rows)
    with pytest.raises(LookupError):
        ann.press("No", ann.direct.messages[0])
    query = ann.press("Yes", ann.direct.messages[0])
    update = (await bot.call("getUpdates"))["result"][0]["callback_query"]
    assert (update["data"], update["from"]["id"], update["message"]["text"]) == ("y", ann.id, "Well?")
    await bot.call("answerCallbackQuery", callback_query_id=update["id"], text="Thanks")
    assert (query.answered, query.answer) == (True, "Thanks")
    query.stale = True
    for token in (update["id"], "1"):
        assert "query is too old" in await bot.refused("answerCallbackQuery", callback_query_id=token)


async def test_privacy_mode(bot: Bot, ann: User) -> None:
    group = bot.telegram.group("Ops", ann)
    await bot.call("sendMessage", chat_id=group.id, text="Hello")
    hello = group.messages[0]
    for text in ("nothing", "@apprentice_bot a", "@other_bot b", "/go", "/go@apprentice_bot", "/go@other_bot"):
        ann.say(text, group)
    ann.say("reply", group, reply_to=hello)
    updates = (await bot.call("getUpdates"))["result"]
    texts = [update["message"]["text"] for update in updates]
    assert texts == ["@apprentice_bot a", "/go", "/go@apprentice_bot", "reply"]
    group.members[bot.telegram.bot.id] = "administrator"
    ann.say("everything", group)
    assert len(await bot.updates()) == 5
    group.members[bot.telegram.bot.id] = "left"
    ann.say("/go", group)
    assert len(await bot.updates()) == 5
    assert "403 Forbidden: bot was kicked" in await bot.refused("sendMessage", chat_id=group.id, text="a")


async def test_members(bot: Bot, ann: User) -> None:
    bob = bot.telegram.person("Bob")
    group = bot.telegram.group("Ops", ann, admins=(bob,))
    admins = (await bot.call("getChatAdministrators", chat_id=group.id))["result"]
    assert [(admin["status"], admin["user"]["id"]) for admin in admins] == [("creator", bob.id)]
    member = (await bot.call("getChatMember", chat_id=group.id, user_id=ann.id))["result"]
    assert member["status"] == "member"
    assert (await bot.call("getChat", chat_id=group.id))["result"]["title"] == "Ops"
    assert "no administrators" in await bot.refused("getChatAdministrators", chat_id=ann.id)


async def test_blocked_moved_and_unknown_chats(bot: Bot, ann: User) -> None:
    ann.block()
    assert await bot.refused("sendMessage", chat_id=ann.id, text="a") == "403 Forbidden: bot was blocked by the user"
    ann.block(False)
    assert (await bot.call("sendChatAction", chat_id=ann.id, action="typing"))["ok"]
    assert await bot.refused("sendMessage", chat_id=5, text="a") == "400 Bad Request: chat not found"
    ann.direct.migrated_to = -7
    assert (await bot.call("sendMessage", chat_id=ann.id, text="a"))["parameters"] == {"migrate_to_chat_id": -7}


async def test_commands_are_checked_and_kept_for_each_scope_and_language(bot: Bot) -> None:
    assert "BOT_COMMAND_INVALID" in await bot.refused("setMyCommands", commands=[{"command": "Go", "description": "x"}])
    commands = [{"command": "go", "description": "Go"}]
    assert "language code" in await bot.refused("setMyCommands", commands=commands, language_code="pt-br")
    places = [{}, {"scope": {"type": "all_group_chats"}}, {"language_code": "de"}]
    for number, place in enumerate(places):
        assert (await bot.call("getMyCommands", **place))["result"] == []
        await bot.call("setMyCommands", commands=commands * (number + 1), **place)
    for number, place in enumerate(places):
        assert (await bot.call("getMyCommands", **place))["result"] == commands * (number + 1)
    await bot.call("deleteMyCommands")
    assert (await bot.call("getMyCommands"))["result"] == []


async def test_faults_come_once_each(bot: Bot, ann: User) -> None:
    bot.telegram.fault("sendMessage", flood(3))
    for kind in ("drop", "lose"):
        bot.telegram.fault("sendMessage", Fault(kind))
    answer = await bot.call("sendMessage", chat_id=ann.id, text="one")
    assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 3})
    for text in ("two", "three"):
        with pytest.raises(aiohttp.ClientConnectionError):
            await bot.call("sendMessage", chat_id=ann.id, text=text)
    await bot.call("sendMessage", chat_id=ann.id, text="four")
    assert [message.text for message in ann.direct.messages] == ["three", "four"]


async def test_people_in_another_process_act_over_http(bot: Bot) -> None:
    async def act(action: str, **said: JSON) -> JSON:
        async with bot.session.post(f"{bot.telegram.url}/control/{action}", json=said) as answer:
            return await answer.json()

    ann, bob = [(await act("person", name=name))["id"] for name in ("Ann", "Bob <b>")]
    group = (await act("group", title="Ops", members=[ann], admins=[bob]))["id"]
    said = (await act("say", person=ann, chat=group, text="@apprentice_bot hi"))["message_id"]
    rows = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    mark = {"type": "bold", "offset": 0, "length": 1}
    await bot.call("sendMessage", chat_id=group, text="<>", entities=[mark], reply_markup=rows)
    await act("press", person=bob, chat=group, message=2, button="Yes")
    await act("fault", method="sendMessage", kind="refuse", status=502, description="Bad Gateway")
    assert await bot.refused("sendMessage", chat_id=group, text="x") == "502 Bad Gateway"
    await act("member", chat=group, person=bob, status="left")
    await act("block", person=ann)
    await act("update", kind="message", value={"broken": True})
    assert len(await bot.updates()) == 4
    assert "error" in await act("press", person=bob, chat=group, message=2, button="No")
    assert "error" in await act("nothing")
    async with bot.session.get(f"{bot.telegram.url}/control/chat?chat={group}") as answer:
        shown = await answer.json()
    assert [(message["message_id"], message["text"]) for message in shown] == [(said, "@apprentice_bot hi"), (2, "<>")]
    async with bot.session.get(f"{bot.telegram.url}/control/calls") as answer:
        assert (await answer.json())[0]["method"] == "sendMessage"
    async with bot.session.get(f"{bot.telegram.url}/control/page?chat={group}") as answer:
        assert '<span class="bold">&lt;</span>&gt;</p><nav><span>Yes</span></nav>' in await answer.text()
