"""People change a proposal: what they make of its text is a proposal of its own, and the first one is given up."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from bot.domain.chat import ButtonClicked, Conversation, Form, InPassing, Outgoing
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.skill import SkillRef
from bot.domain.text import plain
from bot.domain.tool import Tool
from bot.domain.trace import Trace
from bot.errors import Refused, SkillInvalid, Undeliverable
from bot.learning import collect, posting
from bot.learning.card import Edited, edited_card
from bot.learning.changing import Changed, changed, file_of, replayed
from bot.learning.mining import fingerprint
from bot.learning.review import ONLY_REVIEWERS, decided, found, redraw, stands_as
from bot.learning.workbench import AT_ONCE
from bot.ports import ChatAdapter, Clock, ToolContext, ToolSource
from bot.skills import folder
from bot.skills.format import MOST_BYTES
from bot.skills.reviewers import Reviewers
from bot.skills.warnings import warnings, writing
from bot.store import audit, conversations, proposals
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver, form_key
from bot.store.proposals import Proposal
from bot.store.store import Connection, Effect, Store
from bot.tools.names import folder_of
from bot.words import say

MOST_REPLAYED = 500
"""Tasks that a changed procedure is replayed on, the newest; and as many imported ones."""


class Editing:
    """Opens the form of a proposal and takes what was put into it.

    `sources` are the bot's tools, `own` secrets that no skill may hold. Files lie below `outgoing` until they are sent.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        reviewers: Reviewers,
        adapters: Mapping[str, ChatAdapter],
        sources: Sequence[ToolSource],
        own: tuple[str, ...],
        outgoing: Path,
    ) -> None:
        self._store = store
        self._clock = clock
        self._reviewers = reviewers
        self._adapters = adapters
        self._sources = sources
        self._own = own
        self._outgoing = outgoing

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Open the form, or take what was put in. Raises DeliverLater when the platform tells nothing now."""
        proposal, home = await self._store.read(lambda connection: found(connection, meaning.subject))
        if click.text is not None or click.file is not None:
            return await self._take(click, proposal, home)
        try:
            await self._check(click, proposal, home)
        except Refused as error:
            return error.sentence.told(click.conversation.language), self._mended(click, proposal)
        if await self._show(click, _form(proposal, _text(proposal))):
            return "", _nothing
        file = self._outgoing.resolve() / folder_of(click.conversation) / f"{proposal.ref.name}.{file_of(proposal)}"
        await asyncio.to_thread(_write, file, _text(proposal))
        return InPassing(say(click.conversation.language, "The file stands below.")), partial(
            self._post_file, click, file
        )

    async def _take(self, click: ButtonClicked, proposal: Proposal, home: Conversation) -> tuple[str, Effect]:
        """What a person made of the text. What cannot be taken goes back to them, with why."""
        text, language = click.text or "", click.conversation.language
        try:
            text = await self._content(click)
            await self._check(click, proposal, home)
            new = await self._proposal(click, proposal, home, text)
        except SkillInvalid as error:
            problems = tuple(map(Privacy(self._own).masked, error.problems))
        except (Refused, Undeliverable) as error:
            problems = (error.sentence.told(language),)
        else:
            words = say(language, "Changed: the new card stands below, and waits for a decision.")
            return words, partial(self._propose, click, proposal, new)
        if await self._show(click, _form(proposal, text, problems)):
            return "", self._mended(click, proposal)
        return "", partial(self._give_back, click, proposal, problems)

    async def _content(self, click: ButtonClicked) -> str:
        """The text that was put in. Raises Refused, Undeliverable and DeliverLater."""
        adapter = self._adapters.get(click.conversation.platform)
        if click.file is None or adapter is None:
            return click.text or ""
        try:
            return (await adapter.fetch(click.file, MOST_BYTES)).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused("The file is no UTF-8 text: send it as plain text.") from None

    async def _check(self, click: ButtonClicked, proposal: Proposal, home: Conversation) -> None:
        """Raises Refused for who may not decide, and where nothing is left to decide."""
        if proposal.state != "pending":
            raise Refused("Decided already: {decision}.", decision=decided(proposal))
        if not await self._reviewers.may_decide(home, click.conversation, click.person):
            raise Refused(ONLY_REVIEWERS.template)

    async def _proposal(self, click: ButtonClicked, old: Proposal, home: Conversation, text: str) -> Proposal:
        """The proposal that a text makes. Raises Refused."""
        people = await self._store.read(lambda connection: conversations.speakers(connection, old.scope))
        privacy = Privacy(self._own, tuple(sorted(people)))
        # Looking for secrets and problems in a long text would keep the event loop.
        made = await asyncio.to_thread(changed, old, text, privacy)
        context = ToolContext(home, click.person)
        tools = {tool.name: tool for source in self._sources for tool in await source.tools(context)}
        marks = await self._store.read(partial(collect.marks, scope=old.scope, tools=[*tools.values()]))
        read = partial(self._traces, old.scope, [*tools.values()])
        same, places = await replayed(made.skill.procedure, collect.newest(marks, MOST_REPLAYED), read, AT_ONCE)
        cautions = await asyncio.to_thread(lambda: list(warnings(made.skill, made.files, tools, privacy)))
        writes = writing(made.skill.procedure, tools) if made.skill.procedure else []
        edited = Edited(click.person.name or click.person.id, made.changes, same, places, cautions)
        card = edited_card(home.language, made.skill, edited)
        notes = [note.told(home.language) for note in (*made.changes, *cautions)]
        evidence = {**old.evidence, "card": card, "notes": notes, "writes": writes, "language": home.language}
        evidence |= {"stands": stands_as(old), "instead_of": old.id}
        return _successor(old, made, evidence, self._now())

    async def _traces(self, scope: str, tools: Sequence[Tool], ids: Sequence[str]) -> list[Trace]:
        return await self._store.read(partial(collect.traces, scope=scope, tools=tools, ids=ids))

    async def _show(self, click: ButtonClicked, form: Form) -> bool:
        adapter = self._adapters.get(click.conversation.platform)
        return adapter is not None and await adapter.form(click, form)

    def _post_file(self, click: ButtonClicked, file: Path, connection: Connection) -> None:
        text = say(click.conversation.language, "Answer this message with the changed file, or with its text.")
        deliver(connection, Outgoing(click.conversation, text, file=str(file)), form_key(click), self._now())

    def _give_back(
        self, click: ButtonClicked, proposal: Proposal, problems: Sequence[str], connection: Connection
    ) -> None:
        head = say(click.conversation.language, "I have not taken this for **{name}**:", name=proposal.ref.name)
        text = "\n".join([head, "", *(f"- {plain(problem)}" for problem in problems)])
        deliver(connection, Outgoing(click.conversation, text), f"edit:{click.key}", self._now())
        self._mended(click, proposal)(connection)

    def _mended(self, click: ButtonClicked, proposal: Proposal) -> Effect:
        """A card that is stale is mended by the click on it."""
        if proposal.state == "pending":
            return _nothing
        return lambda connection: redraw(connection, click, proposal, self._now())

    def _propose(self, click: ButtonClicked, old: Proposal, new: Proposal, connection: Connection) -> None:
        now, there = self._now(), click.conversation
        if not proposals.give_up(connection, old.id, "superseded", "edited", now):
            gone, _ = found(connection, old.id)
            self._give_back(click, gone, [say(there.language, "It was decided meanwhile.")], connection)
            return
        audit.note(connection, Event("edited", old.ref, old.scope, click.person, there.key, new.ref.digest), now)
        proposals.propose(connection, new)
        audit.note(connection, Event("proposed", new.ref, new.scope, click.person, there.key, new.kind), now)
        home = conversations.find(connection, new.conversation)
        for place in {home.key: home, there.key: there}.values():
            deliver(connection, posting.card(connection, place, new), f"card:{new.id}:{place.key}", now)
        proposals.mark_posted(connection, new.id, now)
        redraw(connection, click, found(connection, old.id)[0], now)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _text(proposal: Proposal) -> str:
    return proposal.files[file_of(proposal)].decode("utf-8", "replace")


def _form(proposal: Proposal, text: str, problems: tuple[str, ...] = ()) -> Form:
    return Form(proposal.ref.name, file_of(proposal), text, problems)


def _successor(old: Proposal, made: Changed, evidence: JSON, now: float) -> Proposal:
    digest = folder.digest(made.files)
    return Proposal(
        secrets.token_urlsafe(12),
        old.scope,
        old.conversation,
        SkillRef(old.ref.name, digest),
        made.files,
        fingerprint(made.skill.procedure) if made.skill.procedure else digest,
        evidence,
        now,
        kind=proposals.IN_CHAT,
        based_on=old.based_on,
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _nothing(_: Connection) -> None:
    """A click that changes nothing."""
