"""Updates that Telegram brings by itself: an HTTP server behind the address that it is told."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from telegram import Bot
from telegram.error import NetworkError

from adapters.serving import Site
from adapters.telegram.polling import CommitQueue, parsed
from adapters.telegram.updates import UPDATES
from adapters.telegram.webhook import Webhook
from bot.errors import ConfigError

log = structlog.get_logger()
HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST_UPDATE = 1_000_000
"""Bytes of a request; updates have a few thousand."""
CLOSE_SECONDS = 2.0
"""How long requests that are being taken may go on after the end."""


@asynccontextmanager
async def listening(bot: Bot, hook: Webhook, queue: CommitQueue) -> AsyncIterator[asyncio.Future[None]]:
    """Take updates while the context is open; the future that is given never ends.

    Raises ConfigError for a port that is taken, and TelegramError.
    """
    secret = hook.secret(bot.token)
    app = web.Application(client_max_size=LARGEST_UPDATE)
    app.router.add_post(urlsplit(hook.url).path or "/", _Receiver(queue, secret).take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_SECONDS)
    await runner.setup()
    try:
        await _bind(runner, *hook.listen)
        await bot.set_webhook(hook.url, allowed_updates=UPDATES, secret_token=secret)
        yield asyncio.get_running_loop().create_future()
    finally:
        await runner.cleanup()


async def _bind(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await Site(runner, host, port).start()
    except OSError as error:
        raise ConfigError(
            f"Telegram's requests cannot be taken on {host}:{port}: {error}. Change TELEGRAM_WEBHOOK_LISTEN."
        ) from None


class _Receiver:
    """Answers Telegram's requests: 200 when there is nothing left to do, else the update comes again."""

    def __init__(self, queue: CommitQueue, secret: str) -> None:
        self._queue = queue
        self._secret = secret.encode()

    async def take(self, request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode("utf-8", "replace"), self._secret):
            return web.Response(status=403)
        try:
            update = json.loads(await request.read())
        except ValueError:
            return web.Response(status=400)
        try:
            await self._queue.put(parsed(update))
        except NetworkError as error:
            log.error("telegram.not_taken", error=error.message)
            return web.Response(status=503)
        return web.Response()
