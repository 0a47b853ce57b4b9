"""The emulator's other side over HTTP, for people in another process.

POST /control/ACTION with a JSON object; actions and their fields:

    person   name, username?, bot?, language?          -> id
    group    title, members, admins?                   -> id          (ids of people)
    say      person, text, chat?, reply_to?            -> message_id
    send     person, kind, content, name?, text?, chat?, reply_to?    -> message_id
             (document, photo, voice, audio, video, video_note, animation, sticker; content in base64)
    edit     person, chat, message, text
    press    person, chat, message, button             -> query       (the label, or the data it carries)
    react    person, chat, message, emoji                             (a list: those that stand there then)
    member   chat, person, status, by?                                (creator, administrator, member, left, kicked;
             the bot's id as person: it is told that `by` did it)
    block    person, blocked?
    migrate  chat, person, told?                       -> id          (the supergroup that it becomes)
    delete   chat, message
    fault    method, kind, times?, status?, description?, parameters?, seconds?
             (methods `download` and `webhook` too; the latter with drop and lose)
    rates    chat, group, everywhere                                  (0 for all: no limits)
    update   kind, value                                              (any update, as it stands)

GET /control/chat?chat=ID (what stands in a chat), /control/drafts?chat=ID, /control/calls (the bot's calls),
/control/menus, /control/file?id=ID (its bytes), /control/page?chat=ID (a web page).
"""

import base64
import json
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bot.domain.json import JSON
from tests.emulators.telegram_faults import Fault
from tests.emulators.telegram_members import change_bot
from tests.emulators.telegram_page import page
from tests.emulators.telegram_rates import Rates
from tests.emulators.telegram_state import Chat, Message

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
            "send": self._send,
            "edit": self._edit,
            "press": self._press,
            "react": self._react,
            "member": self._member,
            "block": self._block,
            "migrate": self._migrate,
            "delete": self._delete,
            "fault": self._fault,
            "rates": self._rates,
            "update": self._update,
        }

    def routes(self) -> list[web.RouteDef]:
        """What the server has to route here."""
        return [
            web.post("/control/{action}", self._act),
            web.get("/control/chat", self._shown),
            web.get("/control/drafts", self._drafts),
            web.get("/control/calls", self._calls),
            web.get("/control/menus", self._menus),
            web.get("/control/file", self._file),
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
        calls = [{"method": call.method, "given": call.given} for call in self._telegram.calls]
        return web.json_response(calls, dumps=partial(json.dumps, default=str))  # an upload is no JSON

    async def _drafts(self, request: web.Request) -> web.Response:
        chat = self._telegram.chats[int(request.query["chat"])]
        shown = [
            {"draft_id": id, "text": one.text, "shows": one.shows} for id, one in self._telegram.drafts(chat).items()
        ]
        return web.json_response(shown)

    async def _menus(self, _: web.Request) -> web.Response:
        menus = self._telegram.api.menus.items()
        shown = [{"scope": scope, "language": language, "commands": menu} for (scope, language), menu in menus]
        return web.json_response(shown)

    async def _file(self, request: web.Request) -> web.Response:
        file = self._telegram.files.known[request.query["id"]]
        return web.Response(body=file.content, content_type=file.media or "application/octet-stream")

    async def _page(self, request: web.Request) -> web.Response:
        chat = self._telegram.chats[int(request.query["chat"])]
        return web.Response(text=page(chat, self._telegram.drafts(chat)), content_type="text/html")

    def _person(self, said: JSON) -> JSON:
        named = said["name"], said.get("username", ""), said.get("bot", False), said.get("language", "")
        return {"id": self._telegram.person(*named).id}

    def _group(self, said: JSON) -> JSON:
        people, admins = ([self._telegram.users[user] for user in said.get(who, [])] for who in ("members", "admins"))
        return {"id": self._telegram.group(said["title"], *people, admins=tuple(admins)).id}

    def _say(self, said: JSON) -> JSON:
        user = self._telegram.users[said["person"]]
        chat = self._telegram.chats[said.get("chat", user.id)]
        return {"message_id": user.say(said["text"], chat, chat.find(said.get("reply_to"))).id}

    def _send(self, said: JSON) -> JSON:
        user, content = self._telegram.users[said["person"]], base64.b64decode(said["content"])
        chat = self._telegram.chats[said.get("chat", user.id)]
        files, kind = self._telegram.files, said["kind"]
        fields = files.document(said["name"], content) if kind == "document" else getattr(files, kind)(content)
        quoted, text = chat.find(said.get("reply_to")), said.get("text", "")
        return {"message_id": user.say(text, chat, quoted, caption=True, **fields).id}

    def _edit(self, said: JSON) -> JSON:
        self._telegram.users[said["person"]].edit(self._message(said), said["text"])
        return {}

    def _press(self, said: JSON) -> JSON:
        return {"query": self._telegram.users[said["person"]].press(said["button"], self._message(said)).id}

    def _react(self, said: JSON) -> JSON:
        self._telegram.users[said["person"]].react(self._message(said), *said["emoji"])
        return {}

    def _message(self, said: JSON) -> Message:
        message = self._telegram.chats[said["chat"]].find(said["message"])
        if message is None:
            raise LookupError(f"No message {said['message']} in chat {said['chat']}")
        return message

    def _member(self, said: JSON) -> JSON:
        chat, status = self._telegram.chats[said["chat"]], said["status"]
        if said["person"] == self._telegram.bot.id:
            change_bot(self._telegram, chat, status, self._telegram.users[said["by"]])
        else:
            chat.members[said["person"]] = status
        return {}

    def _migrate(self, said: JSON) -> JSON:
        by = self._telegram.users[said["person"]]
        return {"id": self._telegram.migrate(self._telegram.chats[said["chat"]], by, told=said.get("told", True)).id}

    def _delete(self, said: JSON) -> JSON:
        self._telegram.chats[said["chat"]].messages.remove(self._message(said))
        return {}

    def _block(self, said: JSON) -> JSON:
        self._telegram.users[said["person"]].block(said.get("blocked", True))
        return {}

    def _fault(self, said: JSON) -> JSON:
        known = {field.name: said[field.name] for field in fields(Fault) if field.name in said}
        self._telegram.fault(said["method"], Fault(**known), said.get("times", 1))
        return {}

    def _rates(self, said: JSON) -> JSON:
        given = Rates(said["chat"], said["group"], said["everywhere"])
        self._telegram.rates = given if given.everywhere else None
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
            **message.extra,
        }
        for message in chat.messages
    ]
