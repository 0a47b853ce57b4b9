"""The bot as a process that Telegram calls: let in by a link, started again, and back to polling."""

import asyncio
import re
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from tests.cli.test_serve import started
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_faults import Fault
from tests.emulators.telegram_state import User
from tests.ports import kept_port

OPEN = "select 1 from turns where kind = 'delivery' and status in ('queued', 'running')"


@asynccontextmanager
async def serving(path: Path, variables: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """`apprentice run`, until it is told to end."""
    process = await started(path, "run", **variables)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert variables["TELEGRAM_BOT_TOKEN"] not in err.decode()


async def link(process: asyncio.subprocess.Process) -> str:
    """The command that Telegram sends for whoever follows the link on the terminal."""
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if found := re.search(r"https://t\.me/apprentice_bot\?start=(\w+)\n", line):
            return f"/start {found[1]}"
    raise AssertionError("No link was told")


async def test_a_bot_that_telegram_calls(tmp_path: Path) -> None:
    with kept_port() as port:
        hook = {
            "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
            "TELEGRAM_WEBHOOK_LISTEN": f"127.0.0.1:{port}",
        }
        await lives(tmp_path, hook)


async def lives(tmp_path: Path, hook: dict[str, str]) -> None:
    """Two with a webhook, and one without."""
    async with TelegramEmulator() as telegram, OpenAIServer() as model:
        polling = {
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_BASE_URL": telegram.base_url,
            "OPENAI_BASE_URL": model.base_url,
        }
        ann = telegram.person("Ann")
        async with serving(tmp_path, polling | hook) as process:
            ann.say(await link(process))
            await heard(telegram, ann, 1)
            ann.say("one")
            await heard(telegram, ann, 2)
            telegram.fault("webhook", Fault("lose"), times=2)
            ann.say("two")
            await heard(telegram, ann, 3)
            await settled(tmp_path)
        assert not telegram.called("getUpdates")
        ann.say("three")
        async with serving(tmp_path, polling | hook):
            await heard(telegram, ann, 4)
            await settled(tmp_path)
        secrets = {given["secret_token"] for given in telegram.called("setWebhook")}
        assert len(secrets) == 1
        ann.say("four")
        async with serving(tmp_path, polling):
            await heard(telegram, ann, 5)
        assert telegram.updates.webhook == ""
    assert [message.text for message in ann.direct.messages if message.sender.is_bot][1:] == [
        *("one", "two", "three", "four")
    ]


async def heard(telegram: TelegramEmulator, ann: User, count: int) -> None:
    """Wait until the bot has said so much, and Telegram has nothing left to bring."""
    await telegram.wait_for(
        lambda: sum(m.sender.is_bot for m in ann.direct.messages) >= count and not telegram.updates.pending
    )


async def settled(path: Path) -> None:
    """Wait until what was said is on record as said: a bot that ends before says it again."""
    with closing(sqlite3.connect(path / "data" / "apprentice.db")) as database:
        while database.execute(OPEN).fetchone():  # noqa: ASYNC110 - another process writes there
            await asyncio.sleep(0.02)
