"""Skills that nobody needs any more leave: unused for long, saving nothing, or suspended and not brought back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from bot.domain.chat import Conversation, Outgoing
from bot.domain.skill import SkillRef
from bot.learning.versions import offer
from bot.ports import Clock
from bot.skills.library import Library, Shelved
from bot.store import audit, conversations, lives, skills, turns
from bot.store.audit import Event
from bot.store.deliveries import deliver
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from bot.words import Sentence

log = structlog.get_logger()
UNUSED = timedelta(days=60)
"""A skill that nobody has used for so long is evicted."""
FORGOTTEN = timedelta(days=30)
"""A suspended skill that nobody has brought back for so long is evicted."""
LAST_USES = 20
"""The newest uses of a version that tell whether it saves anything."""
OWN = ("written", "imported")
"""Origins of skills that people made: these are told of, and stay."""
PUT_THERE = ("proposed", "folder")
"""The event, with its detail, of a folder that somebody put among the skills."""


class Retiring:
    """Looks for skills to evict. Their bytes are kept: Restore brings one back."""

    def __init__(self, store: Store, clock: Clock, library: Library) -> None:
        self._store = store
        self._clock = clock
        self._library = library

    async def look(self, turn: Turn) -> Effect:
        """Evict what nobody needs; of what a person made, say so."""
        shelf = [entry for entry in await self._library.shelf(None) if entry.state in ("live", "suspended")]
        return partial(self._look, shelf)

    async def clear(self, turn: Turn) -> Effect:
        """Remove the folder of an evicted version, unless something else stands there by now."""
        ref = SkillRef(turn.payload["name"], turn.payload["digest"])
        found = await self._store.read(lambda connection: lives.of(connection, ref))
        if found.state == "evicted":
            await self._library.remove(ref)
        return lambda _: None

    def _look(self, shelf: Sequence[Shelved], connection: Connection) -> None:
        approved = {ref: at for ref, (_, at) in skills.approvals(connection).items()}
        for entry in shelf:
            home = _home(connection, entry)
            why = self._why(connection, entry, approved.get(entry.ref, 0.0))
            if home is not None and why is not None:
                self._retire(connection, entry, why, home)

    def _why(self, connection: Connection, entry: Shelved, approved: float) -> Sentence | None:
        """Why it should go; None where it should not."""
        now, life = self._clock.now(), lives.of(connection, entry.ref)
        if not life.up:
            forgotten = life.since < (now - FORGOTTEN).timestamp()
            return Sentence("It has been suspended for {days} days.", days=FORGOTTEN.days) if forgotten else None
        tally = skills.tally(connection, entry.ref)
        last = max(tally.last or 0.0, life.since, approved)
        if 0.0 < last < (now - UNUSED).timestamp():
            return Sentence("Nobody has used it for {days} days.", days=UNUSED.days)
        uses = skills.latest_uses(connection, entry.ref, LAST_USES, life.counted_from)
        if len(uses) == LAST_USES and all(use.calls <= 1 for use in uses):
            return Sentence("It saved nothing in its last {count} uses.", count=LAST_USES)
        return None

    def _retire(self, connection: Connection, entry: Shelved, why: Sentence, home: Conversation) -> None:
        now = self._clock.now().timestamp()
        life = lives.of(connection, entry.ref)
        key = f"{entry.digest}:{life.since}"
        if life.up and _made_by_a_person(connection, entry):
            text = Sentence("**{name}**: {why} A person made it, so I leave it here.", name=entry.name, why=why)
            deliver(connection, Outgoing(home, text.told(home.language)), f"flagged:{key}", now)
            return
        lives.put(connection, replace(life, state="evicted", since=now, why=str(why)))
        scope = entry.skill.scope if entry.skill else None
        audit.note(connection, Event("evicted", entry.ref, scope, origin=home.key, detail=str(why)), now)
        text = Sentence("I have put **{name}** away. {why}", name=entry.name, why=why)
        offer(connection, text, entry.ref, home, f"evicted:{key}", now)
        payload = {"name": entry.name, "digest": entry.digest}
        turns.enqueue(connection, NewTurn(f"clear:{key}", f"skill:{entry.name}", "clear", payload, home.key), now)
        log.info("skill.evicted", name=entry.name, digest=entry.digest, why=str(why))


def _home(connection: Connection, entry: Shelved) -> Conversation | None:
    """The chat that is told: where it was used last, else the one of its scope."""
    turn = skills.last_turn(connection, entry.name)
    if turn is not None:
        return conversations.find(connection, turns.conversation_of(connection, turn))
    scope = entry.skill.scope if entry.skill else None
    return conversations.latest(connection, scope) if scope else None


def _made_by_a_person(connection: Connection, entry: Shelved) -> bool:
    """Also what was mined elsewhere and handed in here: its file says only how it came to be."""
    procedure = entry.skill.procedure if entry.skill else None
    if procedure is None or procedure.provenance.origin in OWN:
        return True
    told = [event for event in audit.events(connection, entry.name) if event.ref == entry.ref]
    return any(event.action == "imported" or (event.action, event.detail) == PUT_THERE for event in told)
