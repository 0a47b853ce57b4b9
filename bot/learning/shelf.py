"""Folders that nobody approved: put there, edited by hand or imported. Each gets a card; what broke is told of."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import structlog

from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure, Skill
from bot.domain.text import plain, shorten
from bot.errors import SkillInvalid
from bot.learning import posting
from bot.learning.card import Told, folder_card
from bot.learning.mining import fingerprint
from bot.learning.quiet import Quiet
from bot.learning.versions import offer
from bot.ports import Clock, ToolContext, ToolSource
from bot.skills import folder, format, versions
from bot.skills.difference import difference
from bot.skills.library import SHARE, Library, Shelved
from bot.skills.warnings import warnings
from bot.store import audit, conversations, people, proposals, skills, turns
from bot.store.audit import Event
from bot.store.commits import Commit
from bot.store.proposals import Proposal
from bot.store.skills import Approval
from bot.store.store import Connection, Effect, Store
from bot.words import Sentence

log = structlog.get_logger()
SECONDS = 4.0
"""Between two looks. What two of them saw alike is no longer being written."""
LONGEST_PROBLEM = 300
LOCAL = "local"
"""Where the console's operator is found."""
Key = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Case:
    """A folder, the version that was in use last, and the chat that is asked or told: None where there is nobody."""

    entry: Shelved
    before: Approval | None
    home: Conversation | None


class Shelf:
    """Looks at the folders. `sources` are the bot's tools, `reviewers` APPRENTICE_REVIEWERS."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        library: Library,
        sources: Sequence[ToolSource],
        privacy: Privacy,
        quiet: Quiet,
        reviewers: Sequence[str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._sources = sources
        self._privacy = privacy
        self._quiet = quiet
        self._reviewers = reviewers
        self._before: frozenset[Key] = frozenset()
        self._done: frozenset[Key] = frozenset()
        self._alone: frozenset[Key] = frozenset()
        self._rests_until = datetime.min.replace(tzinfo=UTC)

    async def look(self) -> None:
        """Ask about folders that wait, and tell of edits that broke, once for each digest.

        It rests where so many folders are there that looking would take more than its share of the time.
        """
        began = self._clock.now()
        if began < self._rests_until:
            return
        waiting = {_key(entry): entry for entry in await self._library.shelf(None) if not entry.approved_by}
        self._done &= waiting.keys()
        self._alone &= waiting.keys()
        for key in sorted(waiting.keys() & self._before - self._done):
            if await self._settle(waiting[key]):
                self._done |= {key}
        self._before = frozenset(waiting)
        now = self._clock.now()
        self._rests_until = now + SHARE * (now - began)

    async def _settle(self, entry: Shelved) -> bool:
        """Whether all is done that this folder needs."""
        case = await self._store.read(partial(self._case, entry))
        if case is None:
            return True
        if case.home is None:
            if _key(entry) not in self._alone:
                advice = f"Let somebody in, set APPRENTICE_REVIEWERS, or: apprentice skills approve {entry.name}"
                log.warning("shelf.nobody_to_ask", folder=entry.name, advice=advice)
            self._alone |= {_key(entry)}
            return False
        work = self._tell(case, case.home) if entry.skill is None else await self._ask(case, case.home, entry.skill)
        if work is not None:
            await self._store.write(Commit.SHELF, work)
        return work is not None

    def _case(self, entry: Shelved, connection: Connection) -> _Case | None:
        """What is to be done about a folder; None where that is nothing."""
        before = versions.latest(connection, entry.name)
        if entry.skill is None:
            return _Case(entry, before, self._used_last(connection, before)) if before else None
        if any(proposal.ref == entry.ref for proposal in proposals.listed(connection, entry.name)):
            return None
        if before is not None and before.scope not in (None, entry.skill.scope):
            before = None  # another chat's, of which this one is told nothing
        return _Case(entry, before, self._home(connection, entry.skill.scope))

    def _used_last(self, connection: Connection, version: Approval) -> Conversation | None:
        turn = skills.last_turn(connection, version.ref.name)
        if turn is None:
            return self._home(connection, version.scope)
        return conversations.find(connection, turns.conversation_of(connection, turn))

    def _home(self, connection: Connection, scope: str | None) -> Conversation | None:
        """The chat of a scope; for what belongs to all of them, or to one that is not known, the operator's."""
        found = conversations.latest(connection, scope) if scope is not None else None
        person = people.operator(connection, self._reviewers)
        if found is not None or person is None:
            return found or conversations.latest(connection, LOCAL)
        return conversations.alone_with(connection, person)

    async def _ask(self, case: _Case, home: Conversation, skill: Skill) -> Effect | None:
        """The card; None while the folder is being changed."""
        try:
            files = await asyncio.to_thread(folder.read, self._library.root / case.entry.name)
        except SkillInvalid:
            return None
        if folder.digest(files) != case.entry.digest:
            return None
        context = ToolContext(home, Person(""))
        tools = {tool.name: tool for source in self._sources for tool in await source.tools(context)}
        # Looking for secrets in megabytes would keep the event loop.
        cautions = await asyncio.to_thread(lambda: list(warnings(skill, files, tools, self._privacy)))
        told = Told(case.before is not None, _where(skill, home), _changes(case, skill, files), cautions)
        return partial(self._propose, _proposal(case, home, skill, files, told), home)

    def _propose(self, proposal: Proposal, home: Conversation, connection: Connection) -> None:
        now = self._clock.now()
        at = now.timestamp()
        for other in proposals.listed(connection, proposal.ref.name):
            if other.kind in proposals.FOLDERS and proposals.give_up(connection, other.id, "superseded", "", at):
                superseded = Event("superseded", other.ref, other.scope, origin=other.conversation)
                audit.note(connection, superseded, at)
        conversations.remember(connection, home)
        proposals.propose(connection, replace(proposal, created=at))
        event = Event("proposed", proposal.ref, proposal.scope, origin=home.key, detail=proposal.kind)
        audit.note(connection, event, at)
        posting.announce(connection, proposal.scope, f"folder:{proposal.id}", now, self._quiet)

    def _tell(self, case: _Case, home: Conversation) -> Effect:
        """Of an edit that broke a skill."""
        entry, before = case.entry, case.before
        if before is None:
            raise TypeError(f"{entry.name} was never whole")
        problem = shorten(self._privacy.masked(entry.problems[0]), LONGEST_PROBLEM).rstrip(".")
        text = Sentence(
            "**{name}** was changed in its folder and is broken now, so I no longer use it: {problem}. "
            "Mend the file, or have the version of before put back.",
            name=entry.name,
            problem=plain(problem),
        )

        def effect(connection: Connection) -> None:
            conversations.remember(connection, home)
            key = f"broken:{entry.name}:{entry.digest or entry.problems[0]}"
            offer(connection, text, before.ref, home, key, self._clock.now().timestamp())

        return effect


