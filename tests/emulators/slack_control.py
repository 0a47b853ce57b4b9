"""The emulator's other side over HTTP, for people in another process.

POST /control/ACTION with a JSON object; actions and their fields:

    person      name, admin?, owner?, restricted?, locale?      -> id, direct       (the direct conversation's id)
    bot         name                                            -> id               (another app's bot)
    channel     name, members, private?, bot?                   -> id
    say         person, text, place?, thread?, files?           -> ts               (files: name to base64)
    edit        place, ts, text;  delete  place, ts
    react       person, place, ts, name;  unreact  the same
    press       person, place, ts, button                       -> delivery         (a label or an action_id)
    command     person, command, text?, place?                  -> delivery
    submit      person, values?                                 -> delivery         (the modal on top)
    press_view  person, button                                  -> delivery         (there, else in the Home tab)
    close       person
    assistant   person, viewed?                                 -> thread
    choose      person, title, thread?                          -> ts               (a suggested prompt)
    home        person, tab?
    stop_work   person, place, thread                           (Slack's own stop button)
    invite      place;  remove  place;  archive  place, archived?;  renumber  place;  uninstall
    fault       method, kind, times?, status?, description?, parameters?, seconds?
                                                                (method: also download, upload or response_url)
    events      twice?, late?, repeat?, reconnect?, drop?       (doubled, or seconds late, from now on; the last once
                                                                more; websockets renewed or cut)
    post_to     url                                             (signed requests instead of websockets)

GET /control/place?place=ID (what stands there), /control/calls (the bot's calls), /control/deliveries,
/control/view?person=ID (the modal on top), /control/page?place=ID&person=ID (a web page).
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from aiohttp import web

from bot.domain.json import JSON
from tests.emulators.slack_page import page
from tests.emulators.slack_people import Bot, Person
from tests.emulators.slack_state import Message, Place
from tests.emulators.telegram_faults import Fault

if TYPE_CHECKING:
    from tests.emulators.slack import SlackEmulator


class Control:
    """Acts on the emulator as the requests say."""

    def __init__(self, slack: "SlackEmulator") -> None:
        self._slack = slack
        self._actions: dict[str, Callable[[JSON], Awaitable[JSON]]] = {
            "person": self._new_person,
            "bot": self._new_bot,
            "channel": self._channel,
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "unreact": self._unreact,
            "press": self._press,
            "command": self._command,
            "submit": self._submit,
            "press_view": self._press_view,
            "close": self._close,
            "assistant": self._assistant,
            "choose": self._choose,
            "home": self._home,
            "stop_work": self._stop_work,
            "invite": self._invite,
            "remove": self._remove,
            "archive": self._archive,
            "renumber": self._renumber,
            "uninstall": self._uninstall,
            "fault": self._fault,
            "events": self._events,
            "post_to": self._post_to,
        }

    def routes(self) -> list[web.RouteDef]:
        """What the server has to route here."""
        return [
            web.post("/control/{action}", self._act),
            web.get("/control/place", self._shown),
            web.get("/control/calls", self._calls),
            web.get("/control/deliveries", self._deliveries),
            web.get("/control/view", self._view),
            web.get("/control/page", self._page),
        ]

    async def _act(self, request: web.Request) -> web.Response:
        action = self._actions.get(request.match_info["action"])
        if action is None:
            return web.json_response({"error": f"Actions are {', '.join(self._actions)}"}, status=404)
        try:
            return web.json_response(await action(await request.json()))
        except (LookupError, TypeError, ValueError) as error:
            return web.json_response({"error": repr(error)}, status=400)

    async def _shown(self, request: web.Request) -> web.Response:
        return web.json_response(transcript(self._slack.places[request.query["place"]]))

    async def _calls(self, _: web.Request) -> web.Response:
        calls = [{"method": call.method, "given": call.given, "at": call.at} for call in self._slack.calls]
        return web.json_response(calls)

    async def _deliveries(self, _: web.Request) -> web.Response:
        names = ("kind", "payload", "acknowledged", "given_up", "answer", "attempts", "failures")
        told = [{name: getattr(one, name) for name in names} for one in self._slack.outbox.deliveries]
        return web.json_response(told)

    async def _view(self, request: web.Request) -> web.Response:
        views = self._person({"person": request.query["person"]}).views
        return web.json_response({**views[-1].json(), "errors": views[-1].errors} if views else None)

    async def _page(self, request: web.Request) -> web.Response:
        place = self._slack.places[request.query["place"]]
        viewer = self._person({"person": request.query["person"]})
        shown = page(place, viewer, self._slack.users, lambda thread: self._slack.status(place, thread))
        return web.Response(text=shown, content_type="text/html")

    def _person(self, said: JSON) -> Person:
        user = self._slack.users[said["person"]]
        if not isinstance(user, Person):
            raise LookupError(f"{user.name} is a bot")
        return user

    def _place(self, said: JSON) -> Place:
        return self._slack.places[said["place"]] if "place" in said else self._person(said).direct

    def _message(self, said: JSON) -> Message:
        message = self._place(said).find(said["ts"], ephemeral=True)
        if message is None:
            raise LookupError(f"No message {said['ts']} in {said['place']}")
        return message

    async def _new_person(self, said: JSON) -> JSON:
        person = self._slack.person(**said)
        return {"id": person.id, "direct": person.direct.id}

    async def _new_bot(self, said: JSON) -> JSON:
        return {"id": self._slack.other_bot(said["name"]).id}

    async def _channel(self, said: JSON) -> JSON:
        people = [self._slack.users[user] for user in said["members"]]
        private, bot = said.get("private", False), said.get("bot", True)
        return {"id": self._slack.channel(said["name"], *people, private=private, bot=bot).id}

    async def _say(self, said: JSON) -> JSON:
        user, place = self._slack.users[said["person"]], self._place(said)
        if isinstance(user, Bot):
            return {"ts": user.say(place, said["text"], place.find(said.get("thread"))).ts}
        files = {name: base64.b64decode(content) for name, content in said.get("files", {}).items()}
        return {"ts": self._person(said).say(place, said["text"], said.get("thread"), files).ts}

    async def _edit(self, said: JSON) -> JSON:
        message = self._message(said)
        self._person({"person": message.sender.id}).edit(message, said["text"])
        return {}

    async def _delete(self, said: JSON) -> JSON:
        self._slack.remove(self._message(said))
        return {}

    async def _react(self, said: JSON) -> JSON:
        self._person(said).react(self._message(said), said["name"])
        return {}

    async def _unreact(self, said: JSON) -> JSON:
        self._person(said).unreact(self._message(said), said["name"])
        return {}

    async def _press(self, said: JSON) -> JSON:
        self._person(said).press(self._message(said), said["button"])
        return self._last()

    async def _command(self, said: JSON) -> JSON:
        self._person(said).command(said["command"], said.get("text", ""), self._place(said))
        return self._last()

    async def _submit(self, said: JSON) -> JSON:
        person = self._person(said)
        person.submit(person.views[-1], said.get("values"))
        return self._last()

    async def _press_view(self, said: JSON) -> JSON:
        person = self._person(said)
        view = person.views[-1] if person.views else person.home
        if view is None:
            raise LookupError(f"{person.name} has no view open")
        person.press_in_view(view, said["button"])
        return self._last()

    async def _close(self, said: JSON) -> JSON:
        person = self._person(said)
        person.close(person.views[-1])
        return {}

    async def _assistant(self, said: JSON) -> JSON:
        viewed = self._slack.places[said["viewed"]] if "viewed" in said else None
        return {"thread": self._person(said).open_assistant(viewed)}

    async def _home(self, said: JSON) -> JSON:
        self._person(said).open_home(said.get("tab", "home"))
        return {}

    async def _choose(self, said: JSON) -> JSON:
        return {"ts": self._person(said).choose(said["title"], said.get("thread", "")).ts}

    async def _stop_work(self, said: JSON) -> JSON:
        self._person(said).stop_work(self._place(said), said["thread"])
        return {}

    async def _archive(self, said: JSON) -> JSON:
        self._slack.archive(self._place(said), said.get("archived", True))
        return {}

    async def _renumber(self, said: JSON) -> JSON:
        self._slack.renumber(self._place(said))
        return {}

    async def _invite(self, said: JSON) -> JSON:
        self._slack.invite_bot(self._place(said))
        return {}

    async def _remove(self, said: JSON) -> JSON:
        self._slack.remove_bot(self._place(said))
        return {}

    async def _uninstall(self, _: JSON) -> JSON:
        self._slack.uninstall()
        return {}

    async def _fault(self, said: JSON) -> JSON:
        known = {field.name: said[field.name] for field in fields(Fault) if field.name in said}
        self._slack.fault(said["method"], Fault(**known), said.get("times", 1))
        return {}

    async def _events(self, said: JSON) -> JSON:
        outbox, sockets = self._slack.outbox, self._slack.sockets
        outbox.twice, outbox.late = said.get("twice", outbox.twice), said.get("late", outbox.late)
        for wish, act in (("repeat", outbox.repeat), ("reconnect", sockets.ask_to_reconnect), ("drop", sockets.drop)):
            if said.get(wish):
                act()
        return {}

    async def _post_to(self, said: JSON) -> JSON:
        await self._slack.post_to(said["url"])
        return {}

    def _last(self) -> JSON:
        """Where in /control/deliveries the one stands that was just sent."""
        return {"delivery": len(self._slack.outbox.deliveries) - 1}


def transcript(place: Place) -> list[JSON]:
    """What stands in a place, oldest first."""
    return [
        {
            **message.json(),
            "sender": message.sender.name,
            "buttons": message.buttons,
            "edits": message.edits,
            "only_for": message.only_for.id if message.only_for else None,
            "metadata": message.metadata,
            "tasks": list(message.tasks.values()),
        }
        for message in place.messages
    ]
