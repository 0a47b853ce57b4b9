"""The library: the skill folders, which of them are live, and publishing an approved one.

Live = the folder is there, it validates, its digest is approved (by a card, on the command line, or because the
release ships it), and neither the bot nor a person has suspended it.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import structlog

from bot.domain.scope import EVERYWHERE, family
from bot.domain.skill import Skill, SkillRef
from bot.errors import Refused, SkillInvalid
from bot.ports import Clock
from bot.skills import folder, format
from bot.skills.shipped import SHIPPED
from bot.store import lives, preferences, skills
from bot.store.lives import Life
from bot.store.skills import Approval
from bot.store.store import Connection, Store
from bot.words import Sentence

log = structlog.get_logger()
State = Literal["live", "suspended", "pending", "broken"]
FEW = 20
"""Folders that are looked at sooner than a thread is woken."""
LOOK = timedelta(seconds=1)
"""How long a turn takes what was seen in more folders than these for what is there: to look at 1,000 takes 30 ms."""
SHARE = 20
"""Looking takes no more than one part in so many of the time: 10,000 folders are looked at every few seconds."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One folder. `skill` is None when it is broken; `problems` say why. What is live and not `trusted` is on trial.

    `unwanted`: people do not want it to be used in the scope for which it was asked about. `lacking`: tools that it
    needs and that were not there when somebody looked.
    """

    name: str
    state: State
    digest: str
    skill: Skill | None
    problems: tuple[str, ...] = ()
    approved_by: str = ""
    trusted: bool = False
    unwanted: bool = False
    lacking: tuple[str, ...] = ()

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

    def __init__(self, root: Path, store: Store, clock: Clock) -> None:
        self.root = root
        self._store = store
        self._clock = clock
        self._read: dict[str, _Read] = {}
        self._shelf: Sequence[Shelved] = ()
        self._live: dict[str | None, Sequence[Shelved]] = {}
        self._forbidden: Mapping[str, Collection[str]] = {}
        self._decided: _Decisions = ({}, {}, {})
        self._asked: datetime | None = None
        self._looked: datetime | None = None
        self._took = timedelta(0)
        self._looks = 0
        self._looking = asyncio.Lock()

    async def shelf(self, scope: str | None) -> Sequence[Shelved]:
        """Every folder that may be seen in a scope (None: in every scope), by name; changed files are read again."""
        await self._see(timedelta(0))
        if scope is None:
            return self._shelf
        never = self._forbidden.get(scope, ())
        return [replace(entry, unwanted=entry.name in never) for entry in self._shelf if _visible(entry, scope)]

    async def unwanted(self, scope: str) -> Collection[str]:
        """The names of what people do not want to be used in a scope."""
        await self.live(scope)
        return self._forbidden.get(scope, ())

    async def live(self, scope: str | None) -> Sequence[Shelved]:
        """The live skills of a scope (None: of every scope), by name: the same object until one of them changes.

        What people do not want to be used in the scope is left out. Where there are many folders they are those of a
        second ago, of very many longer ago.
        """
        await self._see(max(LOOK, SHARE * self._took) if len(self._read) > FEW else timedelta(0))
        return self.last_live(scope)

    def last_live(self, scope: str | None) -> Sequence[Shelved]:
        """The same as they were last seen."""
        if scope not in self._live:
            live = [entry for entry in self._shelf if entry.state == "live"]
            never = self._forbidden.get(scope or "", ())
            self._live[scope] = [
                entry for entry in live if scope is None or (_visible(entry, scope) and entry.name not in never)
            ]
        return self._live[scope]

    async def find(self, name: str, scope: str | None) -> Shelved:
        """The folder of this name. Raises Refused when there is none in the scope."""
        for entry in await self.shelf(scope):
            if name in (entry.name, entry.name.replace("-", "_")):
                return entry
        raise Refused("There is no skill named {name} here. /skills lists those there are.", name=name)

    async def publish(self, approval: Approval) -> None:
        """Make the approved bytes the folder of that name. Raises Refused when what stands there then is not them."""
        name = approval.ref.name
        _require_files(approval)
        await asyncio.to_thread(folder.write, self.root / name, approval.files)
        async with self._looking:
            self._looked = None
        digest = folder.digest(await asyncio.to_thread(folder.read, self.root / name))
        if digest != approval.ref.digest:
            raise Refused(
                "{folder} changed while {name} was published; approve it again.", folder=self.root / name, name=name
            )
        log.info("skill.published", name=name, digest=digest)

    async def put_back(self, approval: Approval) -> Path | None:
        """Publish a version anew. A folder that nobody approved gives way to it: where it is now, None without one."""
        name = approval.ref.name
        _require_files(approval)
        unapproved = [entry for entry in await self.shelf(None) if entry.name == name and not entry.approved_by]
        aside = await asyncio.to_thread(folder.set_aside, self.root / name) if unapproved else None
        await self.publish(approval)
        return aside

    async def remove(self, ref: SkillRef) -> None:
        """Remove a version's folder; whatever else stands there by now stays."""
        if any(entry.ref == ref for entry in await self.shelf(None)):
            await asyncio.to_thread(folder.remove, self.root / ref.name)
            async with self._looking:
                self._looked = None
            log.info("skill.removed", name=ref.name, digest=ref.digest)

    async def _see(self, age: timedelta) -> None:
        """Look at what is there unless that was done so short a time ago.

        One at a time: a look that begins while others wait is theirs too.
        """
        looks = self._looks
        async with self._looking:
            if looks == self._looks and (self._looked is None or self._clock.now() - self._looked >= age):
                await self._look()

    async def _look(self) -> None:
        self._looks += 1
        began = self._clock.now()
        if len(self._read) > FEW:
            await asyncio.to_thread(self._refresh)
        else:
            self._refresh()
        approved, recorded, forbidden = await self._decisions(began)
        by = {**dict.fromkeys(SHIPPED, Sentence("the release")), **{ref: who for ref, (who, _) in approved.items()}}
        shelf = [_shelve(name, read, by, recorded) for name, read in sorted(self._read.items())]
        if (shelf, forbidden) != (self._shelf, self._forbidden):
            self._shelf, self._forbidden, self._live = shelf, forbidden, {}
        self._looked = self._clock.now()
        self._took = self._looked - began

    async def _decisions(self, now: datetime) -> "_Decisions":
        """What was decided about versions: where only the release's skills are there, as of a second ago.

        The read costs a turn as much as all its other looking; whoever runs a skill asks again whether it is up.
        """
        own = {SkillRef(name, read.digest) for name, read in self._read.items()} - SHIPPED
        if self._read and (own or self._asked is None or now - self._asked >= LOOK):
            self._decided, self._asked = await self._store.read(_decided), now
        return self._decided

    def _refresh(self) -> None:
        known = self._read
        self._read = {path.name: _current(path, known.get(path.name)) for path in folder.folders(self.root)}


