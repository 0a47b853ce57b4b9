"""Modals and the Home tab: the methods views.*, and what a person fills in."""

import json
from dataclasses import dataclass, field

from bot.domain.json import JSON
from tests.emulators.slack_blocks import PRESSED, elements
from tests.emulators.slack_limits import VIEW_BLOCKS, VIEW_BYTES, Refusal, checked_blocks, invalid
from tests.emulators.slack_method import Method, Parameters
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import APP, TEAM
from tests.emulators.slack_world import World

_TITLE, _PRIVATE, _CALLBACK = 24, 3000, 255
_KEPT = ("type", "callback_id", "private_metadata", "title", "submit", "close", "external_id", "notify_on_close")


@dataclass(eq=False)
class View:
    """A modal or a Home tab. `errors` are what the app refused of the last submission, by block_id."""

    id: str
    hash: str
    given: JSON
    blocks: list[JSON]
    bot_id: str
    errors: dict[str, str] = field(default_factory=dict)

    def json(self) -> JSON:
        """A view object."""
        usual = {"callback_id": "", "private_metadata": "", "external_id": "", "state": {"values": {}}}
        own = {"id": self.id, "hash": self.hash, "blocks": self.blocks, "team_id": TEAM, "app_id": APP}
        above = {"root_view_id": self.id, "previous_view_id": None, "bot_id": self.bot_id}
        return usual | {name: self.given[name] for name in _KEPT if name in self.given} | own | above

    def filled(self, values: dict[str, JSON]) -> JSON:
        """The state of its inputs, with values by action_id or block_id. Raises LookupError for others."""
        state: JSON = {}
        known: set[str] = set()
        for block in self.blocks:
            for element in (element for element in elements(block) if element["type"] not in PRESSED):
                names = {block["block_id"], element.get("action_id", "")}
                known |= names
                value = next((values[name] for name in names if name in values), element.get("initial_value"))
                state.setdefault(block["block_id"], {})[element.get("action_id", "")] = _state(element, value)
        if unknown := set(values) - known:
            raise LookupError(f"No inputs {sorted(unknown)} in the view, only {sorted(known)}")
        return state


class Views:
    """views.open, push, update and publish."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.methods = {
            "views.open": Method(self.open, set()),
            "views.push": Method(self.push, set()),
            "views.update": Method(self.update, set()),
            "views.publish": Method(self.publish, set()),
        }

    async def open(self, given: Parameters) -> JSON:
        """One modal at a time; a second goes by views.push."""
        view = self.made(given.get("view"), "modal")
        user = self._exchanged(given.get("trigger_id"))
        user.views[:] = [view]
        return self._shown(view)

    async def push(self, given: Parameters) -> JSON:
        view = self.made(given.get("view"), "modal")
        user = self._exchanged(given.get("trigger_id"))
        if len(user.views) >= 3:
            raise Refusal("push_limit_reached")
        user.views.append(view)
        return self._shown(view)

    async def update(self, given: Parameters) -> JSON:
        fresh = self.made(given.get("view"), "modal")
        for view in self._open_views():
            if view.id == given.get("view_id") or view.given.get("external_id") == (given.get("external_id") or 0):
                if given.get("hash") not in (None, view.hash):
                    raise Refusal("hash_conflict")
                self.replace(view, fresh)
                return self._shown(view)
        raise Refusal("not_found")

    async def publish(self, given: Parameters) -> JSON:
        user = self._world.users.get(str(given.get("user_id")))
        if not isinstance(user, Person):
            raise Refusal("invalid_arguments")
        if user.home and given.get("hash") not in (None, user.home.hash):
            raise Refusal("hash_conflict")
        user.home = self.made(given.get("view"), "home")
        return self._shown(user.home)

    def made(self, given: JSON, surface: str) -> View:
        """A view from what an app sent. Raises Refusal."""
        if not isinstance(given, dict) or given.get("type") != surface:
            raise invalid("invalid_arguments", [f"view must be of type {surface} [json-pointer:/view/type]"])
        if problems := _problems(given, surface):
            raise invalid("invalid_arguments", problems)
        if len(json.dumps(given).encode()) > VIEW_BYTES:
            raise Refusal("view_too_large")
        blocks = checked_blocks(given.get("blocks", []), VIEW_BLOCKS, surface)
        return View(self._world.clock.id("V"), self._world.clock.ts(), given, blocks, self._world.bot.bot_id)

    def replace(self, view: View, fresh: View) -> None:
        """Show other content under the same id."""
        view.hash, view.given, view.blocks, view.errors = fresh.hash, fresh.given, fresh.blocks, {}
        self._world.touch()

    def answered(self, user: Person, view: View, answer: JSON) -> None:
        """What an app says to a submission: nothing closes the modal. Raises Refusal."""
        action = (answer or {}).get("response_action", "")
        if action == "errors":
            view.errors = answer["errors"]
        elif action == "update":
            self.replace(view, self.made(answer["view"], "modal"))
        elif action == "push":
            user.views.append(self.made(answer["view"], "modal"))
        elif action == "clear":
            user.views.clear()
        elif view in user.views:
            user.views.remove(view)
        self._world.touch()

    def _open_views(self) -> list[View]:
        people = [user for user in self._world.users.values() if isinstance(user, Person)]
        return [view for person in people for view in person.views]

    def _exchanged(self, trigger: JSON) -> Person:
        """Who a trigger is of; it works once, within 3 seconds. Raises Refusal."""
        if trigger in self._world.spent_triggers:
            raise Refusal("exchanged_trigger_id")
        if trigger not in self._world.triggers:
            raise Refusal("invalid_trigger_id")
        user, until = self._world.triggers.pop(trigger)
        self._world.spent_triggers.add(trigger)
        if self._world.clock.now() > until:
            raise Refusal("expired_trigger_id")
        return user

    def _shown(self, view: View) -> JSON:
        self._world.touch()
        return {"view": view.json()}


def _problems(given: JSON, surface: str) -> list[str]:
    problems = []
    for name in ("title", "submit", "close"):
        shown = given.get(name)
        if shown is not None and not 1 <= len(shown.get("text", "")) <= _TITLE:
            problems.append(f"must be 1 to {_TITLE} characters [json-pointer:/view/{name}/text]")
    if surface == "modal" and "title" not in given:
        problems.append("missing required field: title [json-pointer:/view]")
    if len(given.get("private_metadata", "")) > _PRIVATE:
        problems.append(f"must be less than {_PRIVATE + 1} characters [json-pointer:/view/private_metadata]")
    if len(given.get("callback_id", "")) > _CALLBACK:
        problems.append(f"must be less than {_CALLBACK + 1} characters [json-pointer:/view/callback_id]")
    inputs = any(block.get("type") == "input" for block in given.get("blocks", []))
    if surface == "modal" and inputs and "submit" not in given:
        problems.append("missing required field: submit, as there are inputs [json-pointer:/view]")
    return problems


def _state(element: JSON, value: JSON) -> JSON:
    kind = element["type"]
    if kind == "static_select" or kind == "radio_buttons":
        chosen = next((option for option in element["options"] if option["value"] == value), None)
        return {"type": kind, "selected_option": chosen or element.get("initial_option")}
    if kind in ("checkboxes", "multi_static_select"):
        chosen = [option for option in element["options"] if option["value"] in (value or [])]
        return {"type": kind, "selected_options": chosen}
    return {"type": kind, "value": value}
