"""The emulator's other side over HTTP does what its methods do."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.json import JSON
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_calls import actions, button, connected, plain, refused

Post = Callable[..., Awaitable[JSON]]


@pytest.fixture
async def session(slack: SlackEmulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"{slack.url}/control/") as session:
        yield session


@pytest.fixture
def post(session: aiohttp.ClientSession) -> Post:
    async def post(action: str, **said: JSON) -> JSON:
        async with session.post(action, json=said) as answer:
            return {"status": answer.status, **await answer.json()}

    return post


async def test_a_session_in_a_channel(
    slack: SlackEmulator, client: AsyncWebClient, session: aiohttp.ClientSession, post: Post
) -> None:
    ann = (await post("person", name="Ann", admin=True))["id"]
    bot = (await post("bot", name="Zed"))["id"]
    room = (await post("channel", name="kitchen", members=[ann]))["id"]
    root = (await post("say", person=ann, place=room, text="hello", files={"a.txt": base64.b64encode(b"x").decode()}))[
        "ts"
    ]
    reply = (await post("say", person=bot, place=room, text="beep", thread=root))["ts"]
    await post("edit", place=room, ts=root, text="hello!")
    await post("react", person=ann, place=room, ts=reply, name="eyes")
    card = (await client.chat_postMessage(channel=room, text="card", blocks=[actions(button())]))["ts"]
    pressed = (await post("press", person=ann, place=room, ts=card, button="Go"))["delivery"]
    async with session.get("deliveries") as answer:
        assert (await answer.json())[pressed]["payload"]["actions"][0]["action_id"] == "go"
    async with session.get("place", params={"place": room}) as answer:
        shown = await answer.json()
    assert [message["sender"] for message in shown] == ["Ann", "Zed", "Apprentice"]
    assert (shown[0]["text"], shown[0]["edits"], shown[0]["files"][0]["size"]) == ("hello!", 1, 1)
    assert (shown[1]["thread_ts"], shown[1]["reactions"][0]["name"]) == (root, "eyes")
    assert shown[2]["buttons"] == ["Go"]
    async with session.get("page", params={"place": room, "person": ann}) as answer:
        assert "<button" in await answer.text()
    async with session.get("calls") as answer:
        assert [call["method"] for call in await answer.json()] == ["chat.postMessage"]
    await post("unreact", person=ann, place=room, ts=reply, name="eyes")
    await post("delete", place=room, ts=reply)
    await post("remove", place=room)
    assert await refused(client.chat_postMessage(channel=room, text="x")) == "not_in_channel"
    await post("invite", place=room)
    await client.chat_postMessage(channel=room, text="x")
    await post("uninstall")
    assert await refused(client.auth_test()) == "account_inactive"


async def test_a_session_in_private(
    slack: SlackEmulator, client: AsyncWebClient, session: aiohttp.ClientSession, post: Post
) -> None:
    made = await post("person", name="Ann")
    ann, direct = made["id"], made["direct"]
    await post("home", person=ann)
    thread = (await post("assistant", person=ann))["thread"]
    await post("command", person=ann, command="/apprentice", text="help")
    trigger = slack.outbox.deliveries[-1].payload["trigger_id"]
    name = {"type": "plain_text_input", "action_id": "name"}
    blocks = [{"type": "input", "block_id": "b", "label": plain("Name"), "element": name}, actions(button())]
    view = {"type": "modal", "title": plain("Form"), "submit": plain("Save"), "blocks": blocks}
    await client.views_open(trigger_id=trigger, view={**view, "notify_on_close": True})
    async with session.get("view", params={"person": ann}) as answer:
        assert (await answer.json())["title"]["text"] == "Form"
    await post("press_view", person=ann, button="go")
    assert list(slack.users[ann].views[-1].filled({})) == ["b"]  # type: ignore[attr-defined] # a person's
    await post("submit", person=ann, values={"name": "Bo"})
    await post("close", person=ann)
    stream = await client.chat_startStream(channel=direct, thread_ts=thread, markdown_text="a")
    await post("stop_work", person=ann, place=direct, thread=thread)
    more = client.chat_appendStream(channel=direct, ts=stream["ts"], markdown_text="b")
    assert await refused(more) == "stopped_by_user"
    told = [delivery.payload for delivery in slack.outbox.deliveries]
    assert [payload.get("command") or payload.get("event", payload)["type"] for payload in told] == [
        *("app_home_opened", "assistant_thread_started", "/apprentice", "block_actions", "view_submission"),
        *("view_closed", "message", "agent_session_stopped"),
    ]


async def test_faults_and_troubles(slack: SlackEmulator, client: AsyncWebClient, post: Post) -> None:
    ann = await post("person", name="Ann")
    await post("fault", method="auth.test", kind="refuse", status=200, description="fatal_error")
    assert await refused(client.auth_test()) == "fatal_error"
    await post("events", late=60)
    assert slack.outbox.late == 60
    await post("events", twice=True, late=0)
    bob, eve = slack.person("Bob"), slack.person("Eve")
    bob.open_home()
    await post("events", twice=False, repeat=True)
    eve.open_home()
    async with connected(slack) as socket:
        assert [(await socket.event())["user"] for _ in range(4)] == [bob.id, bob.id, bob.id, eve.id]
        await post("events", reconnect=True)
        assert (await socket.next())["type"] == "disconnect"
        await post("events", drop=True)
        assert await socket.closed()
    assert (await post("shout"))["status"] == 404
    wrong = await post("press", person=ann["id"], place=ann["direct"], ts="1.2", button="Go")
    assert (wrong["status"], "No message 1.2" in wrong["error"]) == (400, True)
    assert (await post("post_to", url=f"{slack.url}/nowhere"))["status"] == 400
