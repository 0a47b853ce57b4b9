"""The methods chat.*: posting, changing and taking away (slack_streams.py has the streams)."""

import math

from bot.domain.json import JSON
from tests.emulators.slack_limits import MARKDOWN, POST_TEXT, UPDATE_TEXT, Refusal, checked_blocks
from tests.emulators.slack_method import Method, Parameters
from tests.emulators.slack_state import Member, Message, Place
from tests.emulators.slack_world import World


class Chat:
    """What the bot can say."""

    def __init__(self, world: World) -> None:
        self._world = world
        write = {"chat:write"}
        self.methods = {
            "chat.postMessage": Method(self.post_message, write),
            "chat.postEphemeral": Method(self.post_ephemeral, write),
            "chat.update": Method(self.update, write),
            "chat.delete": Method(self.delete, write),
        }

    async def post_message(self, given: Parameters) -> JSON:
        place = writable(self._world, given.get("channel"))
        content = _content(given)
        content["text"] = content["text"][:POST_TEXT]
        message = Message(
            place, self._world.bot, thread_ts=thread_of(place, given), metadata=_metadata(given), **content
        )
        self._keep_pace(place)
        self._world.post(message)
        return {"channel": place.id, "ts": message.ts, "message": message.json()}

    async def post_ephemeral(self, given: Parameters) -> JSON:
        place = writable(self._world, given.get("channel"))
        user = self._world.users.get(str(given.get("user")))
        if user is None or user not in place.members:
            raise Refusal("user_not_in_channel")
        content = _content(given)
        thread = thread_of(place, given)
        message = self._world.post(Message(place, self._world.bot, thread_ts=thread, only_for=user, **content))
        return {"message_ts": message.ts}

    async def update(self, given: Parameters) -> JSON:
        """Without blocks a text takes them away; with blocks people do not see that it was edited."""
        message = own(self._world, given, "cant_update_message")
        if self._world.is_streaming(message):
            raise Refusal("streaming_state_conflict")
        content = _content(given)
        if len(content["text"]) > UPDATE_TEXT:
            raise Refusal("msg_too_long")
        if "metadata" in given:
            content["metadata"] = _metadata(given)
        kept = {"blocks", "attachments"} if not content["text"] else {"attachments"}
        fields = {name: value for name, value in content.items() if value or name not in kept | {"text"}}
        self._world.change(message, edited=not content["blocks"], stream="", **fields)
        return {"channel": message.place.id, "ts": message.ts, "text": message.text, "message": message.json()}

    async def delete(self, given: Parameters) -> JSON:
        message = own(self._world, given, "cant_delete_message")
        self._world.remove(message)
        return {"channel": message.place.id, "ts": message.ts}

    def _keep_pace(self, place: Place) -> None:
        """Raises Refusal (ratelimited)."""
        now = self._world.clock.now()
        if now < place.busy_until:
            raise Refusal("ratelimited", retry_after=math.ceil(place.busy_until - now))
        place.busy_until = now + self._world.pace


def found_place(world: World, channel: JSON) -> Place:
    """A place the bot may know of. Raises Refusal (channel_not_found)."""
    place = world.places.get(str(channel))
    if place is None or (place.kind != "channel" and world.bot not in place.members):
        raise Refusal("channel_not_found")
    return place


def writable(world: World, channel: JSON) -> Place:
    """Where a message may go: an id, a user's id for their direct conversation, or a channel's name."""
    user = world.users.get(str(channel))
    named = (place.id for place in world.places.values() if place.kind != "im" and f"#{place.name}" == channel)
    place = found_place(world, direct_with(world, user).id if user else next(named, channel))
    if world.bot not in place.members:
        raise Refusal("not_in_channel")
    if place.archived:
        raise Refusal("is_archived")
    return place


def direct_with(world: World, user: Member) -> Place:
    """The conversation with one person. Raises Refusal."""
    for place in world.places.values():
        if place.kind == "im" and place.creator is user:
            return place
    raise Refusal("channel_not_found")


def own(world: World, given: Parameters, error: str) -> Message:
    """The bot's message that is to be changed. Raises Refusal."""
    place = found_place(world, given.get("channel"))
    message = place.find(given.get("ts"))
    if message is None or message.subtype == "tombstone":
        raise Refusal("message_not_found")
    if message.sender is not world.bot:
        raise Refusal(error)
    return message


def thread_of(place: Place, given: Parameters) -> str:
    """The thread's ts; one that no message has is taken as it is, as Slack does, and a reply's leads to its thread."""
    ts = str(given.get("thread_ts") or "")
    message = place.find(ts)
    return message.thread if message else ts


def _content(given: Parameters) -> dict[str, JSON]:
    """Text, blocks and attachments. Raises Refusal: no_text, msg_too_long, markdown_text_conflict, invalid_blocks."""
    text, markdown = given.get("text") or "", given.get("markdown_text") or ""
    blocks, attachments = given.get("blocks") or [], given.get("attachments") or []
    if markdown and (text or blocks):
        raise Refusal("markdown_text_conflict")
    if len(markdown) > MARKDOWN:
        raise Refusal("msg_too_long")
    if not (text.strip() or markdown or blocks or attachments):
        raise Refusal("no_text")
    if len(attachments) > 100:
        raise Refusal("too_many_attachments")
    if markdown:
        blocks = [{"type": "markdown", "text": markdown}]
    return {"text": text or markdown, "blocks": checked_blocks(blocks), "attachments": attachments}


def _metadata(given: Parameters) -> JSON:
    metadata = given.get("metadata")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise Refusal("invalid_metadata_format")
    if not metadata.get("event_type"):
        raise Refusal("invalid_metadata_schema")
    return metadata
