"""What an app posts to a response_url: docs.slack.dev/interactivity/handling-user-interaction#message_responses."""

from aiohttp import web

from bot.domain.json import JSON
from tests.emulators.slack_limits import Refusal, checked_blocks
from tests.emulators.slack_method import flag
from tests.emulators.slack_state import Message, Place
from tests.emulators.slack_world import RESPONSE_USES, World


class Responses:
    """Answers a click or a command, wherever it came from; no token and no membership is needed."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """What the server has to route here."""
        return [web.post("/response/{key}", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        return await self._world.befall("response_url", request, lambda: self._respond(request))

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        place_for = self._world.response_urls.get(request.match_info["key"])
        if place_for is None or self._world.clock.now() > place_for.until:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if place_for.uses >= RESPONSE_USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        place_for.uses += 1
        try:
            self._act(place_for.person, place_for.place, place_for.ts, await request.json())
        except Refusal as refusal:
            return web.json_response(refusal.json(), status=400)
        return web.Response(text="ok")

    def _act(self, person: JSON, place: Place, ts: str, said: JSON) -> None:
        message = place.find(ts, ephemeral=True)
        if message and flag(said, "delete_original"):
            self._world.remove(message)
            return
        text, blocks = said.get("text", ""), checked_blocks(said.get("blocks") or [])
        if not text and not blocks:
            raise Refusal("no_text")
        if message and flag(said, "replace_original"):
            self._world.change(message, edited=not blocks, text=text, blocks=blocks)
            return
        only_for = None if said.get("response_type") == "in_channel" else person
        thread = str(said.get("thread_ts") or "")
        self._world.post(Message(place, self._world.bot, text, blocks, thread, only_for=only_for))
