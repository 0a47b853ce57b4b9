"""The workspace around one app: its people, places and messages, and what the app gets to know of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.json import JSON
from tests.emulators import slack_events as events
from tests.emulators.slack_delivery import Delivery, Kind, Outbox
from tests.emulators.slack_events import Feed
from tests.emulators.slack_faults import Troubles
from tests.emulators.slack_people import Bot, Person
from tests.emulators.slack_state import APP, Clock, Member, Message, Place
from tests.emulators.watched import Watched

if TYPE_CHECKING:
    from tests.emulators.slack_files import Files
    from tests.emulators.slack_views import Views

TRIGGER_SECONDS = 3
STREAM_SECONDS, STATUS_SECONDS = 300, 120
RESPONSE_SECONDS, RESPONSE_USES = 30 * 60, 5


@dataclass(eq=False)
class ResponseUrl:
    """Whose click or command it answers, about which message, and until when."""

    person: Person
    place: Place
    ts: str
    until: float
    uses: int = 0


class World(Watched, Troubles):
    """All that there is. `triggers` maps trigger ids to who got them and when, until they are used."""

    def __init__(self, now: Callable[[], float], pace: float = 0) -> None:
        Watched.__init__(self)
        Troubles.__init__(self)
        self.pace = pace
        self.clock = Clock(now)
        self.places: dict[str, Place] = {}
        self.triggers: dict[str, tuple[Person, float]] = {}
        self.spent_triggers: set[str] = set()
        self.response_urls: dict[str, ResponseUrl] = {}
        self.installed = True
        self.bot = Bot(self, self.clock.id("U"), "Apprentice", self.clock.id("B"), APP)
        self.slackbot = Bot(self, "USLACKBOT", "Slackbot", "B01", "A01")
        self.users: dict[str, Member] = {bot.id: bot for bot in (self.bot, self.slackbot)}
        self.outbox: Outbox
        self.feed: Feed
        self.files: Files
        self.views: Views

    def person(self, name: str, admin: bool = False, owner: bool = False, **more: JSON) -> Person:
        """Somebody new, with a direct conversation with the bot. `more`: restricted, locale, tz."""
        person = Person(self, self.clock.id("U"), name, admin=admin, owner=owner, **more)
        self.users[person.id] = person
        place = Place(self.clock.id("D"), "im", name, [person, self.bot], person)
        self.places[place.id] = place
        person.direct = place
        return person

    def other_bot(self, name: str) -> Bot:
        """Another app's bot, which may write anywhere."""
        bot = Bot(self, self.clock.id("U"), name, self.clock.id("B"), self.clock.id("A"))
        self.users[bot.id] = bot
        return bot

    def channel(self, name: str, *people: Member, private: bool = False, bot: bool = True) -> Place:
        """A new channel of these people; the first is its creator."""
        members = [*people, self.bot] if bot else [*people]
        kind = "group" if private else "channel"
        place = Place(self.clock.id("C"), kind, name, members, people[0] if people else self.bot)
        self.places[place.id] = place
        return place

    def group_chat(self, *people: Member) -> Place:
        """A direct conversation of several people and the bot."""
        name = "mpdm-" + "--".join(person.name.lower() for person in people)
        place = Place(self.clock.id("C"), "mpim", name, [*people, self.bot], people[0])
        self.places[place.id] = place
        return place

    def invite(self, member: Member, place: Place, inviter: Member | None = None) -> None:
        """Bring somebody into a channel: an event, and a message that nobody wrote."""
        place.members.append(member)
        self.feed.emit(events.joined(member, place, inviter or place.creator), place)
        self.feed.emit(events.announced(member, place, self.clock.ts()), place)
        self.touch()

    def invite_bot(self, place: Place, inviter: Member | None = None) -> None:
        """Bring the bot into a channel."""
        self.invite(self.bot, place, inviter)

    def remove_bot(self, place: Place) -> None:
        """Throw the bot out of a channel."""
        place.members.remove(self.bot)
        kind = "group_left" if place.kind == "group" else "channel_left"
        self.feed.emit({"type": kind, "channel": place.id, "actor_id": place.creator.id})
        self.touch()

    def archive(self, place: Place, archived: bool = True) -> None:
        """Archive a channel, or bring it back."""
        place.archived = archived
        kind = f"{'group' if place.kind == 'group' else 'channel'}_{'archive' if archived else 'unarchive'}"
        self.feed.emit({"type": kind, "channel": place.id, "user": place.creator.id}, place)
        self.touch()

    def renumber(self, place: Place) -> None:
        """Give a channel another id, as when it becomes private or is shared."""
        before, place.id = place.id, self.clock.id("C")
        self.places[place.id] = self.places.pop(before)
        moved = {"type": "channel_id_changed", "old_channel_id": before, "new_channel_id": place.id}
        self.feed.emit(moved, place)
        self.touch()

    def uninstall(self) -> None:
        """Remove the app from the workspace: its tokens end."""
        self.feed.emit({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot.id]}})
        self.feed.emit({"type": "app_uninstalled"})
        self.feed.events = set()
        self.installed = False
        self.touch()

    def post(self, message: Message) -> Message:
        """Put a message into its place, where it gets its ts."""
        message.ts = self.clock.ts()
        message.place.messages.append(message)
        if message.sender is self.bot:
            message.place.statuses.pop(message.thread_ts, None)
        if not message.only_for:
            self.feed.emit(events.posted(message), message.place)
            if self._mentions_bot(message):
                self.feed.emit(events.mentioned(message), message.place)
        self.touch()
        return message

    def change(self, message: Message, edited: bool = True, **fields: JSON) -> None:
        """Make a message other than it was; `edited`: people see that it was."""
        before = message.json()
        for name, value in fields.items():
            setattr(message, name, value)
        ts = self.clock.ts()
        if edited:
            message.edited_ts = ts
        message.edits += 1
        if not message.only_for:
            self.feed.emit(events.changed(message, before, ts), message.place)
        self.touch()

    def remove(self, message: Message) -> None:
        """Take a message away; of one with replies a stump stays."""
        if any(other.thread_ts == message.ts for other in message.place.messages):
            self.change(message, edited=False, text="This message was deleted.", subtype="tombstone", blocks=[])
            return
        before = message.json()
        message.place.messages.remove(message)
        if not message.only_for:
            self.feed.emit(events.deleted(message, before, self.clock.ts()), message.place)
        self.touch()

    def add_reaction(self, user: Member, message: Message, name: str) -> None:
        """A reaction below a message; the bot hears of its own too."""
        message.reactions.setdefault(name, []).append(user)
        self.feed.emit(events.reacted("reaction_added", user, message, name), message.place)
        self.touch()

    def take_reaction(self, user: Member, message: Message, name: str) -> None:
        """It goes again."""
        message.reactions[name].remove(user)
        if not message.reactions[name]:
            del message.reactions[name]
        self.feed.emit(events.reacted("reaction_removed", user, message, name), message.place)
        self.touch()

    def unfurl(self, message: Message) -> None:
        """Slack adds the preview of a link: a message_changed that nobody edited."""
        self.change(message, edited=False, attachments=[{"id": 1, "title": "A page", "text": "What it says"}])

    def interact(self, user: Person, payload: JSON, settled: Callable[[Delivery], None] = lambda _: None) -> Delivery:
        """Tell the app of a click, a form or a command, with a trigger that lives 3 seconds."""
        trigger = self.clock.id("trigger.")
        self.triggers[trigger] = user, self.clock.now() + TRIGGER_SECONDS
        kind: Kind = "slash_commands" if "command" in payload else "interactive"
        return self.outbox.send(Delivery(kind, {**payload, "trigger_id": trigger}, settled))

    def response_url(self, user: Person, place: Place, ts: str = "") -> str:
        """A URL that may answer 5 times in 30 minutes, about a message or into the place."""
        key = self.clock.id("R")
        self.response_urls[key] = ResponseUrl(user, place, ts, self.clock.now() + RESPONSE_SECONDS)
        return f"{self.url}/response/{key}"

    def is_streaming(self, message: Message) -> bool:
        """Whether chat.*Stream still writes it: for five minutes, whatever is added."""
        return message.stream not in ("", "stopped") and self.clock.now() < message.stream_until

    def set_status(self, place: Place, thread_ts: str, status: str) -> None:
        """Show a status in a thread for two minutes; an empty one ends it."""
        place.statuses[thread_ts] = status, self.clock.now() + STATUS_SECONDS
        self.touch()

    def status(self, place: Place, thread_ts: str) -> str:
        """What a thread shows as its status."""
        status, until = place.statuses.get(thread_ts, ("", 0))
        return status if self.clock.now() < until else ""

    @property
    def url(self) -> str:
        """Where it listens."""
        raise NotImplementedError

    def _mentions_bot(self, message: Message) -> bool:
        shown = re.search(rf"<@{self.bot.id}(\|[^>]*)?>", message.text)
        return bool(shown) and message.sender is not self.bot and message.place.kind != "im"
