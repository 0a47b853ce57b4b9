"""The shapes of what Slack sends, as far as they are read."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from adapters.slack import home
from adapters.slack.files import File


class Shared(BaseModel):
    """What stands below a message; one that was forwarded says so."""

    is_share: bool | None = None
    text: str | None = None


class Post(BaseModel):
    """An event `message` or `app_mention`."""

    type: Literal["message", "app_mention"]
    channel: str
    ts: str = Field(pattern=r"^\d+\.\d+$")
    channel_type: str = ""
    subtype: str = ""
    text: str | None = None
    user: str = ""
    user_team: str | None = None
    team: str | None = None
    bot_id: str | None = None
    edited: Any = None
    thread_ts: str | None = None
    parent_user_id: str | None = None
    files: list[File] | None = None
    attachments: list[Shared] | None = None

    @property
    def text_with_shared(self) -> str:
        """What was said, and below it what was forwarded, quoted."""
        shared = [one.text.strip() for one in self.attachments or () if one.is_share and one.text]
        quoted = ("\n".join(f"&gt; {line}" for line in text.splitlines()) for text in shared)
        return "\n\n".join(filter(None, (self.text, *quoted)))


class Named(BaseModel):
    id: str


class Member(Named):
    name: str = ""
    team_id: str | None = None


class Message(BaseModel):
    ts: str
    thread_ts: str | None = None


class Container(BaseModel):
    """What a click was made in. A message that one person alone sees is told here, and nowhere else."""

    message_ts: str = ""
    thread_ts: str | None = None

    @property
    def message(self) -> Message | None:
        return Message(ts=self.message_ts, thread_ts=self.thread_ts) if self.message_ts else None


class Action(BaseModel):
    value: str | None = None
    action_id: str = ""


class Click(BaseModel):
    """The interaction `block_actions`; one from a modal or a home has a view and no message."""

    trigger_id: str
    user: Member
    actions: list[Action]
    channel: Named | None = None
    container: Container = Container()
    message: Message | None = None
    view: home.View | None = None

    @property
    def where(self) -> tuple[str, str, str]:
        """The channel, the thread and the message; of a home its channel alone, of what is no place of ours none."""
        if self.channel and (pressed := self.message or self.container.message):
            thread = pressed.thread_ts
            return self.channel.id, "" if thread in (None, pressed.ts) else thread or "", pressed.ts
        return self.view.channel if self.view else "", "", ""


class Item(BaseModel):
    type: str
    channel: str = ""
    ts: str = ""


class Reaction(BaseModel):
    """An event `reaction_added` or `reaction_removed`; `item_user` wrote what it stands under."""

    type: Literal["reaction_added", "reaction_removed"]
    user: str
    reaction: str
    item: Item
    item_user: str = ""
    event_ts: str


class Stop(BaseModel):
    """An event `agent_session_stopped`."""

    channel: str
    thread_ts: str = ""
    user: str


class Command(BaseModel):
    """A slash command."""

    trigger_id: str
    channel_id: str
    user_id: str
    user_name: str = ""
    team_id: str | None = None
    text: str = ""
