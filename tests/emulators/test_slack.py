"""The Web API of the emulator keeps the rules of Slack's documentation, with the real SDK as its client."""

import asyncio
import html

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.json import JSON
from tests.emulators import slack_faults as faults
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_calls import actions, button, refused, section
from tests.emulators.slack_people import Person, as_slack_writes
from tests.emulators.telegram_faults import Fault


async def test_the_bot_knows_itself(slack: SlackEmulator, client: AsyncWebClient) -> None:
    me = await client.auth_test()
    assert (me["user_id"], me["team_id"], me["bot_id"]) == (slack.bot_user, slack.team, slack.bot.bot_id)


async def test_waiting_for_a_call(slack: SlackEmulator, client: AsyncWebClient) -> None:
    waiting = asyncio.create_task(slack.wait_for(lambda: slack.called("auth.test")))
    await asyncio.sleep(0)  # it has looked
    await client.auth_test()
    assert await waiting == [{}]
    with pytest.raises(TimeoutError):
        await slack.wait_for(lambda: slack.called("chat.postMessage"), seconds=0.01)


async def test_tokens_and_methods(slack: SlackEmulator, client: AsyncWebClient) -> None:
    assert await refused(client.api_call("chat.shout")) == "unknown_method"
    assert await refused(client.auth_test(token="xoxb-other")) == "invalid_auth"
    assert await refused(client.auth_test(token="")) == "not_authed"
    assert await refused(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    assert await refused(client.auth_test(token=slack.app_token)) == "not_allowed_token_type"
    slack.uninstall()
    assert await refused(client.auth_test()) == "account_inactive"


async def test_scopes_are_those_of_the_manifest() -> None:
    async with SlackEmulator(scopes=["chat:write"]) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        ann = slack.person("Ann")
        await client.chat_postMessage(channel=ann.direct.id, text="hi")
        with pytest.raises(SlackApiError) as caught:
            await client.users_info(user=ann.id)
        answer = caught.value.response
        assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "users:read", "chat:write")
        with pytest.raises(LookupError, match="scope"):
            ann.command("/apprentice", "", ann.direct)


async def test_scopes_are_of_kinds_of_places() -> None:
    async with SlackEmulator(scopes=["im:history", "channels:read"]) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        ann = slack.person("Ann")
        room = slack.channel("kitchen", ann)
        await client.conversations_history(channel=ann.direct.id)
        assert await refused(client.conversations_history(channel=room.id)) == "missing_scope"
        await client.conversations_info(channel=room.id)
        assert await refused(client.conversations_info(channel=ann.direct.id)) == "missing_scope"


