"""What an app gets to know of clicks, commands and forms: docs.slack.dev/reference/interaction-payloads."""

from bot.domain.json import JSON
from tests.emulators.slack_blocks import Pressable
from tests.emulators.slack_state import APP, TEAM, Member, Message, Place

_NAMES = {"im": "directmessage", "group": "privategroup"}


def clicked(user: Member, message: Message, pressable: Pressable, action_ts: str) -> JSON:
    """block_actions from a message."""
    place = message.place
    container: JSON = {"type": "message", "message_ts": message.ts, "channel_id": place.id}
    container["is_ephemeral"] = message.only_for is not None
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    where = {"container": container, "channel": {"id": place.id, "name": place_name(place)}}
    shown = {} if message.only_for else {"message": message.json()}
    return _acted(user, pressable, action_ts) | where | shown


def clicked_in_view(user: Member, view: JSON, pressable: Pressable, action_ts: str) -> JSON:
    """block_actions from a modal or the Home tab."""
    where = {"container": {"type": "view", "view_id": view["id"]}, "view": view}
    return _acted(user, pressable, action_ts) | where


def submitted(user: Member, view: JSON, values: JSON) -> JSON:
    """view_submission."""
    filled = {**view, "state": {"values": values}}
    return {"type": "view_submission", **_from(user), "view": filled, "response_urls": []}


def closed(user: Member, view: JSON) -> JSON:
    """view_closed."""
    return {"type": "view_closed", **_from(user), "view": view, "is_cleared": False}


def commanded(user: Member, command: str, text: str, place: Place) -> dict[str, str]:
    """A slash command: a flat form."""
    who = {"user_id": user.id, "user_name": user.name.lower(), "team_id": TEAM, "team_domain": "emulated"}
    where = {"channel_id": place.id, "channel_name": place_name(place)}
    said = {"command": command, "text": text, "api_app_id": APP, "is_enterprise_install": "false"}
    return {"token": "legacy", **who, **where, **said}


def place_name(place: Place) -> str:
    """The name of a place in these payloads, which is no name where it is private."""
    return _NAMES.get(place.kind, place.name)


def _acted(user: Member, pressable: Pressable, action_ts: str) -> JSON:
    where = {"action_id": pressable.action_id, "block_id": pressable.block_id, "action_ts": action_ts}
    return {"type": "block_actions", **_from(user), "state": {"values": {}}, "actions": [{**pressable.action, **where}]}


def _from(user: Member) -> JSON:
    name = user.name.lower().replace(" ", ".")
    return {
        "user": {"id": user.id, "username": name, "name": name, "team_id": TEAM},
        "team": {"id": TEAM, "domain": "emulated"},
        "api_app_id": APP,
        "token": "legacy",
        "enterprise": None,
        "is_enterprise_install": False,
    }
