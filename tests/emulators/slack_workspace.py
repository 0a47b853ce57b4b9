"""The methods that tell of the workspace: auth.*, apps.*, users.*, conversations.* and reactions.*."""

from typing import Any

from bot.domain.json import JSON
from tests.emulators.slack_chat import direct_with, found_place
from tests.emulators.slack_delivery import SocketMode
from tests.emulators.slack_events import KINDS
from tests.emulators.slack_limits import Refusal
from tests.emulators.slack_method import Method, Parameters, check_scopes, flag
from tests.emulators.slack_state import APP, TEAM, Message, Place
from tests.emulators.slack_world import World


class Workspace:
    """What the bot can ask, and its reactions. What a conversation's kind asks of the scopes, `_allowed` checks."""

    def __init__(self, world: World, sockets: SocketMode) -> None:
        self._world = world
        self._sockets = sockets
        self.methods = {
            "auth.test": Method(self.auth_test, set()),
            "apps.connections.open": Method(self.open_connection, set(), token="app"),
            "users.info": Method(self.user, {"users:read"}),
            "conversations.info": Method(self.info, set()),
            "conversations.members": Method(self.members, set()),
            "conversations.replies": Method(self.replies, set()),
            "conversations.history": Method(self.history, set()),
            "conversations.open": Method(self.open, {"im:write"}),
            "reactions.add": Method(self.react, {"reactions:write"}),
            "reactions.remove": Method(self.unreact, {"reactions:write"}),
        }

    async def auth_test(self, _: Parameters) -> JSON:
        bot = self._world.bot
        names = {"url": "https://emulated.slack.com/", "team": "Emulated", "user": bot.name.lower()}
        return {**names, "team_id": TEAM, "user_id": bot.id, "bot_id": bot.bot_id, "is_enterprise_install": False}

    async def open_connection(self, _: Parameters) -> JSON:
        host = self._world.url.removeprefix("http://")
        return {"url": f"ws://{host}/link/?ticket={self._sockets.ticket()}&app_id={APP}"}

    async def user(self, given: Parameters) -> JSON:
        user = self._world.users.get(str(given.get("user")))
        if user is None:
            raise Refusal("user_not_found")
        return {"user": user.json() | ({"locale": user.locale} if flag(given, "include_locale") else {})}

    async def info(self, given: Parameters) -> JSON:
        place = self._allowed(given, "read")
        return {"channel": {**place.json(), "is_member": self._world.bot in place.members}}

    async def members(self, given: Parameters) -> JSON:
        place = self._allowed(given, "read")
        ids = [member.id for member in place.members]
        shown, cursor = _page(ids, given)
        return {"members": shown, "response_metadata": {"next_cursor": cursor}}

    async def replies(self, given: Parameters) -> JSON:
        place = self._allowed(given, "history")
        if place.find(given.get("ts")) is None:
            raise Refusal("thread_not_found")
        thread = [message for message in place.thread(str(given["ts"])) if not message.only_for]
        return self._told(thread[:1] + _between(thread[1:], given), given)

    async def history(self, given: Parameters) -> JSON:
        place = self._allowed(given, "history")
        if self._world.bot not in place.members:
            raise Refusal("not_in_channel")
        roots = [message for message in place.messages if not message.thread_ts and not message.only_for]
        return self._told(_between(roots, given)[::-1], given)

    async def open(self, given: Parameters) -> JSON:
        user = self._world.users.get(str(given.get("users")))
        if user is None:
            raise Refusal("user_not_found")
        return {"channel": {"id": direct_with(self._world, user).id}}

    async def react(self, given: Parameters) -> JSON:
        message, name = self._reacted(given)
        if self._world.bot in message.reactions.get(name, []):
            raise Refusal("already_reacted")
        self._world.add_reaction(self._world.bot, message, name)
        return {}

    async def unreact(self, given: Parameters) -> JSON:
        message, name = self._reacted(given)
        if self._world.bot not in message.reactions.get(name, []):
            raise Refusal("no_reaction")
        self._world.take_reaction(self._world.bot, message, name)
        return {}

    def _allowed(self, given: Parameters, what: str) -> Place:
        """A place whose kind the scopes allow. Raises Refusal."""
        place = found_place(self._world, given.get("channel"))
        check_scopes(self._world.feed.scopes, {f"{KINDS[place.kind]}:{what}"})
        return place

    def _reacted(self, given: Parameters) -> tuple[Message, str]:
        name = str(given.get("name", ""))
        if not name or ":" in name:
            raise Refusal("invalid_name")
        return self._message(given), name

    def _message(self, given: Parameters) -> Message:
        place = found_place(self._world, given.get("channel"))
        message = place.find(given.get("timestamp"))
        if message is None:
            raise Refusal("message_not_found")
        return message

    def _told(self, messages: list[Message], given: Parameters) -> JSON:
        """A page of messages; metadata only when it is asked for."""
        shown, cursor = _page(messages, given)
        told = [
            message.json() | ({"metadata": message.metadata} if message.metadata and _with_metadata(given) else {})
            for message in shown
        ]
        return {"messages": told, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _with_metadata(given: Parameters) -> bool:
    return flag(given, "include_all_metadata")


def _between(messages: list[Message], given: Parameters) -> list[Message]:
    """Those after `oldest` and before `latest`; `inclusive` takes those in too."""
    oldest, latest = str(given.get("oldest") or "0"), str(given.get("latest") or "9999999999.999999")
    inner = [message for message in messages if float(oldest) < float(message.ts) < float(latest)]
    if not flag(given, "inclusive"):
        return inner
    return [message for message in messages if message in inner or message.ts in (oldest, latest)]


def _page(items: list[Any], given: Parameters) -> tuple[list[Any], str]:
    """The items from the cursor on, and the next cursor."""
    start, limit = int(given.get("cursor") or 0), min(int(given.get("limit") or 100), 1000)
    end = start + limit
    return items[start:end], str(end) if end < len(items) else ""
