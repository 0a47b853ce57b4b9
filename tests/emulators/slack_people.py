"""What people do in Slack. Nothing here is a bot's call."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.domain.json import JSON
from tests.emulators import slack_events as events
from tests.emulators import slack_interactions as interactions
from tests.emulators.slack_blocks import Pressable, pressables, rich_text
from tests.emulators.slack_delivery import Delivery
from tests.emulators.slack_limits import Refusal
from tests.emulators.slack_state import Member, Message, Place

if TYPE_CHECKING:
    from tests.emulators.slack_files import File
    from tests.emulators.slack_views import View
    from tests.emulators.slack_world import World

NONE: Mapping[str, bytes] = MappingProxyType({})
_MARKUP = re.compile(r"(?P<tag><[@#!][^<>]+>)|(?P<url>https?://[^\s<>]+)|(?P<special>[&<>])")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def as_slack_writes(text: str) -> str:
    """What was typed, as a message's text has it: links in angle brackets, &, < and > as entities."""

    def written(found: re.Match[str]) -> str:
        return found["tag"] or (found["url"] and f"<{found['url']}>") or _ESCAPES[found["special"]]

    return _MARKUP.sub(written, text)


class Bot(Member):
    """A bot; ours acts by its calls, another by `say`."""

    def __init__(self, world: "World", user: str, name: str, bot_id: str, app_id: str) -> None:
        super().__init__(user, name, bot_id, app_id)
        self._world = world

    def say(self, place: Place, text: str, thread: Message | None = None, classic: bool = False) -> Message:
        """Write; `classic`: as an incoming webhook does, with the subtype bot_message and without a user."""
        subtype = "bot_message" if classic else ""
        message = Message(place, self, text, thread_ts=thread.thread if thread else "", subtype=subtype)
        return self._world.post(message)


