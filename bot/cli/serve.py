"""`apprentice run`, `chat` and `demo`: the commands that work on the database."""

import asyncio
import signal
import sys
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import structlog
import typer
from pydantic import SecretStr

from bot.cli.logs import configure
from bot.cli.pairing import Pairing
from bot.domain.privacy import Privacy
from bot.errors import ConfigError
from bot.ports import ChatAdapter
from bot.settings import Settings, load

if TYPE_CHECKING:
    from adapters.slack.adapter import SlackAdapter
    from adapters.telegram.adapter import TelegramAdapter

log = structlog.get_logger()
NO_PLATFORM = (
    "No platform has a token: set TELEGRAM_BOT_TOKEN, or SLACK_BOT_TOKEN and SLACK_APP_TOKEN (README says how to get "
    "them). "
    "`apprentice chat` and `apprentice demo` work now."
)


def run() -> None:
    """Serve Telegram and Slack until SIGTERM or Ctrl-C; what is unfinished goes on at the next start."""
    settings = load()
    configure(settings.log, Privacy(settings.secrets))
    if settings.telegram_bot_token is None and settings.slack_bot_token is None:
        raise ConfigError(NO_PLATFORM)
    asyncio.run(_until_signalled(_serve(settings), signal.SIGTERM, signal.SIGINT))


def chat() -> None:
    """Talk to the bot in this terminal; with a pipe, answer each line and end."""
    settings = load()
    configure(settings.log, Privacy(settings.secrets), quiet=True)
    asyncio.run(_until_signalled(_chat(settings), signal.SIGTERM))


def demo(
    yes: Annotated[bool, typer.Option("--yes", help="Press Approve at the card without asking.")] = False,
) -> None:
    """Watch the bot learn: tasks, a procedure found, a card, and the next task by the approved skill. No account."""
    from bot.demo.story import tell

    configure("console", Privacy(), quiet=True)
    asyncio.run(tell(yes=yes))


async def _until_signalled(work: Coroutine[None, None, None], *signals: signal.Signals) -> None:
    serving = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    for name in signals:
        loop.add_signal_handler(name, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        print("Stopped; what is unfinished goes on at the next start.", file=sys.stderr)  # noqa: T201 - for the operator


async def _serve(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        adapters: dict[str, ChatAdapter] = {}
        pairing = Pairing()
        if settings.telegram_bot_token is not None:
            adapters["telegram"] = await stack.enter_async_context(telegram(settings, pairing))
        if settings.slack_bot_token is not None:
            adapters["slack"] = await stack.enter_async_context(slack(settings))
        await _open_and_run(settings, adapters, stack, pairing)


def telegram(settings: Settings, pairing: Pairing) -> "TelegramAdapter":
    """The adapter that the settings ask for. Raises ConfigError."""
    from adapters.telegram.adapter import TelegramAdapter
    from adapters.telegram.webhook import Webhook
    from bot.clients.clock import SystemClock
    from bot.engine.commands import COMMANDS, commands
    from bot.words import LANGUAGES

    url = settings.telegram_webhook_url
    return TelegramAdapter(
        _secret(settings.telegram_bot_token),
        settings.telegram_base_url,
        tuple(COMMANDS.items()),
        SystemClock(),
        translations=[(language, commands(language)) for language in LANGUAGES],
        webhook=Webhook(url, settings.telegram_webhook_listen) if url else None,
        met=pairing.met,
    )


def slack(settings: Settings) -> "SlackAdapter":
    """The adapter that the settings ask for. Raises ConfigError."""
    from adapters.slack.adapter import SlackAdapter
    from adapters.slack.credentials import Credentials
    from bot.clients.clock import SystemClock
    from bot.engine.commands import COMMANDS

    bot, app, signing = settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret
    credentials = Credentials(_secret(bot), _secret(app), _secret(signing), settings.slack_listen)
    return SlackAdapter(credentials, settings.slack_api_url, COMMANDS, SystemClock())


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


async def _chat(settings: Settings) -> None:
    from adapters.console import ConsoleAdapter

    adapter = ConsoleAdapter()
    async with AsyncExitStack() as stack:
        await _open_and_run(settings, {adapter.platform: adapter}, stack, Pairing())


async def _open_and_run(
    settings: Settings, adapters: Mapping[str, ChatAdapter], stack: AsyncExitStack, pairing: Pairing
) -> None:
    from bot.app import Outside, collect_rarely, opened
    from bot.cli import models
    from bot.cli.servers import tool_servers
    from bot.clients.clock import SystemClock
    from bot.engine.activity import TITLES
    from bot.store.lock import process_lock

    for idle in settings.tables.tools.policy.idle(TITLES, settings.servers):
        log.warning("tools.no_such", why=idle)
    stack.enter_context(process_lock(settings.home))
    working = await stack.enter_async_context(models.working(settings))
    learning = await stack.enter_async_context(models.learning(settings))
    embedder = models.embedding(settings)
    if embedder is not None:
        await stack.enter_async_context(embedder)
    tools = await tool_servers(settings, stack)
    outside = Outside(adapters, working, learning, SystemClock(), pairing.announce, tools, embedder=embedder)
    app = await stack.enter_async_context(opened(settings, outside))
    collect_rarely()
    await app.run()
