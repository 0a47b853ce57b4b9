"""How far a turn has come, as it is shown while it works: a draft in a direct chat, else a message that is edited."""

from dataclasses import replace
from datetime import datetime
from zlib import crc32

from telegramify_markdown import utf16_len

from adapters.telegram.posting import Posting, draft_queue
from adapters.telegram.rates import Rates
from adapters.telegram.text import MESSAGE_UNITS, NOTHING, Part, split
from bot.domain.chat import Activity, Conversation, Progress
from bot.domain.text import clean, shorten
from bot.errors import DeliverLater
from bot.ports import Clock

DRAFT_SECONDS = 1.0
"""Between two drafts."""
DRAFT_LIVES, DRAFT_RENEWED = 30.0, 20.0
"""How long a draft is seen (core.telegram.org/bots/api#sendmessagedraft), and after how long it is shown again."""
EDIT_SECONDS = 4.0
"""Between two edits of one message: three quarters of what a group's limit lets through.

As rare in a direct chat that takes no drafts: Telegram stops chats for minutes that have seen some hundreds of edits.
"""
ACTIVITIES = 5
"""The newest are shown."""
TITLE_CHARACTERS = 100
SIGNS = {"running": "⏳", "done": "✓", "failed": "✗"}


class Live:
    """Shows progress, and puts off what would hold up an answer."""

    def __init__(self, posting: Posting, rates: Rates, clock: Clock) -> None:
        self._posting = posting
        self._rates = rates
        self._clock = clock
        self._drafts: dict[str, tuple[datetime, Progress]] = {}
        self._undrafted: set[str] = set()

    def pace(self, conversation: Conversation) -> float:
        """See the port."""
        drafts = conversation.direct and conversation.chat not in self._undrafted
        return DRAFT_SECONDS if drafts else EDIT_SECONDS

    async def show(self, progress: Progress, message_id: str) -> str:
        """See the port's `progress`. Raises DeliverLater where an answer may want the room. A draft has no buttons."""
        place, part, rows = progress.conversation, shown(progress), ((progress.stop,),)
        if place.direct and not message_id and await self._draft(progress, part):
            return ""
        self._give_way(place.chat)
        if message_id:
            await self._posting.edit(place, part, message_id, rows)
            return message_id
        # Without words of the answer: were Telegram's answer to this post lost, they would stand there a second time.
        return await self._posting.message(place, shown(replace(progress, text="")), progress.reply_to, rows)

    async def keep(self, conversation: Conversation) -> None:
        """Show the draft of a turn that goes on without news once more, before it vanishes. Raises as `show`."""
        at, progress = self._drafts.get(conversation.chat, (None, None))
        if at and progress:
            age = (self._clock.now() - at).total_seconds()
            if DRAFT_RENEWED <= age < DRAFT_LIVES:
                await self._draft(progress, shown(progress))

    def over(self, conversation: Conversation) -> None:
        """A message came: the drafts have vanished before it."""
        self._drafts.pop(conversation.chat, None)

    async def _draft(self, progress: Progress, part: Part) -> bool:
        place = progress.conversation
        self._give_way(draft_queue(place))
        drafted = await self._posting.draft(place, part, _draft_id(progress))
        if drafted:
            self._drafts[place.chat] = self._clock.now(), progress
            self._undrafted.discard(place.chat)
        else:
            self._undrafted.add(place.chat)
        return drafted

    def _give_way(self, queue: str) -> None:
        if not self._rates.spare(queue):
            raise DeliverLater("Progress waits, so that answers need not.")


def shown(progress: Progress) -> Part:
    """One message: what is done, then the answer so far or, if it is longer, the part of it that is being written."""
    head = "\n".join(map(_line, progress.activities[-ACTIVITIES:]))
    if not progress.text.strip():
        return Part(head or NOTHING)
    head = head and f"{head}\n\n"
    units = utf16_len(head)
    body = split(progress.text, MESSAGE_UNITS - units)[-1]
    return Part(head + body.text, tuple(replace(mark, offset=mark.offset + units) for mark in body.entities))


def _draft_id(progress: Progress) -> int:
    """A number that is not 0, the same for all of a turn: its Stop button has an id of its own."""
    return crc32(progress.stop.id.encode()) % 2**31 or 1


def _line(activity: Activity) -> str:
    return f"{SIGNS[activity.state]} {shorten(' '.join(clean(activity.title).split()), TITLE_CHARACTERS)}"
