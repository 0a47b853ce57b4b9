"""Blocks within the limits of Block Kit are taken, others are refused."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.json import JSON
from tests.emulators.slack_calls import actions, button, plain, refused, section
from tests.emulators.slack_people import Person


def feedback(label: str, value: str) -> JSON:
    sides = {side: {"text": plain(label), "value": value} for side in ("positive_button", "negative_button")}
    return {"type": "feedback_buttons", "action_id": "feedback", **sides}


@pytest.mark.parametrize(
    "blocks",
    [
        [section("")],
        [section("x" * 3001)],
        [{"type": "section"}],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
        [{**section(), "accessory": button("x" * 76)}],
        [{**section(), "accessory": {"type": "static_select", "options": [{"text": plain("x"), "value": "x"}] * 101}}],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
        [{"type": "context", "elements": [plain("x" * 3001)]}],
        [{"type": "header", "text": plain("x" * 151)}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "context", "elements": [plain("x")] * 11}],
        [actions()],
        [actions(*(button(action_id=f"a{place}") for place in range(26)))],
        [actions(button(), button())],
        [actions(button("x" * 76))],
        [actions(button(value="x" * 2001))],
        [actions(button(action_id="x" * 256))],
        [actions(button(style="loud"))],
        [{"type": "markdown", "text": "x" * 6001}] * 2,
        [{"type": "markdown", "text": ""}],
        [{"type": "context_actions", "elements": [button()]}],
        [{"type": "context_actions", "elements": [{"type": "icon_button", "text": plain("x")}] * 6}],
        [{"type": "context_actions", "elements": [feedback("x" * 76, "v")]}],
        [{"type": "context_actions", "elements": [feedback("x", "")]}],
        [{"type": "context_actions", "elements": [feedback("x", "v" * 2001)]}],
        [{"type": "input", "label": plain("x"), "element": button("x" * 76)}],
        [{"type": "input", "label": plain("x" * 2001), "element": button()}],
        [{"type": "input", "label": plain("x"), "hint": plain("x" * 2001), "element": button()}],
        [{"type": "image", "image_url": "https://x.y/z.png"}],
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}],
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2,
        [{"type": "task_card", "task_id": "1", "title": "x", "status": "done"}],
        [{"type": "letter"}],
        [{**section(), "block_id": "b"}] * 2,
        [{**section(), "block_id": "x" * 256}],
        [{"type": "divider"}] * 51,
    ],
)
async def test_blocks_that_slack_does_not_take(client: AsyncWebClient, ann: Person, blocks: list[JSON]) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=ann.direct.id, text="x", blocks=blocks)
    assert caught.value.response["error"] == "invalid_blocks"
    assert "[json-pointer:/blocks" in str(caught.value.response["errors"]) or "already" in str(caught.value.response)
    assert ann.direct.messages == []


async def test_blocks_at_their_limits(client: AsyncWebClient, ann: Person) -> None:
    most = [actions(*(button("x" * 75, action_id=f"a{place}", value="v" * 2000) for place in range(25)))]
    most += [
        {"type": "header", "text": plain("x" * 150)},
        section("x" * 3000),
        {"type": "markdown", "text": "x" * 9000},
    ]
    await client.chat_postMessage(channel=ann.direct.id, text="x", blocks=most + [{"type": "divider"}] * 46)
    long = [section("x" * 3000)] * 5
    assert await refused(client.chat_postMessage(channel=ann.direct.id, text="x", blocks=long)) == "msg_blocks_too_long"
