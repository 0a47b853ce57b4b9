"""Files: those that people send are fetched from Slack's own hosts, those of the bot are uploaded into the chat."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import CALL_FAILED, delivering, refusal
from adapters.slack.ids import channel
from adapters.slack.posting import BLOCKS_REFUSED
from adapters.slack.text import NOTHING, Shown
from bot.domain.chat import Attachment, Conversation
from bot.domain.text import clean, plain
from bot.errors import DeliverLater, MaybeDelivered, Undeliverable
from bot.words import Sentence

HOST = ("https", "files.slack.com")
TRANSFER = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=30)
UNKNOWN = "application/octet-stream"
CHUNK = 2**16
NO_SCOPE = Sentence(
    "Slack does not let me read files: the app lacks the scope files:read. The README says how to add it."
)
GONE = Sentence("{name} is gone.")
TOO_LARGE = Sentence("{name} is larger than {limit} MB.")
NOT_TAKEN = Sentence("Slack did not take the file {name}: {why}.")
NOT_SLACKS = Sentence("{name} is not kept by Slack, so I do not fetch it.")
_REFUSED = frozenset(
    {
        "blocked_file_type",
        "file_type_not_allowed",
        "file_upload_size_restricted",
        "file_uploads_disabled",
        "file_uploads_except_images_disabled",
        "missing_scope",
        "posting_to_channel_denied",
        "storage_limit_reached",
        "user_is_external_guest",
    }
)
"""What keeps a file, and not a message, out of a chat (docs.slack.dev/reference/methods/files.getUploadURLExternal and
files.completeUploadExternal)."""


class File(BaseModel):
    """A file object (docs.slack.dev/reference/objects/file-object); of one from another workspace there may be its id
    alone."""

    id: str
    name: str | None = None
    mimetype: str | None = None
    subtype: str | None = None
    size: int = 0
    url_private: str | None = None

    @property
    def attachment(self) -> Attachment:
        """The file as the bot is told of it: fetched by its address, or by its id where it has none yet."""
        media = self.mimetype or UNKNOWN
        if self.subtype == "slack_audio":  # a voice message; some clients make it a video without a picture
            media = f"audio/{media.rpartition('/')[2]}"
        name = clean(self.name or self.id)
        return Attachment(clean(self.url_private or self.id), name, clean(media), max(self.size, 0))


class FileRefused(Undeliverable):
    """Slack does not take the file `name`, but would take a message; `why` is its word for it, or a sentence."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(NOT_TAKEN, name=plain(name), why=why)