def _require_files(approval: Approval) -> None:
    if folder.digest(approval.files) != approval.ref.digest:
        name = approval.ref.name
        raise Refused("The files of this version of {name} are not kept any more; nothing was written.", name=name)


def _current(path: Path, known: _Read | None) -> _Read:
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


_Decisions = tuple[Mapping[SkillRef, tuple[str, float]], Mapping[SkillRef, Life], Mapping[str, Collection[str]]]
"""Approvals, lives, and what is not wanted where."""


def _decided(connection: Connection) -> _Decisions:
    return skills.approvals(connection), lives.recorded(connection), preferences.forbidden(connection)


def _shelve(name: str, read: _Read, approved_by: Mapping[SkillRef, str], recorded: Mapping[SkillRef, Life]) -> Shelved:
    ref = SkillRef(name, read.digest)
    by, life = approved_by.get(ref, ""), recorded.get(ref, Life(ref))
    state: State = "broken" if read.skill is None else "pending" if not by else "live" if life.up else "suspended"
    problems = read.problems or ((life.why,) if state == "suspended" else ())
    return Shelved(name, state, read.digest, read.skill, problems, by, life.state == "trusted")


def _visible(entry: Shelved, scope: str) -> bool:
    """A broken folder has no scope that can be trusted: only the operator's command line sees it."""
    return entry.skill is not None and (entry.skill.scope or EVERYWHERE) in family(scope)
