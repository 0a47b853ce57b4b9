"""The library: the skill folders, which of them are live, and publishing an approved one.

Live = the folder is there, it validates, and its digest is approved: by a card, on the command line, or because the
release ships it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from bot.domain.skill import Skill, SkillRef, Trigger
from bot.errors import Refused, SkillInvalid
from bot.skills import folder, format
from bot.skills.shipped import SHIPPED
from bot.store import fulltext, skills
from bot.store.commits import Commit
from bot.store.fulltext import Page
from bot.store.skills import Approval
from bot.store.store import Store

log = structlog.get_logger()
FEW = 20
"""Folders that are looked at sooner than a thread is woken."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One folder. `skill` is None when it is broken; `problems` say why."""

    name: str
    state: Literal["live", "pending", "broken"]
    digest: str
    skill: Skill | None
    problems: tuple[str, ...] = ()
    approved_by: str = ""

    @property
    def ref(self) -> SkillRef:
        """Name and digest."""
        return SkillRef(self.name, self.digest)


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: folder.Stamp
    digest: str
    skill: Skill | None
    problems: tuple[str, ...]


class Library:
    """The folders below `root`."""

    def __init__(self, root: Path, store: Store) -> None:
        self.root = root
        self._store = store
        self._read: dict[str, _Read] = {}
        self._indexed: dict[str, Page] = {}

    async def shelf(self, scope: str | None) -> list[Shelved]:
        """Every folder that may be seen in a scope (None: in every scope), by name; changed files are read again."""
        if len(self._read) > FEW:
            await asyncio.to_thread(self._refresh)
        else:
            self._refresh()
        others = {SkillRef(name, read.digest) for name, read in self._read.items()} - SHIPPED
        approved = await self._store.read(skills.approvals) if others else {}
        by = {**dict.fromkeys(SHIPPED, "the release"), **{ref: who for ref, (who, _) in approved.items()}}
        shelved = [_shelve(name, read, by) for name, read in sorted(self._read.items())]
        return [entry for entry in shelved if scope is None or _visible(entry, scope)]

    async def live(self, scope: str) -> list[Shelved]:
        """The live skills of a scope."""
        return [entry for entry in await self.shelf(scope) if entry.state == "live"]

    async def find(self, name: str, scope: str | None) -> Shelved:
        """The folder of this name. Raises Refused when there is none in the scope."""
        for entry in await self.shelf(scope):
            if name in (entry.name, entry.name.replace("-", "_")):
                return entry
        raise Refused(f"There is no skill named {name} here. /skills lists those there are.")

    async def ranked_by_text(self, live: list[Shelved], scope: str, text: str) -> list[str]:
        """Names of live skills of a scope that share words with a text, best first (full text)."""
        pages = {entry.name: _page(entry.skill) for entry in live if entry.skill}
        if pages and not pages.items() <= self._indexed.items():
            indexed = self._indexed | pages
            await self._store.write(Commit.INDEX, lambda connection: fulltext.replace(connection, indexed.values()))
            self._indexed = indexed
        found = await self._store.read(lambda connection: fulltext.search(connection, text, scope, len(self._indexed)))
        return [name for name in found if name in pages]

    async def publish(self, approval: Approval) -> None:
        """Make the approved bytes the folder of that name. Raises Refused when what stands there then is not them."""
        name = approval.ref.name
        await asyncio.to_thread(folder.write, self.root / name, approval.files)
        digest = folder.digest(await asyncio.to_thread(folder.read, self.root / name))
        if digest != approval.ref.digest:
            raise Refused(f"{self.root / name} changed while {name} was published; approve it again.")
        log.info("skill.published", name=name, digest=digest)

    def _refresh(self) -> None:
        """Made anew and set at once: several conversations look at the same time, each in a thread."""
        known = self._read
        self._read = {path.name: _look(path, known.get(path.name)) for path in folder.folders(self.root)}


def _look(path: Path, known: _Read | None) -> _Read:
    stamp = folder.stamp(path)
    return known if known and stamp and known.stamp == stamp else _load(path, stamp)


def _load(path: Path, stamp: folder.Stamp) -> _Read:
    try:
        files = folder.read(path)
    except SkillInvalid as error:
        return _Read(stamp, "", None, error.problems)
    digest = folder.digest(files)
    try:
        return _Read(stamp, digest, format.parse(path.name, files), ())
    except SkillInvalid as error:
        return _Read(stamp, digest, None, error.problems)


def _shelve(name: str, read: _Read, approved_by: Mapping[SkillRef, str]) -> Shelved:
    by = approved_by.get(SkillRef(name, read.digest), "")
    state: Literal["live", "pending", "broken"] = "broken" if read.skill is None else "live" if by else "pending"
    return Shelved(name, state, read.digest, read.skill, read.problems, by)


def _visible(entry: Shelved, scope: str) -> bool:
    """A broken folder has no scope that can be trusted: only the operator's command line sees it."""
    return entry.skill is not None and entry.skill.scope in (None, scope)


def _page(skill: Skill) -> Page:
    trigger = skill.procedure.trigger if skill.procedure else Trigger()
    return Page(
        skill.name,
        skill.scope or "",
        skill.name.replace("-", " "),
        "\n".join(trigger.keywords),
        f"{skill.description}\n{trigger.condition}",
        "\n".join(trigger.examples),
    )
