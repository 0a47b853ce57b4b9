"""A proven sequence becomes a candidate: a procedure with its words, and the evidence a person decides by."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.domain.skill import Provenance, Skill
from bot.errors import SkillInvalid
from bot.learning.mining.building import build
from bot.learning.mining.corpus import Corpus
from bot.learning.mining.fingerprints import fingerprint
from bot.learning.mining.induce import Induced
from bot.learning.mining.naming import names
from bot.learning.mining.replaying import Replay
from bot.learning.mining.report import Candidate, Refusal
from bot.learning.mining.sequences import Occurrence, Tools
from bot.learning.mining.support import Support
from bot.learning.mining.telling import explained
from bot.learning.mining.words import words
from bot.skills import format
from bot.words import Sentence

MOST_NAMED = 500
"""Tasks that a procedure's file names as its origin."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A sequence that passed the gates: what was induced, its proof, and every place where it makes the calls."""

    tools: Tools
    induced: Induced
    replay: Replay
    places: tuple[tuple[Occurrence, Support], ...]


def refusal(proven: Proven, reason: Sentence) -> Refusal:
    """Refuse what passed the gates after all."""
    return Refusal(proven.tools, _traces(proven), (reason,))


def candidate(corpus: Corpus, proven: Proven, taken: Collection[str]) -> Candidate | Refusal:
    """Name it and tell it; a refusal where what traces hold cannot be written as a skill. `taken`: names in use."""
    induced = proven.induced
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
        return refusal(proven, Sentence("it cannot be written as a skill: {problem}", problem=error.problems[0]))
    supports = [support for _, support in proven.places]
    runs = [support.run for support in supports]
    calls = [sum(map(len, support.steps)) for support in supports]
    return Candidate(
        name=said.name,
        description=said.description,
        procedure=procedure,
        support=_traces(proven),
        tasks=len({run.task for run in runs}),
        people=len({run.person for run in runs if run.person}),
        verified=len({run.task for run in runs if run.verified}),
        saves_calls=round(sum(calls) / len(calls) - 1, 2),
        replay=proven.replay,
        explained=explained(induced, named),
        writes=tuple(dict.fromkeys(step.tool for step in induced.pattern if not step.reads)),
        fingerprint=fingerprint(procedure),
    )


def _traces(proven: Proven) -> tuple[str, ...]:
    return tuple(sorted({support.run.trace for _, support in proven.places}))


def _learned_from(induced: Induced) -> tuple[str, ...]:
    return tuple(sorted({support.run.task for support in induced.supports}))[:MOST_NAMED]
