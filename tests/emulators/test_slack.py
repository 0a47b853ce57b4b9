"""The emulator keeps the rules of Slack's documentation, and the real SDK works against it."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.json import JSON
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_people import Person


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as slack:
        yield slack


@pytest.fixture
def client(slack: SlackEmulator) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def ann(slack: SlackEmulator) -> Person:
    return slack.person("Ann")


async def refused(call: JSON) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_bolt_over_socket_mode(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    app = AsyncApp(client=client)
    seen: list[JSON] = []

    @app.event("message")
    async def heard(event: JSON) -> None:
        seen.append(event)

    @app.event("app_mention")
    async def called(event: JSON) -> None:
        seen.append(event)

    @app.action("go")
    async def pressed(ack: JSON, body: JSON) -> None:
        await ack()
        seen.append(body)

    handler = AsyncSocketModeHandler(app, slack.app_token, web_client=client)
    handler.client.web_client = client
    await handler.connect_async()
    room = slack.channel("kitchen", ann)
    ann.say(room, f"{slack.bot.mention} a < b")
    await slack.wait_for(lambda: all(d.acknowledged for d in slack.outbox.deliveries) and len(seen) == 2)
    assert [event["type"] for event in seen] == ["message", "app_mention"]
    assert seen[0]["ts"] == seen[1]["ts"]
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "elements": [button]}]
    await client.chat_postMessage(channel=room.id, text="hi", blocks=blocks)
    ann.press(room.messages[-1], "Go")
    await slack.wait_for(lambda: len(seen) == 3)
    await handler.close_async()
