"""A post whose answer was lost is found again: by a mark in its metadata, a live message by its button.

Slack has no key against doubles (docs.slack.dev/reference/methods/chat.postMessage), but gives metadata back with a
conversation's messages (docs.slack.dev/messaging/message-metadata).
"""

from collections.abc import Callable

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import delivering
from adapters.slack.ids import channel
from bot.domain.chat import Conversation, Outgoing
from bot.domain.json import JSON
from bot.errors import DeliverLater, MaybeDelivered, Undeliverable

EVENT = "apprentice_message"
PAGE = 200
"""Messages asked for at once. Outside of threads only the newest so many are looked at."""


def mark(message: Outgoing, part: int) -> JSON:
    """The metadata of a post."""
    return {"event_type": EVENT, "event_payload": {"part": f"{message.key}/{part}"}}


class Marks:
    """Finds posts.

    Its methods give a post's ts, or None if there is none. They raise DeliverLater when Slack does not tell now, and
    MaybeDelivered when it never will.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def find(self, message: Outgoing, part: int) -> str | None:
        """The post of this part."""
        wanted = mark(message, part)
        return await self._look(message.conversation, lambda post: post.get("metadata") == wanted)

    async def find_live(self, place: Conversation, button: str) -> str | None:
        """The post with the button of this id below it; streams take no metadata."""
        return await self._look(place, lambda post: button in _buttons(post))

    async def _look(self, place: Conversation, wanted: Callable[[JSON], bool]) -> str | None:
        try:
            with delivering(place.chat):
                return await self._search(place, wanted)
        except MaybeDelivered as error:
            raise DeliverLater(f"Slack does not say now what stands in chat {place.chat}: {error}") from error
        except Undeliverable as error:
            raise MaybeDelivered(str(error)) from error

    async def _search(self, place: Conversation, wanted: Callable[[JSON], bool]) -> str | None:
        if place.thread:
            pages = await self._client.conversations_replies(
                channel=channel(place), ts=place.thread, include_all_metadata=True, limit=PAGE
            )
        else:
            pages = await self._client.conversations_history(
                channel=channel(place), include_all_metadata=True, limit=PAGE
            )
        async for page in pages:
            for post in page["messages"]:
                if wanted(post):
                    return str(post["ts"])
            if not place.thread:
                break
        return None


def _buttons(post: JSON) -> set[str]:
    """The ids of a post's buttons."""
    rows = (block.get("elements", ()) for block in post.get("blocks", ()) if block.get("type") == "actions")
    return {element.get("action_id", "") for row in rows for element in row}