class Files:
    """The files of one workspace. `base_url`: where the Web API lives; files may come from there as well."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession, base_url: str) -> None:
        self._client = client
        self._session = session
        self._hosts = {HOST, urlsplit(base_url)[:2]}

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """See the port; Undeliverable also if the file is not Slack's, or its scope is missing."""
        if attachment.size > limit:
            raise _too_large(attachment, limit)
        url = attachment.id if "/" in attachment.id else await self._address(attachment)
        if urlsplit(url)[:2] not in self._hosts:
            raise Undeliverable(NOT_SLACKS, name=plain(attachment.name))
        try:
            return await self._download(url, attachment, limit)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DeliverLater("Slack does not hand out {name} now.", name=attachment.name) from error

    async def _address(self, attachment: Attachment) -> str:
        """Where a file is whose message told its id alone."""
        try:
            known = await self._client.files_info(file=attachment.id)
            return File.model_validate(known.get("file")).url_private or ""
        except SlackApiError as error:
            if refusal(error).passing or refusal(error).unreadable:
                raise DeliverLater("Slack does not tell of {name} now.", name=attachment.name) from error
            reason = NO_SCOPE if refusal(error).code == "missing_scope" else GONE
            raise Undeliverable(reason, name=plain(attachment.name)) from error
        except (*CALL_FAILED, ValidationError) as error:
            raise DeliverLater("Slack does not tell of {name} now.", name=attachment.name) from error

    async def _download(self, url: str, attachment: Attachment, limit: int) -> bytes:
        # The token goes where it was meant to go and no further: a redirect is not followed.
        async with self._session.get(
            url,
            headers={"Authorization": f"Bearer {self._client.token}"},
            allow_redirects=False,
            proxy=self._client.proxy,
            timeout=TRANSFER,
        ) as answer:
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise DeliverLater("Slack does not hand out {name} now.", _after(answer), name=attachment.name)
            if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                raise Undeliverable(GONE, name=plain(attachment.name))
            if answer.status != HTTPStatus.OK:
                raise Undeliverable(NO_SCOPE)
            content = await _at_most(limit, answer, attachment)
        # Who may not read gets a page to sign in, with status 200.
        if answer.content_type == "text/html" and (attachment.media != "text/html" or len(content) != attachment.size):
            raise Undeliverable(NO_SCOPE)
        return content

    async def share(self, place: Conversation, path: str, shown: Shown) -> None:
        """Put a file of this machine into a conversation, the message beside it. Raises as `upload`."""
        try:
            content = await asyncio.to_thread(Path(path).read_bytes)
        except OSError as error:
            raise Undeliverable("{name} cannot be read any more.", name=Path(path).name) from error
        await self.upload(place, Path(path).name, content, shown)

    async def upload(self, place: Conversation, name: str, content: bytes, shown: Shown) -> None:
        """Put a file into a conversation, the message beside it: its words alone, or its blocks if it has buttons.

        Raises DeliverLater, MaybeDelivered, Undeliverable, and FileRefused when the file alone is not taken.
        """
        if not content:
            raise FileRefused(name, Sentence("it is empty"))
        file_id = await self._kept(place, clean(name), content)
        comment = {"initial_comment": shown.notice} if shown.notice != NOTHING else {}

        async def complete(**beside: Any) -> None:
            await self._client.files_completeUploadExternal(
                files=[{"id": file_id, "title": clean(name)}],
                channel_id=channel(place),
                thread_ts=place.thread or None,
                **beside,
            )

        with _sharing(place, name):
            if not shown.has_buttons:
                return await complete(**comment)
            try:
                await complete(blocks=json.dumps(shown.formatted))
            except SlackApiError as error:
                if refusal(error).code not in BLOCKS_REFUSED:
                    raise
                await complete(**comment)

    async def _kept(self, place: Conversation, name: str, content: bytes) -> str:
        """Give Slack the bytes; the file's id. Nobody sees it yet, so whatever was lost may be done again."""
        try:
            with _sharing(place, name):
                ticket = await self._client.files_getUploadURLExternal(filename=name, length=len(content))
                url = str(ticket.get("upload_url"))
                async with self._session.post(
                    url, data=content, proxy=self._client.proxy, timeout=TRANSFER, raise_for_status=True
                ):
                    return str(ticket.get("file_id"))
        except MaybeDelivered as error:
            raise DeliverLater("Slack does not take {name} now.", name=name) from error


@contextmanager
def _sharing(place: Conversation, name: str) -> Iterator[None]:
    """Turn a failed call into the port's errors, or FileRefused."""
    with delivering(place.chat):
        try:
            yield
        except SlackApiError as error:
            if refusal(error).code in _REFUSED:
                raise FileRefused(name, refusal(error).code) from error
            raise


async def _at_most(limit: int, answer: aiohttp.ClientResponse, attachment: Attachment) -> bytes:
    content = bytearray()
    async for piece in answer.content.iter_chunked(CHUNK):
        content += piece
        if len(content) > limit:
            raise _too_large(attachment, limit)
    return bytes(content)


def _too_large(attachment: Attachment, limit: int) -> Undeliverable:
    return Undeliverable(TOO_LARGE, name=plain(attachment.name), limit=limit // 2**20)


def _after(answer: aiohttp.ClientResponse) -> float | None:
    after = answer.headers.get("Retry-After", "")
    return float(after) if after.isdecimal() else None
