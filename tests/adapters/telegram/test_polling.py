"""Polling outlives what goes wrong, loses nothing, and ends only with a token that is refused."""

import asyncio
import traceback

import pytest
import structlog
from telegram.error import TelegramError

from adapters.telegram.polling import BotApiRequest, PollRequest
from bot.domain.chat import Event
from bot.errors import ConfigError
from tests.adapters.contract import PATIENCE, Inbox, receiving
from tests.adapters.telegram_harness import TelegramHarness, telegram_harness
from tests.emulators.telegram_faults import Fault


@pytest.mark.parametrize("token", ["42:wrong", "nonsense", "../a"])
async def test_a_wrong_token_ends_with_a_sentence(token: str) -> None:
    with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN") as raised:
        async with telegram_harness(token=token) as harness:
            await asyncio.wait_for(harness.adapter.run(Inbox().accept), PATIENCE)
    assert token not in "".join(traceback.format_exception(raised.value))


async def test_a_token_that_is_revoked_ends_with_a_sentence(harness: TelegramHarness) -> None:
    harness.telegram.fault("getUpdates", Fault("refuse", 401, "Unauthorized"))
    with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN"):
        await asyncio.wait_for(harness.adapter.run(Inbox().accept), PATIENCE)


async def test_a_start_that_fails_is_tried_again_with_growing_pauses(harness: TelegramHarness) -> None:
    inbox = Inbox()
    for fault in (Fault("refuse", 502, "Bad Gateway"), Fault("drop"), Fault("garble")):
        harness.telegram.fault("getMe", fault)
    harness.telegram.fault("deleteWebhook", Fault("refuse", 500, "Internal Server Error"), times=4)
    harness.ann.say("hi")
    async with receiving(harness.adapter, inbox.accept):
        await inbox.hears("hi")
    assert harness.clock.pauses == [1, 2, 4, 8, 16, 30, 30]


async def test_little_stands_before_the_first_poll(harness: TelegramHarness) -> None:
    async with receiving(harness.adapter, Inbox().accept):
        await harness.telegram.wait_for(lambda: harness.telegram.called("getUpdates"))
        before = [call.method for call in harness.telegram.calls]
    assert set(before) - {"getMyCommands", "setMyCommands"} == {"getMe", "deleteWebhook", "getUpdates"}
    wanted = ["message", "callback_query", "message_reaction", "my_chat_member"]
    assert harness.telegram.called("getUpdates")[0]["allowed_updates"] == wanted


async def test_what_was_taken_is_confirmed_at_the_end(harness: TelegramHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("hi")
        await inbox.hears("hi")
    assert not harness.telegram.updates.pending


async def test_a_store_that_takes_nothing_leaves_polling_alive(harness: TelegramHarness) -> None:
    inbox = Inbox(refusals=1)
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("hi")
        await inbox.hears("hi")
    assert not harness.clock.pauses, "polling was begun anew"


async def test_a_bug_behind_accept_kills_polling_which_is_noticed_and_begun_again(harness: TelegramHarness) -> None:
    taken = Inbox()
    bugs = [RuntimeError("a bug"), KeyError("another")]

    async def accept(event: Event) -> None:
        if bugs:
            raise bugs.pop(0)
        await taken.accept(event)

    with structlog.testing.capture_logs() as lines:
        async with receiving(harness.adapter, accept):
            harness.ann.say("first")
            harness.ann.say("second")
            await taken.hears("first", "second")
    stopped = [line["error"] for line in lines if line["event"] == "telegram.receiving_stopped"]
    assert stopped == ["RuntimeError('a bug')", "KeyError('another')"]


async def test_another_poller_is_told_of_and_outlived(harness: TelegramHarness) -> None:
    inbox = Inbox()
    harness.telegram.fault("getUpdates", Fault("refuse", 409, "Conflict: terminated by other getUpdates request"))
    with structlog.testing.capture_logs() as lines:
        async with receiving(harness.adapter, inbox.accept):
            harness.ann.say("hi")
            await inbox.hears("hi")
    (told,) = [line for line in lines if line["event"] == "telegram.another_poller"]
    assert "Another process" in told["advice"]


@pytest.mark.parametrize("kind", ["drop", "lose", "garble"])
async def test_a_poll_without_an_answer_loses_nothing(harness: TelegramHarness, kind: str) -> None:
    inbox = Inbox()
    harness.telegram.fault("getUpdates", Fault(kind))  # type: ignore[arg-type]  # one of its literals
    harness.ann.say("first")
    async with receiving(harness.adapter, inbox.accept):
        await inbox.hears("first")
        harness.ann.say("second")
        await inbox.hears("second")
    assert len(inbox.offered) == 2


async def test_an_update_delivered_twice_is_the_same_event(harness: TelegramHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("first")
        await inbox.hears("first")
        await harness.telegram.wait_for(lambda: harness.telegram.updates.confirmed)
        harness.telegram.updates.repeat()
        await inbox.hears("first")
    assert inbox.offered[0] == inbox.offered[1]


async def test_a_webhook_that_was_left_behind_is_removed(harness: TelegramHarness) -> None:
    harness.telegram.updates.set_webhook("https://example.com/hook")
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("hi")
        await inbox.hears("hi")


async def test_a_hundred_waiting_updates_and_more_come_in_order(harness: TelegramHarness) -> None:
    texts = [f"m{place}" for place in range(250)]
    for text in texts:
        harness.ann.say(text)
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await inbox.hears(*texts)
    assert len(inbox.offered) == 250


async def test_the_end_does_not_wait_for_a_server_that_is_silent(harness: TelegramHarness) -> None:
    harness.telegram.fault("getMe", Fault("slow", seconds=60))
    async with receiving(harness.adapter, Inbox().accept):
        await harness.telegram.wait_for(lambda: harness.telegram.called("getMe"))


NO_ANSWERS = [b"", b"<html>", b"[]", b"3", b"null", b"{}", b'{"ok": true}', b'{"ok": false}', b"\xff"]
NO_UPDATES = [
    b'{"result": true}',
    b'{"result": {}}',
    b'{"result": [3]}',
    b'{"result": [{}]}',
    b'{"result": [{"update_id": "1"}]}',
]


@pytest.mark.parametrize("payload", NO_ANSWERS)
def test_what_is_no_answer_of_the_bot_api_is_an_error_to_wait_out(payload: bytes) -> None:
    with pytest.raises(TelegramError):
        BotApiRequest.parse_json_payload(payload)


@pytest.mark.parametrize("payload", NO_ANSWERS + NO_UPDATES)
def test_what_is_no_list_of_updates_is_an_error_to_wait_out(payload: bytes) -> None:
    with pytest.raises(TelegramError):
        PollRequest.parse_json_payload(payload)