async def test_a_message_stands_where_it_was_posted(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    room = slack.channel("kitchen", ann)
    asked = ann.say(room, "when?")
    answer = await client.chat_postMessage(channel=room.id, text="now", thread_ts=asked.ts)
    shown = room.messages[-1]
    assert (shown.sender, shown.text, shown.thread_ts, shown.ts) == (slack.bot, "now", asked.ts, answer["ts"])
    assert (answer["message"]["bot_id"], answer["message"]["parent_user_id"]) == (slack.bot.bot_id, ann.id)
    deeper = await client.chat_postMessage(channel=room.id, text="or later", thread_ts=shown.ts)
    assert deeper["message"]["thread_ts"] == asked.ts
    assert slack.called("chat.postMessage")[0] == {"channel": room.id, "text": "now", "thread_ts": asked.ts}


async def test_a_persons_id_leads_to_their_conversation(client: AsyncWebClient, ann: Person) -> None:
    opened = await client.conversations_open(users=ann.id)
    posted = await client.chat_postMessage(channel=ann.id, text="hi")
    assert opened["channel"]["id"] == posted["channel"] == ann.direct.id


async def test_where_the_bot_may_not_write(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    assert await refused(client.chat_postMessage(channel="C404", text="hi")) == "channel_not_found"
    open_room, closed = slack.channel("open", ann, bot=False), slack.channel("closed", ann, private=True, bot=False)
    assert await refused(client.chat_postMessage(channel=open_room.id, text="hi")) == "not_in_channel"
    assert await refused(client.chat_postMessage(channel="#open", text="hi")) == "not_in_channel"
    assert await refused(client.chat_postMessage(channel=closed.id, text="hi")) == "channel_not_found"
    slack.invite_bot(closed)
    await client.chat_postMessage(channel=closed.id, text="hi")
    closed.archived = True
    assert await refused(client.chat_postMessage(channel=closed.id, text="hi")) == "is_archived"


async def test_texts(client: AsyncWebClient, ann: Person) -> None:
    place = ann.direct.id
    assert await refused(client.api_call("chat.postMessage", json={"channel": place, "text": " "})) == "no_text"
    assert await refused(client.chat_postMessage(channel=place, markdown_text="x" * 12_001)) == "msg_too_long"
    assert (
        await refused(client.chat_postMessage(channel=place, markdown_text="x", text="y")) == "markdown_text_conflict"
    )
    await client.chat_postMessage(channel=place, text="x" * 40_001)
    assert len(ann.direct.messages[-1].text) == 40_000
    await client.chat_postMessage(channel=place, markdown_text="**x**")
    assert [block["type"] for block in ann.direct.messages[-1].blocks] == ["markdown"]


async def test_an_update_without_blocks_takes_them_away(client: AsyncWebClient, ann: Person) -> None:
    place = ann.direct.id
    ts = (await client.chat_postMessage(channel=place, text="card", blocks=[section(), actions(button())]))["ts"]
    message = ann.direct.messages[-1]
    await client.chat_update(channel=place, ts=ts, text="card", blocks=[section("done")])
    assert (message.buttons, message.edited, message.edits) == ([], False, 1)
    await client.chat_update(channel=place, ts=ts, text="gone")
    assert (message.blocks, message.edited, message.text) == ([], True, "gone")
    assert await refused(client.chat_update(channel=place, ts=ts, text="x" * 4001)) == "msg_too_long"
    assert await refused(client.chat_update(channel=place, ts="1.2", text="x")) == "message_not_found"
    theirs = ann.say(ann.direct, "mine")
    assert await refused(client.chat_update(channel=place, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await refused(client.chat_delete(channel=place, ts=theirs.ts)) == "cant_delete_message"
    await client.chat_delete(channel=place, ts=ts)
    assert ann.direct.messages == [theirs]


async def test_an_ephemeral_message_is_for_one(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    bob, eve = slack.person("Bob"), slack.person("Eve")
    room = slack.channel("kitchen", ann, bob)
    ts = (await client.chat_postEphemeral(channel=room.id, user=ann.id, text="psst"))["message_ts"]
    assert [message.text for message in room.seen_by(ann)] == ["psst"]
    assert room.seen_by(bob) == []
    assert await refused(client.chat_update(channel=room.id, ts=ts, text="x")) == "message_not_found"
    assert await refused(client.chat_postEphemeral(channel=room.id, user=eve.id, text="x")) == "user_not_in_channel"
    assert slack.outbox.deliveries == []


async def test_metadata_finds_what_a_lost_answer_left(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person
) -> None:
    slack.fault("chat.postMessage", faults.lost_answer())
    metadata = {"event_type": "outbox", "event_payload": {"id": 7}}
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=ann.direct.id, text="hi", metadata=metadata)
    told = await client.conversations_history(channel=ann.direct.id, include_all_metadata=True)
    assert [message["metadata"] for message in told["messages"]] == [metadata]
    told = await client.conversations_history(channel=ann.direct.id)
    assert "metadata" not in told["messages"][0]
    ts = told["messages"][0]["ts"]
    await client.chat_update(channel=ann.direct.id, ts=ts, text="hi!")
    assert ann.direct.messages[0].metadata == metadata
    await client.chat_update(channel=ann.direct.id, ts=ts, text="hi!", metadata={})
    assert ann.direct.messages[0].metadata is None
    for odd in ("outbox", {"event_type": "outbox", "event_payload": "7"}):
        call = client.api_call("chat.postMessage", json={"channel": ann.id, "text": "x", "metadata": odd})
        assert await refused(call) == "invalid_metadata_format"
    bad = {"event_type": "", "event_payload": {}}
    assert await refused(client.chat_postMessage(channel=ann.id, text="x", metadata=bad)) == "invalid_metadata_schema"


async def test_the_sdks_own_retry_posts_twice(slack: SlackEmulator, ann: Person) -> None:
    slack.fault("chat.postMessage", faults.lost_answer())
    await AsyncWebClient(slack.bot_token, base_url=slack.api_url).chat_postMessage(channel=ann.id, text="hi")
    assert [message.text for message in ann.direct.messages] == ["hi", "hi"]


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        (faults.flood(7), 429, False),
        (faults.server_error(), 503, False),
        (faults.refused("fatal_error"), 200, False),
        (faults.garbled(), 200, True),
        (faults.dropped(), None, False),
        (faults.lost_answer(), None, True),
        (faults.slow(0.001), 200, True),
    ],
)
async def test_faults(slack: SlackEmulator, ann: Person, fault: Fault, status: int | None, done: bool) -> None:
    slack.fault("chat.postMessage", fault)
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    body: JSON = {"channel": ann.direct.id, "text": "hi"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for expected in (status, 200):
            try:
                async with session.post(f"{slack.api_url}chat.postMessage", json=body) as answer:
                    assert answer.status == expected
                    assert answer.headers.get("Retry-After") == ("7" if expected == 429 else None)
            except aiohttp.ServerDisconnectedError:
                assert expected is None
    assert len(ann.direct.messages) == 1 + done
    slack.fault("chat.postMessage", fault, times=2)
    slack.heal()
    await AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[]).chat_postMessage(**body)


async def test_forms_and_the_query_carry_parameters_too(slack: SlackEmulator, ann: Person) -> None:
    given = {"channel": ann.direct.id, "text": "hi", "token": slack.bot_token, "blocks": '[{"type":"divider"}]'}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{slack.api_url}chat.postMessage", data=given) as answer:
            assert (await answer.json())["message"]["blocks"][0]["type"] == "divider"
        headers = {"Content-Type": "application/json"}
        async with session.post(f"{slack.api_url}auth.test", data="{", headers=headers) as answer:
            assert (await answer.json())["error"] == "invalid_json"


async def test_people_are_what_they_are_when_asked(slack: SlackEmulator, client: AsyncWebClient) -> None:
    boss = slack.person("Boss", owner=True, locale="de-DE")
    user = (await client.users_info(user=boss.id, include_locale=True))["user"]
    assert (user["is_owner"], user["is_admin"], user["is_bot"], user["locale"]) == (True, True, False, "de-DE")
    boss.owner = False
    assert not (await client.users_info(user=boss.id))["user"]["is_admin"]
    assert await refused(client.users_info(user="U404")) == "user_not_found"


async def test_conversations(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    room = slack.channel("kitchen", ann, private=True)
    channel = (await client.conversations_info(channel=room.id))["channel"]
    assert (channel["name"], channel["is_private"], channel["is_member"]) == ("kitchen", True, True)
    assert (await client.conversations_members(channel=room.id))["members"] == [ann.id, slack.bot_user]
    first = ann.say(room, "1")
    replies = [ann.say(room, text, thread=first) for text in ("2", "3", "4")]
    ann.say(room, "5")
    told = await client.conversations_history(channel=room.id)
    assert [message["text"] for message in told["messages"]] == ["5", "1"]
    assert told["messages"][1]["reply_count"] == 3
    after = await client.conversations_replies(channel=room.id, ts=first.ts, oldest=replies[0].ts)
    assert [message["text"] for message in after["messages"]] == ["1", "3", "4"]
    pages = [
        page["messages"] async for page in await client.conversations_replies(channel=room.id, ts=first.ts, limit=3)
    ]
    assert [[message["text"] for message in page] for page in pages] == [["1", "2", "3"], ["4"]]
    assert await refused(client.conversations_replies(channel=room.id, ts="1.2")) == "thread_not_found"


async def test_reactions(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    asked = ann.say(ann.direct, "hi")
    where = {"channel": ann.direct.id, "timestamp": asked.ts}
    await client.reactions_add(name="eyes", **where)
    assert asked.reactions == {"eyes": [slack.bot]}
    assert await refused(client.reactions_add(name="eyes", **where)) == "already_reacted"
    await client.reactions_remove(name="eyes", **where)
    assert asked.reactions == {}
    assert await refused(client.reactions_remove(name="eyes", **where)) == "no_reaction"
    assert await refused(client.reactions_add(name=":eyes:", **where)) == "invalid_name"
    gone = client.reactions_add(name="eyes", channel=ann.direct.id, timestamp="1.2")
    assert await refused(gone) == "message_not_found"


@given(st.text())
def test_what_is_typed_can_be_read_back(typed: str) -> None:
    if "://" not in typed and not any(sign in typed for sign in ("<@", "<#", "<!")):
        written = as_slack_writes(typed)
        assert html.unescape(written) == typed
        assert not set("<>") & set(written)


def test_links_and_mentions_are_marked() -> None:
    assert as_slack_writes("<@U1> a<b & https://x.y?a=1") == "<@U1> a&lt;b &amp; <https://x.y?a=1>"
