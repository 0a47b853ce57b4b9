"""HTTP events: Slack's signed requests to the app's Request URL, for those who have a public address."""

import asyncio

import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from adapters.serving import Site
from bot.errors import ConfigError

log = structlog.get_logger()
PATH = "/slack/events"
CLOSE_SECONDS = 2.0
"""How long requests that are being taken may go on after the end."""


async def serve(app: AsyncApp, host: str, port: int) -> None:
    """Receive until cancelled; Bolt checks signature and age. Raises ConfigError for an address that is taken."""
    web_app = app.server(port, PATH, host).web_app
    runner = web.AppRunner(web_app, access_log=None, shutdown_timeout=CLOSE_SECONDS)
    await runner.setup()
    try:
        await Site(runner, host, port).start()
        log.info("slack.listening", host=host, port=port, path=PATH)
        await asyncio.Event().wait()
    except OSError as error:
        raise ConfigError(f"Slack's requests cannot be taken on {host}:{port}: {error}. Change SLACK_LISTEN.") from None
    finally:
        await runner.cleanup()
