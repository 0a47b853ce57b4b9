"""Slack as people see it: who is in the workspace, which places they have, what was said, clicked and shown.

A Place is a channel, a private one or a direct conversation. What an app would get to know of what happens goes to
`World.outbox`; slack_people.py has what people do. Rules: docs.slack.dev, Events API and Conversations API.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from bot.domain.json import JSON
from tests.emulators.slack_blocks import pressables

TEAM, APP, ENTERPRISE = "T0EMULATED", "A0APPRENTICE", None


@dataclass(eq=False)
class Member:
    """A person or a bot in the workspace; a bot posts with its `bot_id`."""

    id: str
    name: str
    bot_id: str = ""
    app_id: str = ""
    admin: bool = False
    owner: bool = False
    deleted: bool = False
    restricted: bool = False
    locale: str = "en-US"
    tz: str = "Europe/Berlin"

    @property
    def mention(self) -> str:
        """How a text mentions them."""
        return f"<@{self.id}>"

    def json(self) -> JSON:
        """A user object."""
        names = {"real_name": self.name, "display_name": self.name, "real_name_normalized": self.name}
        return {
            "id": self.id,
            "team_id": TEAM,
            "name": self.name.lower().replace(" ", "."),
            "real_name": self.name,
            "deleted": self.deleted,
            "tz": self.tz,
            "tz_offset": 3600,
            "profile": {**names, "team": TEAM},
            "is_admin": self.admin or self.owner,
            "is_owner": self.owner,
            "is_primary_owner": False,
            "is_restricted": self.restricted,
            "is_ultra_restricted": False,
            "is_bot": bool(self.bot_id),
            "is_app_user": False,
            "updated": 1_700_000_000,
        }


@dataclass(eq=False)
class Message:
    """A message as it stands now.

    `only_for`: the one who sees it (an ephemeral message). `stream`: the mode while chat.*Stream writes it, "" after;
    `tasks` by their ids and `plan` are what it showed of them. `edits` counts all changes, `edited_ts` those shown.
    """

    place: "Place"
    sender: Member
    text: str
    blocks: list[JSON] = field(default_factory=list)
    thread_ts: str = ""
    subtype: str = ""
    attachments: list[JSON] = field(default_factory=list)
    metadata: JSON = None
    files: list[JSON] = field(default_factory=list)
    reactions: dict[str, list[Member]] = field(default_factory=dict)
    only_for: Member | None = None
    edited_ts: str = ""
    edits: int = 0
    stream: str = ""
    stream_until: float = 0
    plan: str = ""
    tasks: dict[str, JSON] = field(default_factory=dict)
    ts: str = ""

    @property
    def buttons(self) -> list[str]:
        """The labels of what can be pressed, from top to bottom."""
        return [pressable.label for pressable in pressables(self.blocks)]

    @property
    def edited(self) -> bool:
        """Whether people see "(edited)": chat.update with blocks does not show it."""
        return bool(self.edited_ts)

    @property
    def thread(self) -> str:
        """The ts of the thread that it is in or could begin."""
        return self.thread_ts or self.ts

    def json(self) -> JSON:
        """A message object, as events and conversations.history have it, without metadata."""
        shown: JSON = {"type": "message", "text": self.text, "ts": self.ts, "team": TEAM}
        shown |= self._from() | self._in_thread()
        optional = {
            "blocks": self.blocks,
            "attachments": self.attachments,
            "files": self.files,
            "subtype": self.subtype,
            "reactions": [
                {"name": name, "users": [user.id for user in users], "count": len(users)}
                for name, users in self.reactions.items()
            ],
            "streaming_state": "in_progress" if self.stream else "",
            "edited": {"user": self.sender.id, "ts": self.edited_ts} if self.edited_ts else None,
        }
        return shown | {name: value for name, value in optional.items() if value}

    def _from(self) -> JSON:
        bot = self.sender
        if not bot.bot_id:
            return {"user": bot.id, "client_msg_id": f"client-{self.ts}"}
        if self.subtype == "bot_message":
            return {"bot_id": bot.bot_id, "username": bot.name}
        profile = {"id": bot.bot_id, "app_id": bot.app_id, "name": bot.name, "team_id": TEAM}
        return {"user": bot.id, "bot_id": bot.bot_id, "app_id": bot.app_id, "bot_profile": profile}

    def _in_thread(self) -> JSON:
        if self.thread_ts:
            root = self.place.find(self.thread_ts)
            return {"thread_ts": self.thread_ts} | ({"parent_user_id": root.sender.id} if root else {})
        replies = [message for message in self.place.messages if message.thread_ts == self.ts and not message.only_for]
        if not replies:
            return {}
        users = list(dict.fromkeys(reply.sender.id for reply in replies))
        counted = {"reply_count": len(replies), "reply_users": users, "reply_users_count": len(users)}
        return {"thread_ts": self.ts, "latest_reply": replies[-1].ts, **counted}


@dataclass(eq=False)
class Place:
    """A conversation: `kind` is channel, group (a private channel), im or mpim.

    `busy_until`: before that the bot may not post again, where it has to keep a pace.
    Replies in threads are among the `messages`, in order of time.
    `statuses` (with when they end), `titles` and `prompts` are what assistant.threads.* set, by the thread's ts.
    """

    id: str
    kind: str
    name: str
    members: list[Member]
    creator: Member
    archived: bool = False
    busy_until: float = 0
    messages: list[Message] = field(default_factory=list)
    statuses: dict[str, tuple[str, float]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    prompts: dict[str, list[JSON]] = field(default_factory=dict)

    def find(self, ts: object, ephemeral: bool = False) -> Message | None:
        """The message with this ts, if it still stands; an ephemeral one only when asked for."""
        found = (message for message in self.messages if message.ts == ts)
        return next((message for message in found if ephemeral or not message.only_for), None)

    def thread(self, ts: str) -> list[Message]:
        """The messages of a thread, its first one included."""
        return [message for message in self.messages if ts in (message.ts, message.thread_ts)]

    def seen_by(self, viewer: Member) -> list[Message]:
        """What one person sees."""
        return [message for message in self.messages if message.only_for in (None, viewer)]

    def json(self) -> JSON:
        """A conversation object."""
        base = {"id": self.id, "created": 1_700_000_000, "is_archived": self.archived, "context_team_id": TEAM}
        if self.kind == "im":
            return {**base, "is_im": True, "user": self.creator.id, "is_user_deleted": self.creator.deleted}
        kinds = {"is_channel": True, "is_group": self.kind == "group", "is_private": self.kind != "channel"}
        kinds |= {"is_im": False, "is_mpim": self.kind == "mpim", "is_general": False}
        return {**base, **kinds, "name": self.name, "creator": self.creator.id, "num_members": len(self.members)}


class Clock:
    """Timestamps as Slack gives them: seconds since 1970 with six digits, none twice."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._last = 0
        self._ids = count(1)

    def ts(self) -> str:
        """The next one."""
        self._last = max(int(self.now() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"

    def id(self, prefix: str) -> str:
        """The next id that begins so."""
        return f"{prefix}0{next(self._ids):07}"
