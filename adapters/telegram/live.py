"""How far a turn has come, as it is shown while it works: a draft in a direct chat, else a message that is edited."""

from dataclasses import replace

from telegramify_markdown import utf16_len

from adapters.telegram.posting import Posting, draft_queue
from adapters.telegram.rates import Rates
from adapters.telegram.text import MESSAGE_UNITS, NOTHING, Part, split
from bot.domain.chat import Activity, Conversation, Progress
from bot.domain.text import clean, shorten

DRAFT_SECONDS = 1.0
"""Between two drafts; each lives thirty seconds (core.telegram.org/bots/api#sendmessagedraft)."""
EDIT_SECONDS = 4.0
"""Between two edits of one message: three quarters of what a group's limit lets through."""
ACTIVITIES = 5
"""The newest are shown."""
TITLE_CHARACTERS = 100
SIGNS = {"running": "⏳", "done": "✓", "failed": "✗"}


class Live:
    """Shows progress, and leaves out what would hold up an answer."""

    def __init__(self, posting: Posting, rates: Rates) -> None:
        self._posting = posting
        self._rates = rates

    def pace(self, conversation: Conversation) -> float:
        """See the port."""
        return DRAFT_SECONDS if conversation.direct else EDIT_SECONDS

    async def show(self, progress: Progress, message_id: str) -> str:
        """See the port's `progress`. A draft has no buttons."""
        place, part = progress.conversation, shown(progress)
        if place.direct and not message_id:
            if not self._rates.spare(draft_queue(place)):
                return ""
            if await self._posting.draft(place, part, int(progress.reply_to or 0) or 1):
                return ""
        if not self._rates.spare(place.chat):
            return message_id
        rows = ((progress.stop,),)
        if message_id:
            await self._posting.edit(place, part, message_id, rows)
            return message_id
        return await self._posting.message(place, part, progress.reply_to, rows)


def shown(progress: Progress) -> Part:
    """One message: what is done, then the answer so far or, if it is longer, the part of it that is being written."""
    head = "\n".join(map(_line, progress.activities[-ACTIVITIES:]))
    if not progress.text.strip():
        return Part(head or NOTHING)
    head = head and f"{head}\n\n"
    units = utf16_len(head)
    body = split(progress.text, MESSAGE_UNITS - units)[-1]
    return Part(head + body.text, tuple(replace(mark, offset=mark.offset + units) for mark in body.entities))


def _line(activity: Activity) -> str:
    return f"{SIGNS[activity.state]} {shorten(' '.join(clean(activity.title).split()), TITLE_CHARACTERS)}"