class Person(Member):
    """Somebody with a direct conversation with the bot.

    `views` are the modals they have open, the one on top last; `home` is what the app's Home tab shows them.
    """

    direct: Place

    def __init__(self, world: "World", user: str, name: str, **more: JSON) -> None:
        super().__init__(user, name, **more)
        self._world = world
        self.views: list[View] = []
        self.home: View | None = None

    def say(
        self, place: Place, text: str, thread: Message | str | None = None, files: "Mapping[str, bytes | File]" = NONE
    ) -> Message:
        """Write what was typed (with `person.mention` for mentions); `files` are names and contents, or were made."""
        ts = thread.thread if isinstance(thread, Message) else thread or ""
        written = as_slack_writes(text)
        message = Message(place, self, written, rich_text(text) if text else [], ts)
        if files:
            made = self._world.files.made
            sent = [made(self, name, file) if isinstance(file, bytes) else file for name, file in files.items()]
            message.subtype, message.files = "file_share", [file.told() for file in sent]
        return self._world.post(message)

    def edit(self, message: Message, text: str) -> None:
        """Change what was said."""
        self._world.change(message, text=as_slack_writes(text), blocks=rich_text(text))

    def delete(self, message: Message) -> None:
        """Take back what was said (an admin: what anybody said)."""
        self._world.remove(message)

    def react(self, message: Message, name: str) -> None:
        """Add a reaction, by the emoji's name without colons."""
        self._world.add_reaction(self, message, name)

    def unreact(self, message: Message, name: str) -> None:
        """Take it back."""
        self._world.take_reaction(self, message, name)

    def press(self, message: Message, button: str) -> Delivery:
        """Press what reads so, or has this action_id. Raises LookupError. What the app answered is in the delivery."""
        pressable = _found(message.blocks, button)
        payload = interactions.clicked(self, message, pressable, self._world.clock.ts())
        response_url = self._world.response_url(self, message.place, message.ts)
        return self._world.interact(self, {**payload, "response_url": response_url})

    def press_in_view(self, view: "View", button: str) -> Delivery:
        """Press something in a modal or in the Home tab. Raises LookupError."""
        pressable = _found(view.blocks, button)
        return self._world.interact(
            self, interactions.clicked_in_view(self, view.json(), pressable, self._world.clock.ts())
        )

    def submit(self, view: "View", values: dict[str, JSON] | None = None) -> Delivery:
        """Submit a modal with values by action_id or block_id. Raises LookupError."""
        payload = interactions.submitted(self, view.json(), view.filled(values or {}))
        return self._world.interact(self, payload, lambda done: self._submitted(view, done))

    def close(self, view: "View") -> None:
        """Close a modal; the app hears of it when it asked to."""
        self.views.remove(view)
        if view.given.get("notify_on_close"):
            self._world.interact(self, interactions.closed(self, view.json()))
        self._world.touch()

    def stop_work(self, place: Place, thread_ts: str) -> None:
        """Press Slack's own stop button in a thread: what is written there ends, the app hears of it."""
        written = [message for message in place.thread(thread_ts) if message.stream]
        for message in written:
            message.stream = "stopped"
        stopped = events.stopped(self, place, thread_ts, [message.ts for message in written])
        self._world.feed.emit(stopped, place)
        self._world.touch()

    def command(self, command: str, text: str, place: Place) -> Delivery:
        """A slash command. In threads Slack has none for apps. What the app answers, this person sees.

        Raises LookupError when the app has no commands.
        """
        if "commands" not in (self._world.feed.scopes or {"commands"}):
            raise LookupError(f"{command} is not a command: the app lacks the scope")
        payload = interactions.commanded(self, command, text, place)
        url = self._world.response_url(self, place)
        return self._world.interact(
            self, {**payload, "response_url": url}, lambda done: self._told(place, command, done)
        )

    def open_assistant(self, viewed: Place | None = None) -> str:
        """Open the assistant pane while looking at a channel. Gives the ts of the thread that begins."""
        root = Message(self.direct, self._world.bot, "New assistant thread", subtype="assistant_app_thread")
        root.ts = self._world.clock.ts()
        self.direct.messages.append(root)
        self._world.feed.emit(events.assistant("assistant_thread_started", self, self.direct, root.ts, viewed))
        self._world.touch()
        return root.ts

    def choose(self, title: str, thread_ts: str = "") -> Message:
        """Press a suggested prompt. Raises LookupError."""
        for prompt in self.direct.prompts.get(thread_ts, []):
            if prompt["title"] == title:
                return self.say(self.direct, prompt["message"], thread_ts)
        raise LookupError(f"No prompt {title!r}, only {self.direct.prompts}")

    def look_at(self, viewed: Place, thread_ts: str) -> None:
        """Go to another channel while the assistant pane is open."""
        kind = "assistant_thread_context_changed"
        self._world.feed.emit(events.assistant(kind, self, self.direct, thread_ts, viewed))

    def open_home(self, tab: str = "home") -> None:
        """Open the app's Home or its messages."""
        self._world.feed.emit({"type": "app_home_opened", "user": self.id, "channel": self.direct.id, "tab": tab})

    def _submitted(self, view: "View", done: Delivery) -> None:
        """Where the app gave up or answered nonsense, the modal stays and says so."""
        try:
            if not done.acknowledged:
                raise Refusal("the app did not answer")
            self._world.views.answered(self, view, done.answer)
        except Refusal as refusal:
            view.errors = {"": refusal.error}

    def _told(self, place: Place, command: str, done: Delivery) -> None:
        answer = done.answer
        if done.given_up:
            failed = f'{command} failed with the error "dispatch_failed"'
            self._world.post(Message(place, self._world.slackbot, failed, only_for=self))
        elif answer and (answer.get("text") or answer.get("blocks")):
            only_for = None if answer.get("response_type") == "in_channel" else self
            shown = answer.get("text", ""), answer.get("blocks", [])
            self._world.post(Message(place, self._world.bot, *shown, only_for=only_for))


def _found(blocks: list[JSON], button: str) -> Pressable:
    offered = pressables(blocks)
    for pressable in offered:
        if button in (pressable.label, pressable.action_id):
            return pressable
    raise LookupError(f"No button {button!r}, only {[pressable.label for pressable in offered]}")
