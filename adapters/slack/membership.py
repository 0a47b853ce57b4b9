"""Where the bot is: it comes into a channel or is thrown out, channels are archived and back, or get another id."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from pydantic import BaseModel

from adapters.slack.ids import Me
from bot.domain.chat import ChatMoved, MembershipChanged

log = structlog.get_logger()

JOINED, LEFT, MOVED = "member_joined_channel", "member_left_channel", "channel_id_changed"
IN = frozenset({JOINED, "channel_unarchive", "group_unarchive"})
"""Events after which the bot may post; JOINED when it is the member."""
OUT = frozenset({LEFT, "channel_left", "group_left", "channel_archive", "group_archive"})
"""Events after which it may not; LEFT when it was the member."""
REMOVED = frozenset({"app_uninstalled", "tokens_revoked"})
EVENTS = IN | OUT | REMOVED | {MOVED}


class _Change(BaseModel):
    """An event of IN or OUT; `user`, `inviter` or `actor_id` did it."""

    channel: str
    user: str = ""
    inviter: str = ""
    actor_id: str = ""


class _Move(BaseModel):
    old_channel_id: str
    new_channel_id: str


class _Revoked(BaseModel):
    """The users whose tokens ended, of `tokens_revoked`; `app_uninstalled` names none."""

    bot: list[str] = []


def read(event: Mapping[str, Any], event_id: str, me: Me, now: datetime) -> MembershipChanged | ChatMoved | None:
    """What one of EVENTS means to the bot; None where it is about others.

    Raises pydantic's ValidationError for what does not have Slack's shape.
    """
    kind, key = event["type"], me.key("event", event_id)
    if kind in REMOVED:
        _tell(kind, _Revoked.model_validate(event.get("tokens") or {}))
        return None
    if kind == MOVED:
        move = _Move.model_validate(event)
        now_at = me.place(move.new_channel_id).chat
        return ChatMoved(key, me.place(move.old_channel_id), me.person(me.user), now_at, now)
    change = _Change.model_validate(event)
    if kind in (JOINED, LEFT) and change.user != me.user:
        return None
    who = change.inviter or change.actor_id or change.user or me.user
    return MembershipChanged(key, me.place(change.channel), me.person(who), kind in IN, now)


def _tell(kind: str, revoked: _Revoked) -> None:
    """Let the operator know; tokens of single people are not ours."""
    if kind == "app_uninstalled" or revoked.bot:
        advice = "The app was removed from the workspace or its token revoked: install it again, set SLACK_BOT_TOKEN."
        log.error("slack.removed", event_type=kind, advice=advice)
