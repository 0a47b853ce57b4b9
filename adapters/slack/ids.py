"""Slack's ids in the words of the domain, and back."""

from dataclasses import dataclass

from bot.domain.chat import Conversation, Person

PLATFORM = "slack"


@dataclass(frozen=True, slots=True)
class Me:
    """The bot: its workspace, itself as a user of it, and its id as a bot."""

    team: str
    user: str
    bot: str

    def place(self, channel: str, thread: str = "", language: str = "") -> Conversation:
        """A room, or a thread in it; a direct conversation's id begins with D."""
        direct = channel.startswith("D")
        return Conversation(PLATFORM, f"{self.team}/{channel}", thread, direct=direct, language=language)

    def person(self, user: str, name: str = "", team: str | None = None, zone: str = "") -> Person:
        """Somebody. A member's workspace is their own: in a shared channel it may be another than the bot's."""
        return Person(f"{PLATFORM}:{team or self.team}/{user}", name, zone)

    def key(self, *parts: str) -> str:
        """A name for what happened in this workspace, for all time."""
        return ":".join((PLATFORM, self.team, *parts))


def channel(place: Conversation) -> str:
    """Slack's id of the room."""
    return place.chat.partition("/")[2]


def user(person: Person) -> str:
    """Slack's id of the person."""
    return person.id.partition("/")[2]


def team(id: str) -> str:
    """Slack's id of the workspace of a person (`slack:T1/U7`) or of a room (`T1/C9`)."""
    return id.partition("/")[0].removeprefix(f"{PLATFORM}:")
