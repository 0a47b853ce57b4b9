"""Files, in and out: what people sent is fetched, what tools made is read to be sent."""

import asyncio
from pathlib import Path

import httpx
from telegram import Bot
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from adapters.telegram.contents import DOWNLOAD_BYTES
from adapters.telegram.failures import wait_asked
from bot.domain.chat import Attachment
from bot.errors import DeliverLater, Undeliverable

UPLOAD_BYTES = 50 * 1024 * 1024
"""The largest file that Telegram takes from a bot (core.telegram.org/bots/api#senddocument)."""


async def fetch(bot: Bot, client: httpx.AsyncClient, attachment: Attachment, limit: int) -> bytes:
    """See the port. `client` makes the download, so that it can end at the limit."""
    _check(attachment.name, attachment.size, limit)
    try:
        file = await bot.get_file(attachment.id)
    except RetryAfter as error:
        raise DeliverLater(
            f"Telegram asks to wait before it hands out {attachment.name}.", wait_asked(error)
        ) from error
    except (BadRequest, Forbidden) as error:
        _check(attachment.name, DOWNLOAD_BYTES + 1 if "too big" in error.message.lower() else 0, DOWNLOAD_BYTES)
        raise Undeliverable("{name} is gone.", name=attachment.name) from error
    except TelegramError as error:
        raise DeliverLater(f"Telegram cannot be asked for {attachment.name}: {error.message}.") from error
    # A server in local mode gives paths on its own disk: none of these is read.
    if not (file.file_path or "").startswith(f"{bot.base_file_url}/"):
        raise Undeliverable("{name} is gone.", name=attachment.name)
    return await _download(client, str(file.file_path), attachment.name, limit)


async def _download(client: httpx.AsyncClient, url: str, name: str, limit: int) -> bytes:
    content = bytearray()
    try:
        async with client.stream("GET", url) as answer:
            if answer.status_code in (400, 403, 404):
                raise Undeliverable("{name} is gone.", name=name)
            if answer.status_code != 200:
                raise DeliverLater(f"Telegram answers with {answer.status_code} for {name}.")
            async for chunk in answer.aiter_bytes():
                content += chunk
                _check(name, len(content), limit)
    except httpx.HTTPError as error:  # its words may hold the address, and that the token
        raise DeliverLater(f"{name} did not come from Telegram: {type(error).__name__}.") from None
    return bytes(content)


def _check(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise Undeliverable("{name} is larger than {limit} MB.", name=name, limit=limit // 2**20)


async def read(path: str) -> tuple[str, bytes]:
    """The name and the bytes of a file to be sent. Raises Undeliverable when it is gone or Telegram would refuse it."""
    file = Path(path)
    try:
        content = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise Undeliverable("{name} cannot be read any more.", name=file.name) from error
    if len(content) > UPLOAD_BYTES:
        raise Undeliverable("{name} is larger than {limit} MB.", name=file.name, limit=UPLOAD_BYTES // 2**20)
    return file.name, content
