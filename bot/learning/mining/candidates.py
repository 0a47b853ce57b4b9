"""A proven sequence becomes a candidate: a procedure with its words, and the evidence a person decides by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bot.domain.skill import Procedure, Provenance, Skill
from bot.errors import SkillInvalid
from bot.learning.mining.building import build
from bot.learning.mining.corpus import Corpus, Part
from bot.learning.mining.fingerprints import fingerprint
from bot.learning.mining.indexing import Indexed
from bot.learning.mining.induce import Induced
from bot.learning.mining.matches import Replay
from bot.learning.mining.naming import names
from bot.learning.mining.report import Candidate, Refusal
from bot.learning.mining.sequences import Tools
from bot.learning.mining.support import Support
from bot.learning.mining.telling import explained
from bot.learning.mining.words import Words, words
from bot.skills import format
from bot.skills.core_yaml import UNWANTED
from bot.words import Sentence

MOST_NAMED = 500
"""Tasks that a procedure's file names as its origin."""


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """Where a pattern makes the calls of one part's tasks, as it counts for a candidate: see Candidate.

    `calls` of all `places` together; `uses`: where nothing stands between them, the segment, its task and the calls.
    """

    traces: Sequence[str]
    tasks: int
    people: frozenset[str]
    verified: int
    places: int
    calls: int
    uses: tuple[tuple[Indexed, str, range], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Proven:
    """A sequence that passed the gates: what was induced, its proof, and where it makes the calls, part by part."""

    tools: Tools
    induced: Induced
    replay: Replay
    shown: Mapping[Part, Shown]

    @property
    def traces(self) -> tuple[str, ...]:
        """The traces that show it."""
        return tuple(sorted(chain.from_iterable(there.traces for there in self.shown.values())))

    @property
    def writes(self) -> tuple[str, ...]:
        """The tools that may change something."""
        return tuple(dict.fromkeys(step.tool for step in self.induced.pattern if not step.reads))


def shown(supports: Sequence[Support]) -> Shown:
    """Count the places of one part."""
    runs = [support.run for support in supports]
    together = ((support, support.places) for support in supports)
    return Shown(
        traces=sorted({run.trace for run in runs}),
        tasks=len({run.task for run in runs}),
        people=frozenset(run.person for run in runs if run.person),
        verified=len({run.task for run in runs if run.verified}),
        places=len(supports),
        calls=sum(len(calls) for support in supports for calls in support.steps),
        uses=tuple((support.part, support.run.task, calls) for support, calls in together if calls),
    )


def refusal(proven: Proven, reason: Sentence) -> Refusal:
    """Refuse what passed the gates after all."""
    return Refusal(proven.tools, proven.traces, (reason,))


def candidate(corpus: Corpus, proven: Proven, taken: Collection[str]) -> Candidate | Refusal:
    """Name it and tell it; a refusal where what traces hold cannot be written as a skill. `taken`: names in use."""
    induced, there = proven.induced, proven.shown.values()
    question = ("draft", id(induced), frozenset(taken))
    drafted = corpus.memory.once(question, induced, lambda: _draft(corpus, induced, taken))
    if isinstance(drafted, Sentence):
        return refusal(proven, drafted)
    said, procedure = drafted
    calls = sum(shown.calls for shown in there)
    return Candidate(
        name=said.name,
        description=said.description,
        procedure=procedure,
        support=proven.traces,
        tasks=sum(shown.tasks for shown in there),
        people=len(frozenset[str]().union(*(shown.people for shown in there))),
        verified=sum(shown.verified for shown in there),
        saves_calls=round(calls / sum(shown.places for shown in there) - 1, 2),
        replay=proven.replay,
        explained=explained(induced, names(induced.pattern)),
        writes=proven.writes,
        fingerprint=fingerprint(procedure),
    )


def _draft(corpus: Corpus, induced: Induced, taken: Collection[str]) -> tuple[Words, Procedure] | Sentence:
    named = names(induced.pattern)
    said = words(induced, named, corpus.schemas, taken)
    bare = build(induced)
    procedure = replace(
        bare,
        parameters={name: {**schema, **said.parameters[name]} for name, schema in bare.parameters.items()},
        trigger=said.trigger,
        examples=(said.example,),
        provenance=Provenance("mined", _learned_from(induced)),
    )
    try:
        format.parse(said.name, format.render(Skill(said.name, said.description, procedure)))
    except SkillInvalid as error:
        return Sentence("it cannot be written as a skill: {problem}", problem=error.problems[0])
    return said, procedure


def _learned_from(induced: Induced) -> tuple[str, ...]:
    """The tasks, but for those whose names no file of a skill may hold."""
    tasks = {support.run.task for support in induced.supports}
    return tuple(sorted(task for task in tasks if not UNWANTED.search(task)))[:MOST_NAMED]
