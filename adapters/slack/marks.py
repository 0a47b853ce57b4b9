"""A mark in the metadata of each post: by it a post whose answer was lost is found again.

Slack has no key against doubles (docs.slack.dev/reference/methods/chat.postMessage), but gives metadata back with a
conversation's messages (docs.slack.dev/messaging/message-metadata).
"""

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import delivering
from bot.domain.chat import Outgoing
from bot.domain.json import JSON
from bot.errors import DeliverLater, MaybeDelivered, Undeliverable

EVENT = "apprentice_message"
PAGE = 200
"""Messages asked for at once. Outside of threads only the newest so many are looked at."""


def mark(message: Outgoing, part: int) -> JSON:
    """The metadata of a post."""
    return {"event_type": EVENT, "event_payload": {"part": f"{message.key}/{part}"}}


class Marks:
    """Finds posts by their marks."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def find(self, message: Outgoing, part: int) -> str | None:
        """The ts of this part's post; None if there is none.

        Raises DeliverLater when Slack does not tell now, and MaybeDelivered when it never will.
        """
        chat = message.conversation.chat
        try:
            with delivering(chat):
                return await self._look(message, mark(message, part))
        except MaybeDelivered as error:
            raise DeliverLater(f"Slack does not say now what stands in chat {chat}: {error}") from error
        except Undeliverable as error:
            raise MaybeDelivered(str(error)) from error

    async def _look(self, message: Outgoing, wanted: JSON) -> str | None:
        channel, thread = message.conversation.chat.partition("/")[2], message.conversation.thread
        if thread:
            pages = await self._client.conversations_replies(
                channel=channel, ts=thread, include_all_metadata=True, limit=PAGE
            )
        else:
            pages = await self._client.conversations_history(channel=channel, include_all_metadata=True, limit=PAGE)
        async for page in pages:
            for post in page["messages"]:
                if post.get("metadata") == wanted:
                    return str(post["ts"])
            if not thread:
                break
        return None
