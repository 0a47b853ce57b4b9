"""How soon a skill that fails is out of use, and how often one that does well is suspended for nothing.

Uses are drawn by chance and go the way of real ones: recorded, scored when their task closes, in a database in memory.
`python -m tests.benchmarks.drift [USES]`.
"""

import sys
from collections.abc import Sequence
from random import Random
from statistics import mean, median

import sqlalchemy as sa

from bot.domain.chat import Conversation
from bot.domain.skill import SkillRef
from bot.domain.trace import Outcome
from bot.skills import life
from bot.skills.standing import WELL
from bot.store import conversations, lives, turns
from bot.store.skills import Use
from bot.store.store import WOKEN
from bot.store.tables import metadata
from bot.store.turns import NewTurn
from tests.benchmarks.figure import Figure, show

ROOM = Conversation("telegram", "-100", direct=False)
SHARES = {"always": 1.0, "in half": 0.5, "in 30 %": 0.3}
"""Drifts that are injected: how often the skill fails from then on."""
BEFORE = 20
"""Uses of a version that went as they should before it drifts."""
RUNS = 200
USES = 100_000


class Workplace:
    """A database with one chat, in which skills are used."""

    def __init__(self, seed: int) -> None:
        engine = sa.create_engine("sqlite://")
        metadata.create_all(engine)
        self.connection, self.chance = engine.connect(), Random(seed)
        self.connection.info[WOKEN] = set()
        self.count = 0
        conversations.remember(self.connection, ROOM)

    def uses_until(self, ref: SkillRef, share: float, most: int) -> int:
        """Use a version that fails in this share, until it is suspended; how often that was, `most` at most."""
        for number in range(1, most + 1):
            if not self._used(ref, self.chance.random() < share):
                return number
        return most

    def _used(self, ref: SkillRef, fails: bool) -> bool:
        """One use, whose task closes with what people say of it; whether it is still in use then."""
        self.count += 1
        new = NewTurn(f"said:{self.count}", ROOM.lane, "message", {}, ROOM.key)
        turn = turns.enqueue(self.connection, new, float(self.count))
        if turn is None:
            raise LookupError(f"turn {self.count} was there before")
        life.used(self.connection, Use(turn, "tool:0.0", ref, {}, "done"), float(self.count))
        outcome = Outcome("failure" if fails else "success", "feedback")
        life.scored(self.connection, [turn], outcome, float(self.count))
        return lives.of(self.connection, ref).up


def delay(share: float, runs: int) -> list[int]:
    """Uses until a version that did well is suspended, from when on it fails in this share: one number a run."""
    place = Workplace(1)
    found = []
    for run in range(runs):
        ref = SkillRef("orders", f"{run:064x}")
        place.uses_until(ref, 0.0, BEFORE)
        found.append(place.uses_until(ref, share, 1_000))
    return found


def alarms(uses: int) -> int:
    """Suspensions in so many uses of skills that fail as seldom as they may; each is a new version after one."""
    place, left, found = Workplace(2), uses, 0
    while left > 0:
        took = place.uses_until(SkillRef("orders", f"{found:064x}"), WELL, left)
        left -= took
        found += left > 0
    return found


async def figures(uses: int = USES, runs: int = RUNS) -> Sequence[Figure]:
    """The delays, then the false alarms."""
    told = []
    for words, share in SHARES.items():
        found = delay(share, runs)
        compared = f"median {median(found):.0f}, longest {max(found)} of {runs} skills"
        most = {1.0: 3.0, 0.5: 8.0}.get(share)
        told.append(Figure(f"uses until a skill that fails {words} is suspended", mean(found), "uses", compared, most))
    per_thousand = alarms(uses) / uses * 1_000
    words = f"false alarms in 1,000 uses of a skill that fails in {WELL:.0%}"
    return [*told, Figure(words, per_thousand, "alarms", f"in {uses:,} uses", most=1.0)]


if __name__ == "__main__":
    show(figures(*map(int, sys.argv[1:2])))
