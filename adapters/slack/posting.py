"""Messages are posted and replaced, formatted, or plain where Slack does not take the formatting."""

from collections.abc import Awaitable, Callable, Sequence

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.failures import CALL_FAILED, delivering, posting, refusal, why
from adapters.slack.ids import channel
from adapters.slack.text import Shown
from bot.domain.chat import Conversation
from bot.domain.json import JSON

log = structlog.get_logger()
STREAMING = "streaming_state_conflict"
BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


class Posting:
    """Posts as the bot. Every method raises DeliverLater, MaybeDelivered or Undeliverable."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def post(self, place: Conversation, shown: Shown, mark: JSON = None) -> str:
        """Post a message, marked by its metadata; its ts."""

        async def call(blocks: Sequence[JSON]) -> AsyncSlackResponse:
            return await self._client.chat_postMessage(
                channel=channel(place),
                thread_ts=place.thread or None,
                text=shown.notice,
                blocks=blocks,
                metadata=mark,
                unfurl_links=False,
                unfurl_media=False,
            )

        with posting(place.chat):
            posted = await _formatted(call, place, shown)
        return str(posted.get("ts") or "")

    async def replace(self, place: Conversation, ts: str, shown: Shown) -> None:
        """Replace a message; a stream that an earlier life of the process left open there ends first."""

        async def call(blocks: Sequence[JSON]) -> AsyncSlackResponse:
            return await self._client.chat_update(channel=channel(place), ts=ts, text=shown.notice, blocks=blocks)

        with delivering(place.chat):
            try:
                await _formatted(call, place, shown)
            except SlackApiError as error:
                if refusal(error).code != STREAMING:
                    raise
                await self.end_stream(place, ts)
                await _formatted(call, place, shown)

    async def end_stream(self, place: Conversation, ts: str) -> None:
        """End a stream; whether one was still open, the replacement that follows finds out."""
        with delivering(place.chat):
            try:
                await self._client.chat_stopStream(channel=channel(place), ts=ts)
            except CALL_FAILED as error:
                if isinstance(error, SlackApiError) and refusal(error).flooded:
                    raise
                log.info("slack.stream_not_ended", conversation=place.key, error=why(error))


async def _formatted(
    call: Callable[[Sequence[JSON]], Awaitable[AsyncSlackResponse]], place: Conversation, shown: Shown
) -> AsyncSlackResponse:
    """Make the call with the formatted blocks, and once more with the plain ones when Slack refuses those."""
    try:
        return await call(shown.formatted)
    except SlackApiError as error:
        if refusal(error).code not in BLOCKS_REFUSED:
            raise
        log.warning("slack.formatting_refused", conversation=place.key, error=why(error))
        return await call(shown.plain)
