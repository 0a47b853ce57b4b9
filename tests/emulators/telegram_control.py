"""The emulator's other side over HTTP, for people in another process.

POST /control/ACTION with a JSON object; actions and their fields:

    person   name, username?, bot?                     -> id
    group    title, members, admins?                   -> id          (ids of people)
    say      person, text, chat?, reply_to?            -> message_id
    press    person, chat, message, button             -> query       (the label, or the data it carries)
    member   chat, person, status                                     (creator, administrator, member, left, kicked)
    block    person, blocked?
    fault    method, kind, times?, status?, description?, parameters?, seconds?
    update   kind, value                                              (any update, as it stands)

GET /control/chat?chat=ID (what stands in a chat), /control/calls (the bot's calls), /control/page?chat=ID (a web page).
"""

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from aiohttp import web

from bot.domain.json import JSON
from tests.emulators.telegram_faults import Fault
from tests.emulators.telegram_page import page
from tests.emulators.telegram_state import Chat

if TYPE_CHECKING:
    from tests.emulators.telegram import TelegramEmulator


class Control:
    """Acts on the emulator as the requests say."""

    def __init__(self, telegram: "TelegramEmulator") -> None:
        self._telegram = telegram
        self._actions: dict[str, Callable[[JSON], JSON]] = {
            "person": self._person,
            "group": self._group,
            "say": self._say,
            "press": self._press,
            "member": self._member,
            "block": self._block,
            "fault": self._fault,
            "update": self._update,
        }

    def routes(self) -> list[web.RouteDef]:
        """What the server has to route here."""
        return [
            web.post("/control/{action}", self._act),
            web.get("/control/chat", self._shown),
            web.get("/control/calls", self._calls),
            web.get("/control/page", self._page),
        ]

    async def _act(self, request: web.Request) -> web.Response:
        action = self._actions.get(request.match_info["action"])
        if action is None:
            return web.json_response({"error": f"Actions are {', '.join(self._actions)}"}, status=404)
        try:
            return web.json_response(action(await request.json()))
        except (LookupError, TypeError, ValueError) as error:
            return web.json_response({"error": repr(error)}, status=400)

    async def _shown(self, request: web.Request) -> web.Response:
        return web.json_response(transcript(self._telegram.chats[int(request.query["chat"])]))

    async def _calls(self, _: web.Request) -> web.Response:
        return web.json_response([{"method": call.method, "given": call.given} for call in self._telegram.calls])

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=page(self._telegram.chats[int(request.query["chat"])]), content_type="text/html")

    def _person(self, said: JSON) -> JSON:
        user = self._telegram.person(said["name"], said.get("username", ""), said.get("bot", False))
        return {"id": user.id}

    def _group(self, said: JSON) -> JSON:
        people, admins = ([self._telegram.users[user] for user in said.get(who, [])] for who in ("members", "admins"))
        return {"id": self._telegram.group(said["title"], *people, admins=tuple(admins)).id}

    def _say(self, said: JSON) -> JSON:
        user = self._telegram.users[said["person"]]
        chat = self._telegram.chats[said.get("chat", user.id)]
        return {"message_id": user.say(said["text"], chat, chat.find(said.get("reply_to"))).id}

    def _press(self, said: JSON) -> JSON:
        message = self._telegram.chats[said["chat"]].find(said["message"])
        if message is None:
            raise LookupError(f"No message {said['message']} in chat {said['chat']}")
        return {"query": self._telegram.users[said["person"]].press(said["button"], message).id}

    def _member(self, said: JSON) -> JSON:
        self._telegram.chats[said["chat"]].members[said["person"]] = said["status"]
        return {}

    def _block(self, said: JSON) -> JSON:
        self._telegram.users[said["person"]].block(said.get("blocked", True))
        return {}

    def _fault(self, said: JSON) -> JSON:
        known = {field.name: said[field.name] for field in fields(Fault) if field.name in said}
        self._telegram.fault(said["method"], Fault(**known), said.get("times", 1))
        return {}

    def _update(self, said: JSON) -> JSON:
        return {"update_id": self._telegram.updates.add(said["kind"], said["value"])}


def transcript(chat: Chat) -> list[JSON]:
    """What stands in a chat, oldest first."""
    return [
        {
            "message_id": message.id,
            "from": message.sender.json(),
            "text": message.text,
            "entities": message.entities,
            "keyboard": message.keyboard,
            "reply_to": message.reply_to.id if message.reply_to else None,
            "edits": message.edits,
        }
        for message in chat.messages
    ]
