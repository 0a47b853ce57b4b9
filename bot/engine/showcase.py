"""`/skills` and `/skill NAME`: a page of skills at a time, and all about one with its buttons and its picture."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.domain.chat import Button, ButtonClicked, Conversation, InPassing, MessageReceived, Outgoing
from bot.domain.scope import EVERYWHERE, wider
from bot.domain.text import shorten
from bot.domain.trace import Status
from bot.engine.pages import Place, page_of
from bot.engine.toolbox import Toolbox
from bot.ports import Clock, ToolContext
from bot.skills import account, chart
from bot.skills.library import Library, Shelved
from bot.skills.run import missing
from bot.store import buttons, proposals, skills
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.skills import Point
from bot.store.store import Connection, Effect, Store
from bot.tools.names import folder_of
from bot.words import Sentence, say

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

    def __init__(self, store: Store, clock: Clock, library: Library, toolbox: Toolbox, outgoing: Path) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._toolbox = toolbox
        self._outgoing = outgoing

    async def list(self, said: MessageReceived, query: str, key: str) -> Effect:
        """Answer `/skills`, with words of the skills that are looked for behind it. `key` makes it one delivery."""
        found = await self._found(ToolContext(said.conversation, said.person), query)
        return partial(self._list, Place.asked(said, key), found, query)

    async def turn_page(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Another page takes the place of the one that stands there."""
        page, here = int(meaning.action), click.conversation
        found = await self._found(ToolContext(here, click.person), meaning.subject)
        words = InPassing(say(here.language, "Page {page}", page=page + 1))
        return words, partial(self._list, Place.turned(click, page, f"page:{click.key}"), found, meaning.subject)

    async def show(self, said: MessageReceived, name: str, key: str) -> Effect:
        """Answer `/skill NAME`. Raises Refused when there is none of that name here."""
        here = said.conversation
        [entry] = await self._looked_at(ToolContext(here, said.person), [await self._library.find(name, here.scope)])
        points = await self._store.read(partial(skills.over_time, name=entry.name))
        picture = await self._picture(here, entry, points) if len(points) >= LEAST_POINTS else None
        return partial(self._show, said, entry, picture, key)

    async def _found(self, context: ToolContext, query: str) -> Sequence[Shelved]:
        wanted = query.casefold().split()
        shelf = await self._library.shelf(context.conversation.scope)
        return await self._looked_at(context, [e for e in shelf if all(word in _words(e) for word in wanted)])

    async def _looked_at(self, context: ToolContext, entries: Sequence[Shelved]) -> Sequence[Shelved]:
        """With the tools that are not there for them."""
        here = await self._toolbox.here(context)
        return [replace(entry, lacking=_lacking(entry, here)) for entry in entries]

    def _list(self, place: Place, found: Sequence[Shelved], query: str, connection: Connection) -> None:
        language, page = place.here.language, page_of(found, place.wanted)
        lines = [account.line(entry, skills.tally(connection, entry.ref), language) for entry in page.shown]
        if page.number == page.last and not query:
            lines += [
                say(language, "- **{name}** waits for a decision on its card.", name=name)
                for name in proposals.pending(connection, place.here.scope)
            ]
        turning = buttons.row(connection, KIND, query, page.around(), language)
        text = "\n".join(lines) or _none(language, query)
        place.put(connection, text, (turning,) if turning else (), self._clock.now().timestamp())

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
        deliver(connection, Outgoing(here, text, _choices(connection, here, entry), said.quote), key, now)
        if picture is not None:
            words = say(here.language, "How **{name}** did", name=entry.name)
            deliver(connection, Outgoing(here, words, file=str(picture)), f"picture:{key}", now)


def _lacking(entry: Shelved, here: Collection[str]) -> tuple[str, ...]:
    procedure = entry.skill.procedure if entry.skill else None
    return tuple(missing(procedure, here)) if procedure else ()


def _words(entry: Shelved) -> str:
    """What a skill is looked for by."""
    skill = entry.skill
    trigger = skill.procedure.trigger.keywords if skill and skill.procedure else ()
    return " ".join([entry.name, skill.description if skill else "", *trigger]).casefold()


def _none(language: str, query: str) -> str:
    if query:
        return say(language, "No skill here has to do with that: {query}", query=shorten(query, LONGEST_QUERY))
    return say(language, "I have no skills here yet. When work repeats I propose one.")


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
