"""Drafts, files and the pace of writing, by the rules of the Bot API's documentation."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.domain.json import JSON
from tests.emulators.telegram_bot import Bot, telegram_bot
from tests.emulators.telegram_faults import Fault
from tests.emulators.telegram_rates import Rates
from tests.emulators.telegram_state import User


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with telegram_bot() as bot:
        yield bot


@pytest.fixture
def ann(bot: Bot) -> User:
    return bot.telegram.person("Ann")


async def test_a_draft_is_seen_for_thirty_seconds_or_until_a_message(bot: Bot, ann: User) -> None:
    at = 1000.0
    bot.telegram.now = lambda: at
    mark = {"type": "bold", "offset": 0, "length": 1}
    for text in ("", "He", "Hello"):
        await bot.call("sendMessageDraft", chat_id=ann.id, draft_id=7, text=text, entities=[mark] if text else [])
    (draft,) = bot.telegram.drafts(ann.direct).values()
    assert (draft.text, draft.entities, draft.shows) == ("Hello", [mark], 3)
    at += 30
    assert bot.telegram.drafts(ann.direct) == {}
    await bot.call("sendMessageDraft", chat_id=ann.id, draft_id=8, text="Hello")
    await bot.call("sendMessage", chat_id=ann.id, text="Hello.")
    assert bot.telegram.drafts(ann.direct) == {}
    assert [message.text for message in ann.direct.messages] == ["Hello."]


async def test_drafts_are_for_direct_chats_and_have_a_number(bot: Bot, ann: User) -> None:
    group = bot.telegram.group("Ops", ann)
    assert "PEER_INVALID" in await bot.refused("sendMessageDraft", chat_id=group.id, draft_id=1, text="x")
    assert "400" in await bot.refused("sendMessageDraft", chat_id=ann.id, draft_id=0, text="x")
    assert "too long" in await bot.refused("sendMessageDraft", chat_id=ann.id, draft_id=1, text="x" * 4097)
    ann.block()
    assert "403" in await bot.refused("sendMessageDraft", chat_id=ann.id, draft_id=1, text="x")


async def test_what_a_person_sent_can_be_downloaded(bot: Bot, ann: User) -> None:
    ann.say("look", caption=True, **bot.telegram.files.document("a b.csv", b"1,2"))
    (update,) = (await bot.call("getUpdates"))["result"]
    message = update["message"]
    assert (message["caption"], message["document"]["file_name"]) == ("look", "a b.csv")
    file = (await bot.call("getFile", file_id=message["document"]["file_id"]))["result"]
    assert file["file_size"] == 3
    assert await downloaded(bot, file["file_path"]) == (200, b"1,2")
    assert (await downloaded(bot, "documents/other.csv"))[0] == 404
    assert (await downloaded(bot, file["file_path"], "1:wrong"))[0] == 401
    bot.telegram.fault("download", Fault("page", 502))
    assert (await downloaded(bot, file["file_path"]))[0] == 502


async def downloaded(bot: Bot, path: str, token: str = "") -> tuple[int, bytes]:
    url = f"{bot.telegram.url}/file/bot{token or bot.telegram.token}/{path}"
    async with bot.session.get(url) as answer:
        return answer.status, await answer.read()


async def test_unknown_and_large_files_are_not_handed_out(bot: Bot) -> None:
    assert "invalid file_id" in await bot.refused("getFile", file_id="file_9")
    large = bot.telegram.files.add("a", "", b"", (20 << 20) + 1)
    assert "file is too big" in await bot.refused("getFile", file_id=large.id)


async def upload(bot: Bot, content: bytes, **given: JSON) -> JSON:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("document", content, filename="größe.csv", content_type="text/csv")
    for name, value in given.items():
        form.add_field(name, str(value))
    async with bot.session.post(f"{bot.telegram.base_url}{bot.telegram.token}/sendDocument", data=form) as answer:
        return await answer.json()


async def test_a_bot_uploads_a_file_and_sends_it_again_by_its_id(bot: Bot, ann: User) -> None:
    mark = '[{"type": "bold", "offset": 0, "length": 1}]'
    sent = (await upload(bot, b"1,2", chat_id=ann.id, caption="Here", caption_entities=mark))["result"]
    document = sent["document"]
    assert (document["file_name"], document["file_size"], sent["caption"]) == ("größe.csv", 3, "Here")
    assert bot.telegram.files.known[document["file_id"]].content == b"1,2"
    again = (await bot.call("sendDocument", chat_id=ann.id, document=document["file_id"]))["result"]
    assert again["document"]["file_id"] == document["file_id"]
    assert "caption is too long" in (await upload(bot, b"1", chat_id=ann.id, caption="x" * 1025))["description"]
    assert "non-empty" in (await upload(bot, b"", chat_id=ann.id))["description"]
    assert "file identifier" in await bot.refused("sendDocument", chat_id=ann.id, document="file_99")


async def test_who_writes_too_fast_is_told_to_wait(bot: Bot, ann: User) -> None:
    at = 0.0
    bot.telegram.rates = Rates(now=lambda: at)
    ben, group = bot.telegram.person("Ben"), bot.telegram.group("Ops", ann)

    async def write(chat: int) -> JSON:
        return (await bot.call("sendMessage", chat_id=chat, text="x")).get("parameters", {}).get("retry_after")

    assert [await write(ann.id), await write(ann.id), await write(ben.id)] == [None, 1, None]
    posted = (await bot.call("sendMessage", chat_id=group.id, text="x"))["result"]["message_id"]
    for _ in range(19):
        at += 1
        await bot.call("editMessageText", chat_id=group.id, message_id=posted, text=f"{at}")
    at += 1
    assert await write(group.id) == 40
    at += 39.5
    assert await write(group.id) == 1
    at += 0.5
    assert await write(group.id) is None
    assert bot.telegram.rates.refused == 3


async def test_all_chats_together_have_a_limit(bot: Bot) -> None:
    bot.telegram.rates = Rates(now=lambda: 0)
    people = [bot.telegram.person(f"P{number}") for number in range(31)]
    answers = [await bot.call("sendMessage", chat_id=person.id, text="x") for person in people]
    assert [answer["ok"] for answer in answers] == [True] * 30 + [False]


async def test_reactions_of_the_bot_stand_under_a_message(bot: Bot, ann: User) -> None:
    said = ann.say("and this")
    eyes = [{"type": "emoji", "emoji": "👀"}]
    await bot.call("setMessageReaction", chat_id=ann.id, message_id=said.id, reaction=eyes)
    assert said.reactions == ["👀"]
    assert "not found" in await bot.refused("setMessageReaction", chat_id=ann.id, message_id=99, reaction=eyes)
