"""Bolt, the SDK that adapters are written with, works against the emulator over websockets and over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from adapters.serving import Site
from bot.domain.json import JSON
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_calls import actions, button, plain
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Place


def new_app(client: AsyncWebClient, **more: Any) -> AsyncApp:
    """An app with a command that answers, a button that opens a modal, and a form that is not taken at once."""
    app = AsyncApp(client=client, **more)

    @app.event("app_mention")
    async def greet(event: JSON) -> None:
        blocks = [actions(button(value="7"))]
        await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="hello", blocks=blocks)

    @app.event("message")
    async def hear() -> None:
        """Acknowledged, and that is all."""

    @app.command("/apprentice")
    async def command(ack: AsyncAck, respond: AsyncRespond, body: JSON) -> None:
        await ack(f"you said {body['text']}")
        await respond(text="and later this", response_type="in_channel")

    @app.action("go")
    async def pressed(ack: AsyncAck, body: JSON) -> None:
        await ack()
        name = {"type": "plain_text_input", "action_id": "name"}
        blocks = [{"type": "input", "block_id": "b", "label": plain("Name"), "element": name}]
        view = {"type": "modal", "callback_id": "form", "title": plain("Form"), "submit": plain("Save")}
        await client.views_open(trigger_id=body["trigger_id"], view={**view, "blocks": blocks})

    @app.view("form")
    async def submitted(ack: AsyncAck, view: JSON) -> None:
        value = view["state"]["values"]["b"]["name"]["value"]
        await (ack() if value else ack(response_action="errors", errors={"b": "say it"}))

    return app


@asynccontextmanager
async def over_websockets(slack: SlackEmulator, client: AsyncWebClient) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(new_app(client), slack.app_token, ping_interval=0.05)
    await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it without types
    yield
    await handler.close_async()  # type: ignore[no-untyped-call] # as above


@asynccontextmanager
async def over_http(slack: SlackEmulator, client: AsyncWebClient) -> AsyncIterator[None]:
    runner = web.AppRunner(new_app(client, signing_secret=slack.signing_secret).server(0).web_app, access_log=None)
    await runner.setup()
    await Site(runner, "127.0.0.1", 0).start()
    await slack.post_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    yield
    await runner.cleanup()


@pytest.mark.parametrize("delivered", [over_websockets, over_http])
async def test_a_persons_session(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, room: Place, delivered: Any
) -> None:
    async with delivered(slack, client):
        asked = ann.say(room, f"{slack.bot.mention} hello")
        answer = await slack.wait_for(lambda: next((m for m in room.messages if m.buttons), None))
        assert (answer.thread_ts, answer.text) == (asked.ts, "hello")
        ann.press(answer, "Go")
        view = await slack.wait_for(lambda: next(iter(ann.views), None))
        ann.submit(view)
        await slack.wait_for(lambda: view.errors == {"b": "say it"})
        ann.submit(view, {"name": "Bo"})
        await slack.wait_for(lambda: not ann.views)
        ann.command("/apprentice", "skills", room)
        await slack.wait_for(lambda: len(room.messages) == 4)
        assert {message.text: message.only_for for message in room.messages[2:]} == {
            "you said skills": ann,
            "and later this": None,
        }
        await slack.wait_for(lambda: all(delivery.acknowledged for delivery in slack.outbox.deliveries))


async def test_bolt_follows_slack_to_a_new_connection(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, room: Place
) -> None:
    async with over_websockets(slack, client):
        first = slack.sockets.connections[0]
        slack.sockets.ask_to_reconnect()
        await slack.wait_for(lambda: slack.sockets.connections and first not in slack.sockets.connections)
        ann.say(room, f"{slack.bot.mention} hello")
        await slack.wait_for(lambda: room.messages[-1].sender is slack.bot)


async def test_bolt_never_acknowledges_what_nobody_listens_to(client: AsyncWebClient) -> None:
    async with SlackEmulator(retry_after=(0, 0, 0), ack_seconds=0.05) as slack:
        client.base_url = slack.api_url
        async with over_websockets(slack, client):
            slack.person("Ann").open_home()
            await slack.wait_for(lambda: slack.outbox.deliveries[0].given_up)
            assert slack.outbox.deliveries[0].attempts == 4


async def test_bolt_refuses_what_slack_did_not_sign(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    async with over_http(slack, client):
        slack.outbox.transport._secret = "another"  # type: ignore[attr-defined] # as a forger would
        ann.say(ann.direct, "hello")
        await slack.wait_for(lambda: slack.outbox.deliveries[0].given_up)
        assert slack.outbox.deliveries[0].failures == ["http_error"] * 4
