"""Socket Mode and signed requests, as docs.slack.dev describes them, and the events that go over them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from adapters.serving import Site
from tests.emulators import slack_faults as faults
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_calls import connected
from tests.emulators.slack_people import Person


@asynccontextmanager
async def hasty() -> AsyncIterator[tuple[SlackEmulator, Person]]:
    """Who does not acknowledge gets it again after 50 ms."""
    async with SlackEmulator(retry_after=(0, 0, 0), ack_seconds=0.05) as slack:
        yield slack, slack.person("Ann")


async def test_what_is_not_acknowledged_comes_three_times_more() -> None:
    async with hasty() as (slack, ann), connected(slack) as socket:
        ann.say(ann.direct, "hello")
        envelopes = [await socket.next() for _ in range(4)]
        assert [envelope["retry_attempt"] for envelope in envelopes] == [0, 1, 2, 3]
        assert [envelope["retry_reason"] for envelope in envelopes] == ["", "timeout", "timeout", "timeout"]
        assert len({envelope["envelope_id"] for envelope in envelopes}) == 4
        assert len({envelope["payload"]["event_id"] for envelope in envelopes}) == 1
        await slack.wait_for(lambda: slack.outbox.deliveries[0].given_up)


async def test_an_acknowledged_event_does_not_come_again(slack: SlackEmulator, ann: Person) -> None:
    async with connected(slack) as socket:
        ann.say(ann.direct, "one")
        assert (await socket.event())["text"] == "one"
        await slack.wait_for(lambda: slack.outbox.deliveries[0].acknowledged)
        ann.say(ann.direct, "two")
        assert (await socket.event())["text"] == "two"


async def test_events_wait_for_a_connection_in_order_and_clicks_do_not(slack: SlackEmulator, ann: Person) -> None:
    for text in "abc":
        ann.say(ann.direct, text)
    command = ann.command("/apprentice", "help", ann.direct)
    await slack.wait_for(lambda: command.given_up)
    assert 'failed with the error "dispatch_failed"' in ann.direct.seen_by(ann)[-1].text
    async with connected(slack) as socket:
        assert [(await socket.event())["text"] for _ in range(3)] == ["a", "b", "c"]


async def test_a_closed_socket_leaves_its_events_to_the_next(slack: SlackEmulator, ann: Person) -> None:
    async with connected(slack) as first:
        ann.say(ann.direct, "hello")
        await first.next()
        slack.sockets.drop()
        assert await first.closed()
    async with connected(slack) as second:
        envelope = await second.next()
        assert (envelope["retry_attempt"], envelope["retry_reason"]) == (1, "connection_failed")


async def test_connections_take_turns_and_a_leaving_one_gets_nothing(slack: SlackEmulator, ann: Person) -> None:
    async with connected(slack) as first, connected(slack) as second:
        for text in "abcd":
            ann.say(ann.direct, text)
        texts = [[(await socket.event())["text"] for _ in range(2)] for socket in (first, second)]
        assert texts == [["a", "c"], ["b", "d"]]
        slack.sockets.ask_to_reconnect()
        for socket in (first, second):
            told = await socket.next()
            assert (told["type"], told["reason"]) == ("disconnect", "refresh_requested")
        ann.say(ann.direct, "later")
        async with connected(slack) as third:
            assert (await third.event())["text"] == "later"


async def test_a_ticket_opens_one_connection_and_ten_are_the_most(slack: SlackEmulator) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        await stack.enter_async_context(session.ws_connect(url))
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
        await slack.wait_for(lambda: slack.sockets.connections)
        for _ in range(9):
            await stack.enter_async_context(connected(slack))
        url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
        async with session.ws_connect(url) as eleventh:
            assert (await eleventh.receive_json())["reason"] == "too_many_websockets"


async def test_no_connection_without_the_app_token(slack: SlackEmulator) -> None:
    slack.fault("apps.connections.open", faults.refused("internal_error"))
    client = AsyncWebClient(base_url=slack.api_url)
    for token in (slack.app_token, "xapp-other"):
        with pytest.raises(SlackApiError):
            await client.apps_connections_open(app_token=token)


async def test_doubled_events(slack: SlackEmulator, ann: Person) -> None:
    async with connected(slack) as socket:
        slack.outbox.twice = True
        ann.say(ann.direct, "hello")
        first, second = await socket.next(), await socket.next()
        assert first["payload"] == second["payload"]
        slack.outbox.twice = False
        slack.outbox.repeat()
        assert (await socket.next())["payload"]["event_id"] == first["payload"]["event_id"]


async def test_a_late_event_comes_after_the_next(slack: SlackEmulator, ann: Person) -> None:
    async with connected(slack) as socket:
        slack.outbox.late = 0.1
        ann.say(ann.direct, "one")
        await asyncio.sleep(0)  # it has begun
        slack.outbox.late = 0
        ann.say(ann.direct, "two")
        assert [(await socket.event())["text"] for _ in range(2)] == ["two", "one"]


async def test_a_mention_is_two_events_of_one_message(slack: SlackEmulator, ann: Person) -> None:
    room = slack.channel("kitchen", ann)
    async with connected(slack) as socket:
        said = ann.say(room, f"{slack.bot.mention} hello")
        envelopes = [await socket.next(), await socket.next()]
        events = [envelope["payload"]["event"] for envelope in envelopes]
        assert [event["type"] for event in events] == ["message", "app_mention"]
        assert [event["ts"] for event in events] == [said.ts, said.ts]
        assert len({envelope["payload"]["event_id"] for envelope in envelopes}) == 2
        ann.say(ann.direct, f"{slack.bot.mention} hello")
        slack.bot.say(room, f"I am {slack.bot.mention}")
        assert [(await socket.next())["payload"]["event"]["type"] for _ in range(2)] == ["message", "message"]


async def test_what_a_bot_gets_to_know(slack: SlackEmulator, ann: Person) -> None:
    room, closed = slack.channel("kitchen", ann), slack.channel("cellar", ann, private=True, bot=False)
    several = slack.group_chat(ann, slack.person("Bob"))
    said = ann.say(room, "one")
    ann.say(closed, "unheard")
    ann.say(several, "all of us")
    ann.say(room, "two", thread=said)
    ann.edit(said, "one!")
    slack.unfurl(said)
    ann.react(said, "thumbsup")
    ann.unreact(said, "thumbsup")
    ann.delete(said)
    slack.other_bot("Zed").say(room, "beep")
    slack.other_bot("Old").say(room, "boop", classic=True)
    slack.invite_bot(closed, ann)
    slack.remove_bot(room)
    slack.remove_bot(closed)
    ann.open_home()
    thread = ann.open_assistant(room)
    ann.look_at(room, thread)
    ann.say(ann.direct, "hi", thread=thread)
    slack.uninstall()
    ann.say(ann.direct, "unheard")
    async with connected(slack) as socket:
        told = [await socket.event() for _ in slack.outbox.deliveries]
    names = [event["type"] + (f".{event['subtype']}" if "subtype" in event else "") for event in told]
    assert names == [
        *("message", "message", "message", "message.message_changed", "message.message_changed", "reaction_added"),
        *("reaction_removed", "message.message_changed", "message", "message.bot_message", "member_joined_channel"),
        *("message.group_join", "channel_left", "group_left", "app_home_opened", "assistant_thread_started"),
        *("assistant_thread_context_changed", "message", "tokens_revoked", "app_uninstalled"),
    ]
    assert [event["channel_type"] for event in told[:3]] == ["channel", "mpim", "channel"]
    assert (told[2]["thread_ts"], told[2]["parent_user_id"]) == (said.ts, ann.id)
    assert (told[3]["message"]["text"], told[3]["previous_message"]["text"]) == ("one!", "one")
    assert ("edited" in told[3]["message"], told[4]["message"]["attachments"][0]["id"]) == (True, 1)
    assert told[7]["message"]["subtype"] == "tombstone"
    assert (told[8]["bot_id"][0], "user" in told[8], "user" in told[9]) == ("B", True, False)
    assert (told[10]["user"], told[10]["inviter"]) == (slack.bot_user, ann.id)
    assert told[15]["assistant_thread"]["context"]["channel_id"] == room.id
    assert (told[17]["thread_ts"], told[17]["channel_type"]) == (thread, "im")


async def test_only_what_was_subscribed_to_and_is_allowed_comes() -> None:
    async with SlackEmulator(events=["message.im", "app_mention"], scopes=["im:history"]) as slack:
        ann = slack.person("Ann")
        ann.say(slack.channel("kitchen", ann), f"{slack.bot.mention} hello")
        ann.say(ann.direct, "hello")
        ann.open_home()
        assert [delivery.payload["event"]["channel"] for delivery in slack.outbox.deliveries] == [ann.direct.id]
    async with SlackEmulator(events=["message.channels", "reaction_removed"], scopes=["channels:history"]) as slack:
        ann = slack.person("Ann")
        said = ann.say(slack.channel("kitchen", ann), "hello")
        ann.react(said, "eyes")
        ann.unreact(said, "eyes")
        assert [delivery.payload["event"]["type"] for delivery in slack.outbox.deliveries] == ["message"]


class Receiver:
    """An app's Request URL. `refusals`: statuses to answer before it takes anything."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[web.Request, str]] = []
        self.refusals: list[int] = []
        self.slow = asyncio.Event()
        self.slow.set()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.requests.append((request, body))
        await self.slow.wait()
        if self.refusals:
            return web.Response(status=self.refusals.pop(0))
        if "challenge" in body:
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        return web.json_response({"text": "fine"} if "command=" in body else {})

    def header(self, name: str) -> list[str | None]:
        return [request.headers.get(name) for request, _ in self.requests]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/slack/events", receiver.answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    await Site(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield receiver
    await runner.cleanup()


