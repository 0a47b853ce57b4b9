"""HTTP events: what Slack signed just now is taken, and nothing else."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import pytest

from adapters.slack.http_events import PATH
from adapters.slack.receiving import PAUSES
from bot.domain.chat import ButtonClicked, Outgoing
from bot.errors import ConfigError
from tests.adapters.contract import BUTTONS, PATIENCE, Inbox, receiving
from tests.adapters.slack_harness import SlackHarness, slack_http_harness
from tests.emulators.slack_delivery import signed

EVENT = {"type": "event_callback", "event": {"type": "message", "channel_type": "im", "channel": "D1", "ts": "1.5"}}
EVENT["event"] |= {"user": "U1", "text": "hi"}


@pytest.fixture
async def http() -> AsyncIterator[SlackHarness]:
    async with slack_http_harness() as harness:
        yield harness


async def posted(harness: SlackHarness, body: str, headers: dict[str, str], path: str = PATH) -> tuple[int, str]:
    host, port = harness.adapter._credentials.listen
    url = f"http://{host}:{port}{path}"
    async with aiohttp.request("POST", url, data=body, headers=headers) as reply:
        return reply.status, await reply.text()


def headers(body: str, secret: str, age: int = 0, kind: str = "application/json") -> dict[str, str]:
    return signed(body, secret, int(time.time()) - age) | {"Content-Type": kind}


async def test_signature_and_age_are_checked(http: SlackHarness) -> None:
    body, inbox, secret = json.dumps(EVENT), Inbox(), http.slack.signing_secret
    refused = [
        {"Content-Type": "application/json"},
        headers(body, "wrong"),
        headers(body + " ", secret),
        headers(body, secret, age=301),
        headers(body, secret) | {"X-Slack-Signature": "v0="},
        headers(body, secret) | {"X-Slack-Request-Timestamp": str(int(time.time()) + 1)},
    ]
    async with receiving(http.adapter, inbox.accept):
        await http.listening()
        for given in refused:
            assert (await posted(http, body, given))[0] == 401
        assert inbox.offered == []
        assert (await posted(http, body, headers(body, secret, age=240)))[0] == 200
        await inbox.hears("hi")


async def test_the_challenge_is_answered(http: SlackHarness) -> None:
    async with receiving(http.adapter, Inbox().accept):
        await http.listening()
        host, port = http.adapter._credentials.listen
        await http.slack.post_to(f"http://{host}:{port}{PATH}")


async def test_other_paths_and_methods_are_not_served(http: SlackHarness) -> None:
    body = json.dumps(EVENT)
    async with receiving(http.adapter, Inbox().accept):
        await http.listening()
        assert (await posted(http, body, headers(body, http.slack.signing_secret), "/"))[0] == 404


async def test_a_store_that_takes_nothing_is_an_error_for_slack(http: SlackHarness) -> None:
    body, inbox = json.dumps(EVENT), Inbox(refusals=1 + len(PAUSES))
    async with receiving(http.adapter, inbox.accept):
        await http.listening()
        assert (await posted(http, body, headers(body, http.slack.signing_secret)))[0] == 500
        assert (await posted(http, body, headers(body, http.slack.signing_secret)))[0] == 200
        await inbox.hears("hi")


async def test_commands_and_clicks_come_as_forms(http: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(http.adapter, inbox.accept):
        await http.listening()
        done = http.ann.command("/apprentice", "skills", http.ann.direct)
        await inbox.hears("/skills")
        await http.adapter.send(Outgoing(http.conversation, "Well?", BUTTONS), 0)
        await http.press("Details")
        click = await inbox.take()
        await http.slack.wait_for(lambda: all(sent.acknowledged for sent in http.slack.outbox.deliveries))
    assert isinstance(click, ButtonClicked)
    assert click.button == "d1"
    assert done.answer is None, "the answer is a message, not the acknowledgement"


async def test_a_body_that_is_nothing_is_refused_or_ignored(http: SlackHarness) -> None:
    kinds = {"application/json": ("", "{", "[]", "3"), "application/x-www-form-urlencoded": ("", urlencode({"a": 1}))}
    inbox = Inbox()
    async with receiving(http.adapter, inbox.accept):
        await http.listening()
        for kind, bodies in kinds.items():
            for body in bodies:
                await posted(http, body, headers(body, http.slack.signing_secret, kind=kind))
        await http.say("hi")
        await inbox.hears("hi")


async def test_a_port_that_is_taken_is_named() -> None:
    async with slack_http_harness() as first, slack_http_harness() as second:
        second.adapter._credentials = first.adapter._credentials
        async with receiving(first.adapter, Inbox().accept):
            await first.listening()
            with pytest.raises(ConfigError, match="SLACK_LISTEN"):
                await asyncio.wait_for(second.adapter.run(Inbox().accept), PATIENCE)
