"""Updates are brought to a webhook until they are taken, those of a chat one after the other."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from adapters.serving import Site
from bot.domain.json import JSON
from tests.emulators.telegram_bot import Bot, telegram_bot
from tests.emulators.telegram_faults import Fault
from tests.ports import kept_port


class Receiver:
    """Where updates are brought to: what came and the secret it came with; `answers` are the next statuses."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str]] = []
        self.answers: dict[str, list[int]] = {}
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        update: JSON = await request.json()
        text = update["message"]["text"]
        self.came.append((text, request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")))
        answers = self.answers.get(text, [])
        return web.Response(status=answers.pop(0) if answers else 200)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await Site(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with telegram_bot() as bot:
        yield bot


async def taken(bot: Bot) -> None:
    await bot.telegram.wait_for(lambda: not bot.telegram.updates.pending)


async def test_updates_are_brought_with_the_secret(bot: Bot, receiver: Receiver) -> None:
    ann = bot.telegram.person("Ann")
    ann.say("before")
    await bot.call("setWebhook", url=receiver.url, secret_token="s3cret")
    ann.say("after")
    await taken(bot)
    assert receiver.came == [("before", "s3cret"), ("after", "s3cret")]
    assert "409" in await bot.refused("getUpdates")
    assert (await bot.call("getWebhookInfo"))["result"]["url"] == receiver.url


async def test_what_is_not_taken_comes_again_and_holds_up_its_chat_alone(bot: Bot, receiver: Receiver) -> None:
    ann, ben = bot.telegram.person("Ann"), bot.telegram.person("Ben")
    receiver.answers["a1"] = [500, 403, 302]
    await bot.call("setWebhook", url=receiver.url)
    ann.say("a1")
    ann.say("a2")
    ben.say("b1")
    await taken(bot)
    came = [text for text, _ in receiver.came]
    assert [text for text in came if text != "b1"] == ["a1"] * 4 + ["a2"]
    assert came.index("b1") < came.index("a2")
    assert "Wrong response" in (await bot.call("getWebhookInfo"))["result"]["last_error_message"]


@pytest.mark.parametrize(("kind", "came"), [("drop", ["a"]), ("lose", ["a", "a"])])
async def test_requests_and_answers_get_lost(bot: Bot, receiver: Receiver, kind: str, came: list[str]) -> None:
    bot.telegram.fault("webhook", Fault(kind))  # type: ignore[arg-type]  # one of its literals
    await bot.call("setWebhook", url=receiver.url)
    bot.telegram.person("Ann").say("a")
    await taken(bot)
    assert [text for text, _ in receiver.came] == came


async def test_a_webhook_that_is_taken_away_ends(bot: Bot, receiver: Receiver) -> None:
    await bot.call("setWebhook", url=receiver.url)
    await bot.call("deleteWebhook")
    bot.telegram.person("Ann").say("a")
    assert len(await bot.updates()) == 1
    assert receiver.came == []
    await bot.call("deleteWebhook", drop_pending_updates=True)
    assert await bot.updates() == []


async def test_nobody_listening_loses_nothing(bot: Bot, receiver: Receiver) -> None:
    with kept_port() as port:
        await bot.call("setWebhook", url=f"http://127.0.0.1:{port}/")
        bot.telegram.person("Ann").say("a")
        await bot.telegram.wait_for(lambda: bot.telegram.webhooks.error)
    await bot.call("setWebhook", url=receiver.url)
    await taken(bot)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"url": "http://bot.example/"}, "HTTPS URL"),
        ({"url": "https://bot.example:9000/"}, "ports 80, 88, 443 or 8443"),
        ({"url": "https://bot.example/", "secret_token": "no spaces"}, "secret token"),
    ],
)
async def test_addresses_are_checked(bot: Bot, given: dict[str, str], refusal: str) -> None:
    assert refusal in await bot.refused("setWebhook", **given)
