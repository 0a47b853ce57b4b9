"""Telegram's requests are taken when they carry the secret, and answered when their event is committed."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import structlog

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.listening import HEADER, LARGEST_UPDATE
from adapters.telegram.webhook import Webhook
from bot.domain.chat import Event
from bot.errors import ConfigError
from tests.adapters.contract import PATIENCE, Inbox, receiving
from tests.adapters.telegram_harness import InstantClock, TelegramHarness, telegram_harness, telegram_webhook_harness
from tests.emulators.telegram_faults import Fault


@pytest.fixture
async def hooked() -> AsyncIterator[TelegramHarness]:
    async with telegram_webhook_harness() as harness:
        yield harness


async def listening(harness: TelegramHarness) -> str:
    """Wait until requests are taken; the secret that Telegram was told."""
    (given, *_) = await harness.telegram.wait_for(lambda: harness.telegram.called("setWebhook"))
    return str(given["secret_token"])


async def request(harness: TelegramHarness, body: bytes, secret: str, method: str = "POST", path: str = "") -> int:
    url = f"{hook(harness).url}{path}"
    async with aiohttp.request(method, url, data=body, headers={HEADER: secret}) as reply:
        return reply.status


def hook(harness: TelegramHarness) -> Webhook:
    assert harness.adapter._webhook is not None
    return harness.adapter._webhook


def update(harness: TelegramHarness, text: str = "hi") -> bytes:
    message = {"message_id": 5, "date": 1, "chat": harness.ann.direct.json(), "from": harness.ann.json(), "text": text}
    return json.dumps({"update_id": 1, "message": message}).encode()


async def test_telegram_is_told_where_and_what(hooked: TelegramHarness) -> None:
    async with receiving(hooked.adapter, Inbox().accept):
        secret = await listening(hooked)
    (given,) = hooked.telegram.called("setWebhook")
    assert given["url"] == hook(hooked).url
    assert given["allowed_updates"] == ["message", "callback_query", "message_reaction", "my_chat_member"]
    assert not given.get("drop_pending_updates")
    assert len(secret) >= 32
    assert secret not in hooked.telegram.token
    assert not hooked.telegram.called("getUpdates")


async def test_the_secret_is_the_same_after_a_restart_and_another_for_another_bot() -> None:
    hook = Webhook("https://bot.example/telegram", ("127.0.0.1", 1))
    assert hook.secret("1:a") == hook.secret("1:a")
    others = {hook.secret("1:a"), hook.secret("1:b"), Webhook("https://bot.example/other", hook.listen).secret("1:a")}
    assert len(others) == 3


async def test_what_waited_at_telegram_comes(hooked: TelegramHarness) -> None:
    for text in ("one", "two"):
        hooked.ann.say(text)
    inbox = Inbox()
    async with receiving(hooked.adapter, inbox.accept):
        await inbox.hears("one", "two")
        hooked.ann.say("three")
        await inbox.hears("three")
        await hooked.telegram.wait_for(lambda: len(hooked.telegram.webhooks.statuses) == 3)
    assert set(hooked.telegram.webhooks.statuses) == {200}


async def test_who_does_not_know_the_secret_is_refused(hooked: TelegramHarness) -> None:
    inbox = Inbox()
    async with receiving(hooked.adapter, inbox.accept):
        secret = await listening(hooked)
        for wrong in ("", "x", secret[:-1], secret.upper(), f"{secret}x", "ü" * 64):
            assert await request(hooked, update(hooked), wrong) == 403
        assert inbox.offered == []
        assert await request(hooked, update(hooked), secret) == 200
        await inbox.hears("hi")


async def test_other_paths_methods_and_sizes_are_refused(hooked: TelegramHarness) -> None:
    inbox = Inbox()
    async with receiving(hooked.adapter, inbox.accept):
        secret = await listening(hooked)
        assert await request(hooked, update(hooked), secret, path="/more") == 404
        assert await request(hooked, b"", secret, method="GET") == 405
        assert await request(hooked, update(hooked), secret, method="PUT") == 405
        assert await request(hooked, update(hooked, "x" * LARGEST_UPDATE), secret) == 413
        for body in (b"", b"{", b"\xff\xfe"):
            assert await request(hooked, body, secret) == 400
    assert inbox.offered == []


async def test_what_is_no_update_holds_up_nothing(hooked: TelegramHarness) -> None:
    inbox = Inbox()
    async with receiving(hooked.adapter, inbox.accept):
        secret = await listening(hooked)
        for body in (b"{}", b"[]", b"null", b'"x"', b'{"update_id": 1, "message": 7}', b'{"update_id": {}}'):
            assert await request(hooked, body, secret) == 200
        hooked.ann.say("hi")
        await inbox.hears("hi")


async def test_a_store_that_takes_nothing_lets_telegram_come_again(hooked: TelegramHarness) -> None:
    inbox = Inbox(refusals=2)
    async with receiving(hooked.adapter, inbox.accept):
        hooked.ann.say("hi")
        await inbox.hears("hi")
        await hooked.telegram.wait_for(lambda: 200 in hooked.telegram.webhooks.statuses)
    assert hooked.telegram.webhooks.statuses == [503, 503, 200]
    assert not hooked.telegram.updates.pending


async def test_a_bug_behind_accept_lets_telegram_come_again(hooked: TelegramHarness) -> None:
    taken, bugs = Inbox(), [RuntimeError("a bug")]

    async def accept(event: Event) -> None:
        if bugs:
            raise bugs.pop()
        await taken.accept(event)

    async with receiving(hooked.adapter, accept):
        hooked.ann.say("hi")
        await taken.hears("hi")
    assert hooked.telegram.webhooks.statuses[0] == 500


@pytest.mark.parametrize("kind", ["drop", "lose"])
async def test_a_request_that_gets_lost_comes_again_as_the_same_event(hooked: TelegramHarness, kind: str) -> None:
    hooked.telegram.fault("webhook", Fault(kind))  # type: ignore[arg-type]  # one of its literals
    inbox = Inbox()
    async with receiving(hooked.adapter, inbox.accept):
        hooked.ann.say("first")
        hooked.ann.say("second")
        await inbox.hears(*(["first"] if kind == "drop" else ["first", "first"]), "second")
    assert len({event.key for event in inbox.offered}) == 2


async def test_a_telegram_that_cannot_be_told_is_told_again(hooked: TelegramHarness) -> None:
    for fault in (Fault("refuse", 502), Fault("refuse", 400, "Bad Request: bad webhook: Failed to resolve host")):
        hooked.telegram.fault("setWebhook", fault)
    inbox = Inbox()
    with structlog.testing.capture_logs() as lines:
        async with receiving(hooked.adapter, inbox.accept):
            hooked.ann.say("hi")
            await inbox.hears("hi")
    stopped = [line["error"] for line in lines if line["event"] == "telegram.receiving_stopped"]
    assert "failed to resolve host" in stopped[1]
    assert hooked.clock.pauses == [1, 2]


async def test_polling_takes_over_from_a_webhook_and_loses_nothing() -> None:
    async with telegram_webhook_harness() as harness:
        inbox = Inbox()
        async with receiving(harness.adapter, inbox.accept):
            await listening(harness)
        assert harness.telegram.updates.webhook, "what comes until the next start must wait at Telegram"
        harness.ann.say("meanwhile")
        async with (
            TelegramAdapter(harness.telegram.token, harness.telegram.base_url, (), InstantClock()) as polling,
            receiving(polling, inbox.accept),
        ):
            await inbox.hears("meanwhile")
        assert not harness.telegram.updates.webhook


async def test_a_port_that_is_taken_is_named(hooked: TelegramHarness) -> None:
    async with telegram_harness(webhook=hook(hooked)) as second, receiving(hooked.adapter, Inbox().accept):
        await listening(hooked)
        with pytest.raises(ConfigError, match="TELEGRAM_WEBHOOK_LISTEN"):
            await asyncio.wait_for(second.adapter.run(Inbox().accept), PATIENCE)
        assert not second.telegram.called("setWebhook")


async def test_a_wrong_token_ends_with_a_sentence() -> None:
    hook = Webhook("http://127.0.0.1:1/", ("127.0.0.1", 0))
    async with telegram_harness(token="42:wrong", webhook=hook) as harness:
        with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN"):
            await asyncio.wait_for(harness.adapter.run(Inbox().accept), PATIENCE)


@pytest.mark.parametrize(
    "url",
    ["http://bot.example/", "https://bot.example:8080/", "bot.example", "https:///x", "https://bot.example:x/", ""],
)
def test_an_address_that_telegram_does_not_call_is_a_setting_to_mend(url: str) -> None:
    with pytest.raises(ConfigError, match="TELEGRAM_WEBHOOK_URL"):
        TelegramAdapter("42:x", None, (), InstantClock(), webhook=Webhook(url, ("127.0.0.1", 0)))


@pytest.mark.parametrize("url", ["https://bot.example", "https://bot.example:8443/a/b?c=1", "https://bot.example:443/"])
async def test_addresses_that_telegram_calls(url: str) -> None:
    async with TelegramAdapter("42:x", None, (), InstantClock(), webhook=Webhook(url, ("127.0.0.1", 0))):
        pass