def _key(entry: Shelved) -> Key:
    return entry.name, entry.digest, entry.problems


def _where(skill: Skill, home: Conversation) -> Sentence | None:
    """Where it may be used, unless that is the chat which is asked."""
    if skill.scope is None:
        return Sentence("It may be used in every chat")
    if skill.scope != home.scope:
        return Sentence("It belongs to a chat that I do not know: {scope}", scope=plain(skill.scope))
    return None


def _changes(case: _Case, skill: Skill, files: Mapping[str, bytes]) -> list[Sentence]:
    """The difference to the version of before: step by step, and the files whose words alone differ."""
    if case.before is None:
        return []
    old = case.before.files
    before = _procedure(case.entry.name, old)
    steps = difference(before, skill.procedure) if before and skill.procedure else []
    names = [path for path in sorted({*old, *files}) if old.get(path) != files.get(path)]
    return steps or [Sentence("{names} differ", names=", ".join(f"`{path}`" for path in names))]


def _procedure(name: str, files: Mapping[str, bytes]) -> Procedure | None:
    """None also for a version that an older release took for valid, or whose files were erased since."""
    try:
        return format.parse(name, files).procedure
    except SkillInvalid:
        return None


def _proposal(case: _Case, home: Conversation, skill: Skill, files: Mapping[str, bytes], told: Told) -> Proposal:
    evidence: JSON = {
        "card": folder_card(home.language, skill, told),
        "language": home.language,
        "notes": [note.told(home.language) for note in (*told.changes, *told.cautions)],
    }
    alike = fingerprint(skill.procedure) if skill.procedure and case.before is None else case.entry.digest
    return Proposal(
        secrets.token_urlsafe(12),
        home.scope,
        home.key,
        case.entry.ref,
        files,
        alike,
        evidence,
        0.0,
        kind="folder" if case.before is None else "edited",
        based_on=case.before.ref.digest if case.before else None,
    )