async def test_requests_are_signed_and_refused_ones_come_again(
    slack: SlackEmulator, ann: Person, receiver: Receiver
) -> None:
    await slack.post_to(receiver.url)
    receiver.refusals = [500, 403]
    ann.say(ann.direct, "hello")
    await slack.wait_for(lambda: slack.outbox.deliveries[0].acknowledged)
    assert receiver.header("X-Slack-Retry-Num") == [None, None, "1", "2"]
    assert receiver.header("X-Slack-Retry-Reason") == [None, None, "http_error", "http_error"]
    verifier = SignatureVerifier(slack.signing_secret)
    for request, body in receiver.requests:
        assert verifier.is_valid_request(body, dict(request.headers))
        assert not verifier.is_valid_request(body + " ", dict(request.headers))


async def test_a_slow_answer_is_none(receiver: Receiver) -> None:
    async with SlackEmulator(http=receiver.url, retry_after=(0,), ack_seconds=0.05) as slack:
        ann = slack.person("Ann")
        receiver.slow.clear()
        ann.say(ann.direct, "hello")
        await slack.wait_for(lambda: slack.outbox.deliveries[0].given_up)
        assert slack.outbox.deliveries[0].failures == ["http_timeout", "http_timeout"]


async def test_commands_and_clicks_are_forms(slack: SlackEmulator, ann: Person, receiver: Receiver) -> None:
    await slack.post_to(receiver.url)
    ann.command("/apprentice", "skills", ann.direct)
    await slack.wait_for(lambda: ann.direct.messages)
    form = await receiver.requests[-1][0].post()
    assert (form["command"], form["text"], form["channel_name"]) == ("/apprentice", "skills", "directmessage")
    shown = ann.direct.messages[0]
    assert (shown.text, shown.only_for) == ("fine", ann)


async def test_a_url_that_fails_the_challenge_is_not_taken(slack: SlackEmulator, receiver: Receiver) -> None:
    receiver.refusals = [404]
    with pytest.raises(ValueError, match="did not answer the challenge: 'http_error'"):
        await slack.post_to(receiver.url)
    assert slack.outbox.transport is slack.sockets
