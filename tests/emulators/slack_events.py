"""What the app subscribed to, and the events of docs.slack.dev/reference/events in their wrapper."""

from bot.domain.json import JSON
from tests.emulators.slack_delivery import Delivery, Outbox
from tests.emulators.slack_state import APP, TEAM, Clock, Member, Message, Place

KINDS = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
SCOPES = {
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "app_mention": {"app_mentions:read"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "member_left_channel": {"channels:read", "groups:read"},
    "channel_left": {"channels:read"},
    "channel_archive": {"channels:read"},
    "channel_unarchive": {"channels:read"},
    "channel_id_changed": {"channels:read", "groups:read"},
    "group_left": {"groups:read"},
    "group_archive": {"groups:read"},
    "group_unarchive": {"groups:read"},
    "reaction_added": {"reactions:read"},
    "reaction_removed": {"reactions:read"},
    "app_home_opened": set(),
    "app_uninstalled": set(),
    "tokens_revoked": set(),
    "assistant_thread_started": {"assistant:write"},
    "assistant_thread_context_changed": {"assistant:write"},
    "agent_session_stopped": {"chat:write"},
}
"""Events by the name one subscribes to, and the scopes of which one is needed."""


class Feed:
    """Hands on the events that the app asked for and may get.

    `events` and `scopes` are those of its manifest; None: all.
    """

    def __init__(self, outbox: Outbox, clock: Clock, bot: Member) -> None:
        self.events: set[str] | None = None
        self.scopes: set[str] | None = None
        self._outbox = outbox
        self._clock = clock
        self._bot = bot

    def emit(self, event: JSON, place: Place | None = None) -> None:
        """Hand on an event, unless it was not subscribed to, or happened in a place where the bot is not."""
        name = f"message.{KINDS[place.kind]}" if event["type"] == "message" and place else event["type"]
        wanted = self.events is None or name in self.events
        allowed = self.scopes is None or not SCOPES[name] or bool(SCOPES[name] & self.scopes)
        if wanted and allowed and (place is None or self._bot in place.members):
            self._outbox.send(Delivery("events_api", self._wrapped({"event_ts": self._clock.ts(), **event})))

    def _wrapped(self, event: JSON) -> JSON:
        installed = {"team_id": TEAM, "user_id": self._bot.id, "is_bot": True, "is_enterprise_install": False}
        return {
            "token": "legacy",
            "team_id": TEAM,
            "context_team_id": TEAM,
            "context_enterprise_id": None,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": self._clock.id("Ev"),
            "event_time": int(self._clock.now()),
            "authorizations": [{"enterprise_id": None, **installed}],
            "is_ext_shared_channel": False,
            "event_context": "4-emulated",
        }


def posted(message: Message) -> JSON:
    """A new message."""
    return {**message.json(), **_where(message.place), "event_ts": message.ts}


def mentioned(message: Message) -> JSON:
    """The event beside it when it mentions the app; the same ts."""
    event = {**posted(message), "type": "app_mention"}
    del event["channel_type"]
    return event


def changed(message: Message, before: JSON, ts: str) -> JSON:
    """A message is other than it was: an edit, an app's update, or only a preview of a link."""
    pair = {"message": message.json(), "previous_message": before}
    return {"type": "message", "subtype": "message_changed", **pair, **_hidden(message.place, ts)}


def deleted(message: Message, before: JSON, ts: str) -> JSON:
    """A message is gone."""
    gone = {"previous_message": before, "deleted_ts": message.ts}
    return {"type": "message", "subtype": "message_deleted", **gone, **_hidden(message.place, ts)}


def reacted(kind: str, user: Member, message: Message, name: str) -> JSON:
    """reaction_added or reaction_removed."""
    item = {"type": "message", "channel": message.place.id, "ts": message.ts}
    return {"type": kind, "user": user.id, "reaction": name, "item": item, "item_user": message.sender.id}


def joined(user: Member, place: Place, inviter: Member | None) -> JSON:
    """Somebody came into a channel."""
    letter = "G" if place.kind == "group" else "C"
    event = {"type": "member_joined_channel", "user": user.id, "channel": place.id, "channel_type": letter}
    return {**event, "team": TEAM} | ({"inviter": inviter.id} if inviter else {})


def announced(user: Member, place: Place, ts: str) -> JSON:
    """The line "Ann has joined the channel"."""
    subtype = "group_join" if place.kind == "group" else "channel_join"
    said = {"user": user.id, "text": f"{user.mention} has joined the channel", "ts": ts, "event_ts": ts}
    return {"type": "message", "subtype": subtype, **said, **_where(place)}


def assistant(kind: str, user: Member, place: Place, thread_ts: str, viewed: Place | None) -> JSON:
    """assistant_thread_started, or ..._context_changed; `viewed` is the channel the person looks at."""
    context = {"channel_id": viewed.id, "team_id": TEAM, "enterprise_id": None} if viewed else {}
    thread = {"user_id": user.id, "context": context, "channel_id": place.id, "thread_ts": thread_ts}
    return {"type": kind, "assistant_thread": thread}


def stopped(user: Member, place: Place, thread_ts: str, streams: list[str]) -> JSON:
    """Somebody pressed Slack's own stop button; `streams` are the messages that it ended."""
    where = {"channel": place.id, "thread_ts": thread_ts, "streaming_message_ts": streams}
    return {"type": "agent_session_stopped", "user": user.id, **where}


def _where(place: Place) -> JSON:
    return {"channel": place.id, "channel_type": place.kind}


def _hidden(place: Place, ts: str) -> JSON:
    return {**_where(place), "hidden": True, "ts": ts, "event_ts": ts}
