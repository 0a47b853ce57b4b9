"""What is older than it may be kept is forgotten, quietly; of skills that rest on nothing else their chat is told."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from bot.domain.chat import Outgoing
from bot.domain.skill import SkillRef
from bot.engine.forget import in_parts
from bot.engine.resting import learned_from
from bot.ports import Clock
from bot.skills.library import Library, Shelved
from bot.store import audit, conversations, facts, forgetting, proposals, reminders
from bot.store.audit import Event
from bot.store.deliveries import deliver
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.tools.names import FILES
from bot.words import say

log = structlog.get_logger()


class Retention:
    """Forgets what is older than `days`. `workspace` is the folder with the files that people sent."""

    def __init__(self, store: Store, clock: Clock, library: Library, workspace: Path, days: int) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._files = workspace / FILES
        self._kept = timedelta(days=days)

    async def __call__(self, turn: Turn) -> Effect:
        """Empty what was said, done and sent; after a crash the rest follows. What is under way stays."""
        now = self._clock.now()
        oldest = (now - self._kept).timestamp()
        before = await self._store.read(lambda connection: forgetting.before(connection, oldest))
        said = await self._store.read(lambda connection: forgetting.old_turns(connection, before))
        sent = await self._store.read(lambda connection: forgetting.old_deliveries(connection, before))
        tasks = await self._store.read(lambda connection: forgetting.old_tasks(connection, before))
        told = await self._store.read(lambda connection: facts.told_before(connection, before))
        await in_parts(self._store, facts.delete, told)
        await in_parts(self._store, forgetting.forget_turns, said)
        await in_parts(self._store, forgetting.forget_deliveries, sent)
        await in_parts(self._store, partial(forgetting.forget_tasks, now=now.timestamp()), tasks)
        await asyncio.to_thread(_delete, self._files, oldest)
        if said or sent or tasks or told:
            await self._store.empty_log()
        log.info("retention.done", turns=len(said), deliveries=len(sent), tasks=len(tasks), facts=len(told))
        live = [entry for entry in await self._library.shelf(None) if entry.state == "live"]

        def effect(connection: Connection) -> None:
            reminders.forget_old(connection, oldest)
            self._tell(before, live, connection)

        return effect

    def _tell(self, before: int, live: Sequence[Shelved], connection: Connection) -> None:
        conversations.begin_behind(connection, before - 1)
        erased = forgetting.erased(connection)
        known = proposals.listed(connection)
        for proposal in known:
            if not erased.isdisjoint(proposal.evidence.get("support", ())):
                proposals.forget_words(connection, proposal.id)
        support = {proposal.ref: proposal.evidence.get("support", ()) for proposal in known}
        alone: dict[str, list[SkillRef]] = {}
        for entry in live:
            tasks = {*learned_from(entry), *support.get(entry.ref, ())}
            if tasks and tasks <= erased and entry.skill and entry.skill.scope:
                alone.setdefault(entry.skill.scope, []).append(entry.ref)
        self._name(connection, alone)

    def _name(self, connection: Connection, alone: Mapping[str, Sequence[SkillRef]]) -> None:
        """One message a chat, with the skills of which it was not told or asked before."""
        now = self._clock.now().timestamp()
        for scope, refs in alone.items():
            home = conversations.latest(connection, scope)
            told = {event.ref for event in audit.events(connection) if event.action == "forgotten"}
            new = [ref for ref in refs if ref not in told]
            if home is None or not new:
                continue
            text = say(
                home.language,
                "What these skills were learned from is older than I keep work: {names}. They stay; `/skill NAME` lets "
                "you suspend one.",
                names=", ".join(f"**{ref.name}**" for ref in new),
            )
            deliver(connection, Outgoing(home, text), f"retained:{scope}:{now}", now)
            for ref in new:
                audit.note(connection, Event("forgotten", ref, scope, origin=home.key, detail="too old"), now)


def _delete(folder: Path, oldest: float) -> None:
    """Delete the files that have not changed since then."""
    for file in folder.rglob("*") if folder.exists() else ():
        if file.is_file() and not file.is_symlink() and file.stat().st_mtime < oldest:
            file.unlink()
