"""A turn of the bot's as the adapter sees it: how far it has come, and its end."""

from dataclasses import replace

from bot.domain.chat import Activity, Button, Conversation, Outgoing, Progress
from tests.adapters.slack_harness import SlackHarness
from tests.emulators.slack_state import Message, Place

READS = Activity("Reads notes/a.txt", "running")
READ = replace(READS, state="done")
FAILED = Activity("Asks the shop", "failed")
STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream")
"""Slack's calls of native streams."""


class Turn:
    """A turn that works for Ann in one conversation, and its message there."""

    def __init__(self, harness: SlackHarness, place: Place, thread: str) -> None:
        self.harness, self.place = harness, place
        self.conversation = Conversation("slack", f"{harness.slack.team}/{place.id}", thread, place.kind == "im")
        self.id = ""

    async def shows(self, text: str, *activities: Activity) -> Message:
        """Show how far it has come; the live message as it stands then."""
        stop = Button("Stop", "s1")
        progress = Progress(self.conversation, self.harness.person, "1.1", text, activities, stop)
        self.id = await self.harness.adapter.progress(progress, self.id)
        return self.message

    async def ends(self, text: str = "**Done**", buttons: tuple[tuple[Button, ...], ...] = ()) -> None:
        await self.harness.adapter.edit(Outgoing(self.conversation, text, buttons), self.id)

    @property
    def message(self) -> Message:
        """The one message of the bot in that thread."""
        (message,) = (
            message
            for message in self.place.messages
            if message.sender is self.harness.slack.bot and message.thread_ts == self.conversation.thread
        )
        assert message.ts == self.id
        return message

    def calls(self, *methods: str) -> list[str]:
        """The calls that were made, in their order."""
        return [call.method for call in self.harness.slack.calls if call.method in methods]
