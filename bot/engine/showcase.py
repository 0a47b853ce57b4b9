"""`/skills` and `/skill NAME`: a page of skills at a time, and all about one with its buttons and its picture."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bot.domain.chat import Button, ButtonClicked, Conversation, MessageReceived, Outgoing
from bot.domain.scope import EVERYWHERE, wider
from bot.domain.text import shorten
from bot.domain.trace import Status
from bot.ports import Clock
from bot.skills import account, chart
from bot.skills.library import Library, Shelved
from bot.store import buttons, proposals, skills
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.skills import Point
from bot.store.store import Connection, Effect, Store
from bot.tools.names import folder_of
from bot.words import Sentence, say

PAGE = 8
"""Skills on a page."""
LEAST_POINTS = 3
"""Uses from which on a picture tells more than the words."""
LONGEST_QUERY = 60
LOCAL = "local"
"""The console's scope: nobody else reads there, so there is nobody to offer a skill to."""
KIND = "page"
"""Of the buttons that turn pages; their subject is what is searched for, their action the page's number."""
VERDICTS: dict[Status, Sentence] = {
    "success": Sentence("went well"),
    "failure": Sentence("went badly"),
    "unknown": Sentence("not known"),
}


class Showcase:
    """Tells of the skills of a chat. Pictures lie below `outgoing` until they are sent."""

    def __init__(self, store: Store, clock: Clock, library: Library, outgoing: Path) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._outgoing = outgoing

    async def list(self, said: MessageReceived, query: str, key: str) -> Effect:
        """Answer `/skills`, with words of the skills that are looked for behind it. `key` makes it one delivery."""
        found = await self._found(said.conversation, query)
        return partial(self._deliver, said.conversation, found, query, 0, key, reply_to=_quoted(said))

    async def turn_page(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Another page takes the place of the one that stands there."""
        page, here = int(meaning.action), click.conversation
        found = await self._found(here, meaning.subject)
        words = say(here.language, "Page {page}", page=page + 1)
        key, replaces = f"page:{click.key}", click.message_id
        return words, partial(self._deliver, here, found, meaning.subject, page, key, replaces=replaces)

    async def show(self, said: MessageReceived, name: str, key: str) -> Effect:
        """Answer `/skill NAME`. Raises Refused when there is none of that name here."""
        here = said.conversation
        entry = await self._library.find(name, here.scope)
        points = await self._store.read(partial(skills.over_time, name=entry.name))
        picture = await self._picture(here, entry, points) if len(points) >= LEAST_POINTS else None
        return partial(self._show, said, entry, picture, key)

    async def _found(self, here: Conversation, query: str) -> Sequence[Shelved]:
        wanted = query.casefold().split()
        shelf = await self._library.shelf(here.scope)
        return [entry for entry in shelf if all(word in _words(entry) for word in wanted)]

    def _deliver(
        self,
        here: Conversation,
        found: Sequence[Shelved],
        query: str,
        page: int,
        key: str,
        connection: Connection,
        *,
        reply_to: str = "",
        replaces: str = "",
    ) -> None:
        pages = max(1, -(-len(found) // PAGE))
        page = min(page, pages - 1)
        lines = [
            account.line(entry, skills.tally(connection, entry.ref), here.language)
            for entry in found[page * PAGE : (page + 1) * PAGE]
        ]
        if page == pages - 1 and not query:
            lines += [
                say(here.language, "- **{name}** waits for a decision on its card.", name=name)
                for name in proposals.pending(connection, here.scope)
            ]
        text = "\n".join(lines) or _none(here.language, query)
        message = Outgoing(here, text, _turns(connection, here, query, page, pages), reply_to)
        deliver(connection, message, key, self._clock.now().timestamp(), replaces=replaces)

    async def _picture(self, here: Conversation, entry: Shelved, points: Sequence[Point]) -> Path:
        words = {verdict: told.told(here.language) for verdict, told in VERDICTS.items()}
        saved = say(here.language, "calls of the model saved")
        drawn = await asyncio.to_thread(chart.draw, points, words, saved)
        file = self._outgoing.resolve() / folder_of(here) / f"{entry.name}.png"
        await asyncio.to_thread(_write, file, drawn)
        return file

    def _show(
        self, said: MessageReceived, entry: Shelved, picture: Path | None, key: str, connection: Connection
    ) -> None:
        here, now = said.conversation, self._clock.now().timestamp()
        text = account.full(entry, skills.tally(connection, entry.ref), here.language)
        deliver(connection, Outgoing(here, text, _choices(connection, here, entry), _quoted(said)), key, now)
        if picture is not None:
            words = say(here.language, "How **{name}** did", name=entry.name)
            deliver(connection, Outgoing(here, words, file=str(picture)), f"picture:{key}", now)


def _quoted(said: MessageReceived) -> str:
    """In a shared chat an answer quotes what was asked."""
    return "" if said.conversation.direct else said.message_id


def _words(entry: Shelved) -> str:
    """What a skill is looked for by."""
    skill = entry.skill
    trigger = skill.procedure.trigger.keywords if skill and skill.procedure else ()
    return " ".join([entry.name, skill.description if skill else "", *trigger]).casefold()


def _none(language: str, query: str) -> str:
    if query:
        return say(language, "No skill here has to do with that: {query}", query=shorten(query, LONGEST_QUERY))
    return say(language, "I have no skills here yet. When work repeats I propose one.")


def _turns(
    connection: Connection, here: Conversation, query: str, page: int, pages: int
) -> tuple[tuple[Button, ...], ...]:
    """Buttons for the pages around; none where all stands on one."""
    choices = pages_around(page, pages)
    return (buttons.row(connection, KIND, query, choices, here.language),) if choices else ()


def pages_around(page: int, pages: int) -> list[tuple[Sentence, str]]:
    """What leads from a page to those beside it, with their numbers."""
    back, more = (Sentence("Back"), page - 1), (Sentence("More"), page + 1)
    return [(words, str(number)) for words, number in (back, more) if 0 <= number < pages]


def _choices(connection: Connection, here: Conversation, entry: Shelved) -> tuple[tuple[Button, ...], ...]:
    """What may be decided about it now."""
    choice = {"live": (Sentence("Suspend"), "suspend"), "suspended": (Sentence("Restore"), "restore")}.get(entry.state)
    if choice is None:
        return ()
    subject = f"{entry.name}@{entry.digest}"
    row = buttons.row(connection, "life", subject, (choice,), here.language)
    if not (entry.state == "live" and entry.trusted and entry.skill and entry.skill.scope) or here.scope == LOCAL:
        return (row,)
    to_all = wider(entry.skill.scope) == EVERYWHERE
    offer = Sentence("Offer everywhere") if to_all else Sentence("Offer to the whole workspace")
    return row, buttons.row(connection, "promote", subject, ((offer, "offer"),), here.language)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
