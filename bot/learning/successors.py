"""What a candidate takes the place of: a live skill that people keep adding to, or one that no longer fits its work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.domain.skill import Procedure, Skill
from bot.learning.mining import Candidate
from bot.skills.library import Library, Shelved
from bot.store import lives, proposals, tasks
from bot.store.store import Connection, Store

ALIKE = 0.5
"""Share of the longer one's tools that two procedures have in common, in their order, if they do the same work."""
SHARED = 0.5
"""Share of a candidate's supports that come out of the work of the skill which it is to replace."""


@dataclass(frozen=True, slots=True)
class Forebear:
    """A skill that may get a new version: the tasks that show how its work is done now.

    Of a live one these are the tasks that used it, of a suspended one those since it began to fail.
    """

    entry: Shelved
    procedure: Procedure
    tasks: frozenset[str]

    @property
    def drifted(self) -> bool:
        """Whether it is out of use, so that what it did has to be found anew."""
        return self.entry.state == "suspended"

    def traces(self, marks: Mapping[str, str]) -> dict[str, str]:
        """Of the traces of a scope, those of its tasks."""
        return {id: mark for id, mark in marks.items() if id in self.tasks}


async def forebears(store: Store, library: Library, scope: str) -> list[Forebear]:
    """The skills of a scope that may get a new version: procedures of their own scope for which no card waits."""
    shelf = [entry for entry in await library.shelf(scope) if entry.skill and entry.skill.scope == scope]
    return await store.read(partial(_forebears, shelf=shelf, scope=scope))


def forebear(candidate: Candidate, known: Iterable[Forebear]) -> Forebear | None:
    """Whose place the candidate takes: the one most alike, of those in whose work it was found."""
    kin = [(likeness(each.procedure, candidate.procedure), each) for each in known if _found_there(candidate, each)]
    return max(((like, each) for like, each in kin if like >= ALIKE), key=lambda pair: pair[0], default=(0, None))[1]


def heir(skill: Skill, before: Forebear) -> Skill:
    """The candidate's skill as the next version of the one before it: under the same name and in the same scope."""
    old, procedure = before.entry.skill, skill.procedure
    if old is None or procedure is None:
        raise TypeError(f"{before.entry.name} and its successor need procedures")
    origin = replace(
        procedure.provenance,
        origin="re-extracted" if before.drifted else "refined",
        based_on=before.entry.digest,
        refined=before.procedure.provenance.refined + (not before.drifted),
    )
    procedure = replace(procedure, provenance=origin)
    return replace(skill, name=old.name, scope=old.scope, version=old.version + 1, procedure=procedure)


def likeness(one: Procedure, other: Procedure) -> float:
    """The longest common subsequence of their tools, as a share of the longer one; 0 to 1."""
    tools = [[step.tool or "" for step in procedure.steps] for procedure in (one, other)]
    return _common(*tools) / max(1, *map(len, tools))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    lengths = [0] * (len(other) + 1)
    for tool in one:
        before = [*lengths]
        for place, there in enumerate(other, 1):
            lengths[place] = before[place - 1] + 1 if tool == there else max(before[place], lengths[place - 1])
    return lengths[-1]


def _found_there(candidate: Candidate, known: Forebear) -> bool:
    return len(known.tasks.intersection(candidate.support)) >= SHARED * len(candidate.support)


def _forebears(connection: Connection, shelf: Sequence[Shelved], scope: str) -> list[Forebear]:
    waiting = proposals.based_on(connection, scope)
    found = []
    for entry in shelf:
        procedure = entry.skill.procedure if entry.skill else None
        if procedure is None or entry.state not in ("live", "suspended") or entry.digest in waiting:
            continue
        if entry.state == "live":
            ids = lives.tasks_of(connection, entry.ref)
        else:
            ids = tasks.since(connection, scope, lives.failing_since(connection, entry.ref))
        found.append(Forebear(entry, procedure, frozenset(ids)))
    return found
